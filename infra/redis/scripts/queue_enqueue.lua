-- Let jobs wait; what is known already stays where it is.
--
-- ARGV[1] what a step of priority is worth, ms; then per job: id, entry, due in ms (0: now).
-- Returns how many were not known.
local aging = tonumber(ARGV[1])
local added = 0
for i = 2, #ARGV, 3 do
    local id, entry, due = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
    local known = redis.call('HGET', jobs, id)
    if known then
        if parse(entry) > parse(known) then
            redis.call('HSET', jobs, id, entry)
        end
        if not redis.call('ZSCORE', leases, id) and not redis.call('ZSCORE', ready, id)
            and not redis.call('ZSCORE', delayed, id) then
            put(id, entry, due, aging)
        end
    else
        redis.call('HSET', jobs, id, entry)
        -- Where only part of the queue was lost, it may be under way.
        if not redis.call('ZSCORE', leases, id) then
            put(id, entry, due, aging)
        end
        added = added + 1
    end
end
call_hungry()
return added
