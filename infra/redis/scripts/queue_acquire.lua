-- Take jobs that may begin.
--
-- ARGV: token, lease in ms, the most jobs at once, how many are wanted, what a step of priority is worth in ms,
-- "1" when paused, then for the queue and for one user: microseconds between two jobs (0: no limit), and how
-- many may come at once.
-- Returns {status, wait, expired, taken}: status 1, or 0 while the queue does not hold all that it has to;
-- wait in ms until there may be more (-1: unknown); both lists are id, entry, id, entry ...
local token, lease, limit, want = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local aging, paused = tonumber(ARGV[5]), ARGV[6] == '1'
local queue_interval, queue_burst = tonumber(ARGV[7]), tonumber(ARGV[8])
local user_interval, user_burst = tonumber(ARGV[9]), tonumber(ARGV[10])
if not is_armed() then
    redis.call('HSET', flags, 'hungry', 1)
    return { 0, -1, {}, {} }
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 500)) do
    redis.call('ZREM', leases, id)
    redis.call('HDEL', owners, id, 'c:' .. id)
    local entry = redis.call('HGET', jobs, id)
    if entry then
        put(id, entry, 0, aging)
    end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, 500)) do
    redis.call('ZREM', delayed, id)
    local entry = redis.call('HGET', jobs, id)
    if entry then
        put(id, entry, 0, aging)
    end
end

-- Handed out to be ended, and again after a while if whoever got it did not.
local expired = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, 500)) do
    redis.call('ZREM', ready, id)
    redis.call('ZREM', delayed, id)
    redis.call('ZADD', expiry, now + lease, id)
    expired[#expired + 1] = id
    expired[#expired + 1] = redis.call('HGET', jobs, id)
end

-- Rate limits: by key, when the next job after those counted so far may begin (microseconds).
local dues, counted = {}, {}
local function due_of(key)
    local due = dues[key]
    if not due then
        due = math.max(tonumber(redis.call('GET', key) or '0'), micros)
        dues[key] = due
    end
    return due
end

-- When the next one may begin, and 0 if that is now.
local function from_of(key, interval, burst)
    if interval == 0 then
        return 0
    end
    local from = due_of(key) - (burst - 1) * interval
    return from > micros and from or 0
end

local function count(key, interval)
    if interval > 0 then
        dues[key] = due_of(key) + interval
        counted[key] = true
    end
end

local taken, begun, lent, owned = {}, {}, {}, {}
local free = math.min(want, limit - redis.call('ZCARD', leases))
local wait = -1
local held = {}
local looked = 0
while not paused and free > 0 and looked < 500 do
    local from = from_of(rates, queue_interval, queue_burst)
    if from > 0 then
        wait = math.ceil((from - micros) / 1000)
        break
    end
    local found = redis.call('ZRANGE', ready, 0, math.min(free, 100) - 1)
    if #found == 0 then
        break
    end
    looked = looked + #found
    local entries = redis.call('HMGET', jobs, unpack(found))
    local left = {}
    for k, id in ipairs(found) do
        local entry = entries[k]
        local _, _, _, expires, user = parse(entry)
        if expires > 0 and expires <= now then
            redis.call('ZADD', expiry, now + lease, id)
            expired[#expired + 1] = id
            expired[#expired + 1] = entry
        else
            -- What a limit lets through is counted at once: an exceeded queue must not cost a user anything.
            if from_of(rates, queue_interval, queue_burst) > 0 then
                break
            end
            local later = from_of(rates .. ':' .. user, user_interval, user_burst)
            if later > 0 then
                -- Its user's later jobs come after it, each at a time of its own.
                held[user] = (held[user] or 0) + 1
                redis.call('ZADD', delayed, math.ceil((later + (held[user] - 1) * user_interval) / 1000), id)
            else
                count(rates, queue_interval)
                count(rates .. ':' .. user, user_interval)
                begun[#begun + 1] = id
                lent[#lent + 1] = now + lease
                lent[#lent + 1] = id
                owned[#owned + 1] = id
                owned[#owned + 1] = token
                taken[#taken + 1] = id
                taken[#taken + 1] = entry
                free = free - 1
            end
        end
        left[#left + 1] = id
    end
    many('ZREM', ready, left)
end
many('ZREM', expiry, begun)
many('ZADD', leases, lent)
many('HSET', owners, owned)
for key in pairs(counted) do
    redis.call('SET', key, whole(dues[key]), 'PX', math.ceil((dues[key] - micros) / 1000) + 1000)
end
if looked >= 500 and free > 0 then
    wait = 0
end

for _, set in ipairs({ delayed, leases, expiry }) do
    local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
    if first[2] then
        local left = math.max(0, tonumber(first[2]) - now)
        if wait < 0 or left < wait then
            wait = left
        end
    end
end
if #taken < 2 * want then
    redis.call('HSET', flags, 'hungry', 1)
end
return { 1, wait, expired, taken }
