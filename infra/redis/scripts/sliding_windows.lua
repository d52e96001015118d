-- Checks requests against sliding windows, and takes what is admitted: all of them in one round trip.
--
-- A window is a ring of timestamps, packed in a string: 40 bytes of header, then 8 bytes for each of the last
-- `limit` admissions. Numbers are doubles, which hold microseconds since 1970 exactly until the year 2255.
--   n: admissions ever        tail: of these, how many have left the window
--   oldest: time of the first that has not      last: time of the latest       expiry: when the key goes
--
-- KEYS: the rings, then the blocks. ARGV[1]: JSON {rings: [[limit, window in us], ...],
-- checks: [[cost, [ring, ...], [block, ...]], ...]}, rings and blocks by their number from 1. A cost of 0 asks
-- only. Answer: six numbers a check: 0 if it is admitted, i if its i-th ring refuses, -1 if it is blocked; us
-- until it would be admitted; us until one more would; then of its first ring: what is left, us until more is,
-- us until all is.

local HEADER, SLOT = 40, 8
local plan = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local rings = {}
local first_block = #plan.rings

local function at(ring, i)
    if i >= ring.stored then return ring.now end
    local from = HEADER + SLOT * (i % ring.limit)
    return (struct.unpack('>d', redis.call('GETRANGE', ring.key, from, from + SLOT - 1)))
end

-- Forget what has left the window: look ahead in growing steps, then between the last two.
local function leave(ring)
    local gone = ring.now - ring.window
    if ring.n == ring.tail or ring.oldest > gone then return end
    if ring.last <= gone then
        ring.tail = ring.n
        return
    end
    local low, step = ring.tail + 1, 1
    local high = low
    while high < ring.n and at(ring, high) <= gone do
        low, step = high + 1, step * 2
        high = math.min(low + step, ring.n)
    end
    while low < high do
        local middle = math.floor((low + high) / 2)
        if at(ring, middle) <= gone then low = middle + 1 else high = middle end
    end
    ring.tail, ring.oldest = low, at(ring, low)
end

local function ring_of(i)
    local ring = rings[i]
    if ring then return ring end
    ring = {key = KEYS[i], limit = plan.rings[i][1], window = plan.rings[i][2]}
    local header = redis.call('GETRANGE', ring.key, 0, HEADER - 1)
    if #header == HEADER then
        ring.n, ring.tail, ring.oldest, ring.last, ring.expiry = struct.unpack('>ddddd', header)
    else
        ring.n, ring.tail, ring.oldest, ring.last, ring.expiry = 0, 0, 0, 0, 0
    end
    -- A clock that was set back stands still here.
    ring.now = math.max(now, ring.last)
    ring.stored = ring.n
    leave(ring)
    rings[i] = ring
    return ring
end

-- How long until `cost` fit in.
local function wait_for(ring, cost)
    local excess = ring.n - ring.tail + cost - ring.limit
    if excess <= 0 then return 0 end
    if cost > ring.limit then return ring.window end
    return at(ring, ring.tail + excess - 1) + ring.window - ring.now
end

local function take(ring, cost)
    if ring.n == ring.tail then ring.oldest = ring.now end
    ring.n = ring.n + cost
    ring.last = ring.now
end

local function store(ring)
    local added = ring.n - ring.stored
    if added == 0 then return end
    local whole, slot = HEADER + SLOT * ring.limit, ring.stored % ring.limit
    local quarter = math.ceil(ring.limit / 4)
    if ring.stored < quarter and ring.n >= quarter then
        -- Whoever came this far may fill it: all of it at once takes no more than it has to hold.
        local so_far = redis.call('GET', ring.key) or ''
        redis.call('SET', ring.key, so_far .. string.rep('\0', whole - #so_far), 'KEEPTTL')
    end
    local moment = struct.pack('>d', ring.now)
    local before_end = math.min(added, ring.limit - slot)
    redis.call('SETRANGE', ring.key, HEADER + SLOT * slot, string.rep(moment, before_end))
    if added > before_end then
        redis.call('SETRANGE', ring.key, HEADER, string.rep(moment, added - before_end))
    end
    local renew = ring.expiry < ring.now + ring.window
    if renew then ring.expiry = ring.now + 2 * ring.window end
    redis.call('SETRANGE', ring.key, 0,
        struct.pack('>ddddd', ring.n, ring.tail, ring.oldest, ring.last, ring.expiry))
    if renew then redis.call('PEXPIRE', ring.key, math.ceil(2 * ring.window / 1000)) end
end

local blocks = {}
if #KEYS > first_block then
    blocks = redis.call('MGET', unpack(KEYS, first_block + 1))
end

local answer = {}
for _, check in ipairs(plan.checks) do
    local cost, verdict, wait, wait_one = check[1], 0, 0, 0
    for _, b in ipairs(check[3]) do
        if blocks[b] then
            verdict = -1
            wait = math.max(wait, redis.call('PTTL', KEYS[first_block + b]) * 1000)
            wait_one = wait
        end
    end
    if verdict == 0 then
        for i, r in ipairs(check[2]) do
            local ring = ring_of(r)
            local until_fits = wait_for(ring, cost)
            if until_fits > wait then verdict, wait = i, until_fits end
        end
        if verdict == 0 and cost > 0 then
            for _, r in ipairs(check[2]) do take(ring_of(r), cost) end
        end
    end
    local left, more, all = 0, 0, 0
    -- The ring that speaks for the check: the one that refuses, else its first.
    local said = check[2][math.max(verdict, 1)]
    if said and verdict >= 0 then
        local ring = ring_of(said)
        wait_one = wait_for(ring, 1)
        local used = ring.n - ring.tail
        left = ring.limit - used
        if used > 0 then
            more = ring.oldest + ring.window - ring.now
            all = ring.last + ring.window - ring.now
        end
    end
    local row = #answer
    answer[row + 1], answer[row + 2], answer[row + 3] = verdict, math.ceil(wait), math.ceil(wait_one)
    answer[row + 4], answer[row + 5], answer[row + 6] = left, math.ceil(more), math.ceil(all)
end
for _, ring in pairs(rings) do store(ring) end
return answer
