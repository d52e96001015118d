-- Take jobs out of the queue; those under way are marked, and their workers end them at the next beat.
--
-- ARGV: ids. Returns how many are under way.
local running, waiting = 0, {}
for _, id in ipairs(ARGV) do
    if redis.call('HEXISTS', owners, id) == 1 then
        redis.call('HSET', owners, 'c:' .. id, 1)
        running = running + 1
    else
        waiting[#waiting + 1] = id
    end
end
forget(waiting)
return running
