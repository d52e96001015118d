-- End what attempts had: the job leaves the queue, or waits again.
--
-- ARGV[1] what a step of priority is worth, ms; then per job: id, token ("" if it was never taken), "done",
-- "again" or "back", the version of the job's stream that it came to, when it is due in ms (0: now).
-- A job that went on meanwhile ("done" up to a version, and asked for at a later one) waits again.
-- Returns how many were the caller's.
local aging = tonumber(ARGV[1])
local settled = 0
for i = 2, #ARGV, 5 do
    local id, token, what = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local version, due = tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
    local owner = redis.call('HGET', owners, id)
    if (owner or '') == token then
        settled = settled + 1
        local cancelled = redis.call('HEXISTS', owners, 'c:' .. id) == 1
        redis.call('HDEL', owners, id, 'c:' .. id)
        redis.call('ZREM', leases, id)
        redis.call('HDEL', progress, id)
        local entry = redis.call('HGET', jobs, id)
        if entry then
            local known = parse(entry)
            if (what == 'done' and known <= version) or (what == 'back' and cancelled) then
                forget(id)
            else
                put(id, entry, what == 'done' and 0 or due, aging)
            end
        end
    end
end
call_hungry()
return settled
