-- End what attempts had: the job leaves the queue, or waits again.
--
-- ARGV[1] what a step of priority is worth, ms; then a line a job: id, token (empty if it was never taken), "done",
-- "again" or "back", the version of the job's stream that it came to, when it is due in ms (0: now).
-- A job that went on meanwhile ("done" up to a version, and asked for at a later one) waits again.
-- Returns how many were the caller's.
local aging = tonumber(ARGV[1])
local settled, gone, marks = {}, {}, {}
for i = 2, #ARGV do
    local id, token, what, version, due = string.match(ARGV[i], '^(%S+) (%S*) (%a+) (%d+) (%d+)$')
    local owner = redis.call('HMGET', owners, id, 'c:' .. id)
    if (owner[1] or '') == token then
        settled[#settled + 1] = id
        marks[#marks + 1] = id
        marks[#marks + 1] = 'c:' .. id
        local entry = redis.call('HGET', jobs, id)
        if entry then
            if (what == 'done' and parse(entry) <= tonumber(version)) or (what == 'back' and owner[2]) then
                gone[#gone + 1] = id
            else
                put(id, entry, what == 'done' and 0 or tonumber(due), aging)
            end
        end
    end
end
many('HDEL', owners, marks)
many('ZREM', leases, settled)
many('HDEL', progress, settled)
forget(gone)
call_hungry()
return #settled
