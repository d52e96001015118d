-- Publish entries to a stream, all or none, ids being log positions.
--
-- KEYS[1] the stream; ARGV[1] the most entries to keep; ARGV[2] the position that the caller last saw in
-- the stream, -1 to accept any; then per entry: position, previous position, route, payload
-- (an empty payload is a heartbeat).
-- Returns the position of the last entry, or -1 when the stream is not as the caller left it.
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local top = 0
if last[1] then
    top = tonumber(string.match(last[1][1], '^(%d+)'))
end
local expected = tonumber(ARGV[2])
if expected >= 0 and top < expected then
    return -1
end
local cap = ARGV[1]
for i = 3, #ARGV, 4 do
    local position = tonumber(ARGV[i])
    if ARGV[i + 3] == '' then
        if position >= top then
            redis.call('XADD', KEYS[1], 'MAXLEN', '~', cap, ARGV[i] .. '-*', 'v', ARGV[i + 1])
            top = position
        end
    elseif position > top then
        redis.call('XADD', KEYS[1], 'MAXLEN', '~', cap, ARGV[i] .. '-0',
            'v', ARGV[i + 1], 'p', ARGV[i + 2], 'e', ARGV[i + 3])
        top = position
    end
end
return top
