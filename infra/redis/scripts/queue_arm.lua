-- Let the queue be used, unless it was lost again since its filling began.
--
-- ARGV: the server's life, the name of the filling. Returns 1, or 0 if the queue has to be filled once more.
if redis.call('HGET', flags, 'filling') ~= ARGV[2] then
    return 0
end
redis.call('HDEL', flags, 'filling')
redis.call('HSET', flags, 'armed', ARGV[1])
redis.call('XADD', wake, 'MAXLEN', '~', 100, '*', 'v', '0')
return 1
