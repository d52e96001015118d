-- Keep leases alive.
--
-- ARGV[1] lease in ms; then a line a job: id, token, entry.
-- Returns per job: 0 it goes on, 1 it shall end, 2 it is no longer the caller's.
-- While the queue is not armed, Redis has lost its data: leases that nobody else has are taken up again.
local lease = tonumber(ARGV[1])
local armed = is_armed()
local answers, alive = {}, {}
for i = 2, #ARGV do
    local id, token, entry = string.match(ARGV[i], '^(%S+) (%S+) (.*)$')
    local owner = redis.call('HMGET', owners, id, 'c:' .. id)
    if not owner[1] and not armed then
        redis.call('HSETNX', jobs, id, entry)
        redis.call('ZREM', ready, id)
        redis.call('ZREM', delayed, id)
        redis.call('ZREM', expiry, id)
        redis.call('HSET', owners, id, token)
        owner[1] = token
    end
    local answer = 2
    if owner[1] == token then
        alive[#alive + 1] = now + lease
        alive[#alive + 1] = id
        answer = owner[2] and 1 or 0
    end
    answers[#answers + 1] = answer
end
many('ZADD', leases, alive)
return answers
