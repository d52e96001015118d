-- What all scripts of queues share; it stands before each of them.
--
-- KEYS: jobs, ready, delayed, expiry, leases, owners, rates, wake, flags, progress.
-- jobs     hash: job -> "version priority since expires user", times in ms, expires 0 for never
-- ready    sorted set: jobs that may begin, by when they were asked for, less what their priority is worth
-- delayed  sorted set: jobs that may begin later, by when
-- expiry   sorted set: jobs that wait and have a time to live, by its end
-- leases   sorted set: jobs under way, by when their worker counts as dead
-- owners   hash: job -> the token of the attempt that has it; "c:" .. job -> 1 once it shall end
-- rates    the prefix of the rate limits' keys
-- wake     stream: told when there may be something to do, and somebody had found nothing
-- flags    hash: "armed", the server's life in which the queue got all that it has to hold; "filling", who sees to
--          that now; "hungry" while somebody wants to be told
-- progress hash: job -> how far it is
local jobs, ready, delayed, expiry = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local leases, owners, rates, wake, flags, progress = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local clock = redis.call('TIME')
local micros = clock[1] * 1000000 + clock[2]
local now = math.floor(micros / 1000)

local function parse(entry)
    local version, priority, since, expires, user = string.match(entry, '^(%d+) (%d+) (%d+) (%d+) (.*)$')
    return tonumber(version), tonumber(priority), tonumber(since), tonumber(expires), user
end

-- Whether the queue holds all that it has to. What a server reads back from its disk when it starts may be older
-- than what was done last, so that this is true for one life of it only.
local function is_armed()
    local life = redis.call('HGET', flags, 'armed')
    return life and life == string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
end

local function whole(number)
    return string.format('%.0f', number)
end

-- Let a job wait until `due`, or for its turn.
local function put(id, entry, due, aging)
    local _, priority, since, expires = parse(entry)
    if expires > 0 then
        redis.call('ZADD', expiry, expires, id)
    end
    if due > now then
        redis.call('ZADD', delayed, due, id)
    else
        redis.call('ZADD', ready, since - priority * aging, id)
    end
end

-- One command for many members; an even number at a time, for some come in pairs.
local function many(command, key, members)
    for i = 1, #members, 1000 do
        redis.call(command, key, unpack(members, i, math.min(i + 999, #members)))
    end
end

local function forget(ids)
    many('HDEL', jobs, ids)
    many('ZREM', ready, ids)
    many('ZREM', delayed, ids)
    many('ZREM', expiry, ids)
end

local function call_hungry()
    if redis.call('ZCARD', ready) > 0 and redis.call('HDEL', flags, 'hungry') == 1 then
        redis.call('XADD', wake, 'MAXLEN', '~', 100, '*', 'v', '0')
    end
end

