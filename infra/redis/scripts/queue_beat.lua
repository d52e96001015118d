-- Keep leases alive.
--
-- ARGV[1] lease in ms; then per job: id, token, entry.
-- Returns per job: 0 it goes on, 1 it shall end, 2 it is no longer the caller's.
-- While the queue is not armed, Redis has lost its data: leases that nobody else has are taken up again.
local lease = tonumber(ARGV[1])
local armed = is_armed()
local answers = {}
for i = 2, #ARGV, 3 do
    local id, token, entry = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local owner = redis.call('HGET', owners, id)
    if not owner and not armed then
        redis.call('HSETNX', jobs, id, entry)
        redis.call('ZREM', ready, id)
        redis.call('ZREM', delayed, id)
        redis.call('ZREM', expiry, id)
        redis.call('HSET', owners, id, token)
        owner = token
    end
    local answer = 2
    if owner == token then
        redis.call('ZADD', leases, now + lease, id)
        answer = redis.call('HEXISTS', owners, 'c:' .. id)
    end
    answers[#answers + 1] = answer
end
return answers
