-- Set a document unless a later one stands there, or the project has another generation by now; and give
-- the lease back.
-- KEYS[1] the document; KEYS[2] its lease; KEYS[3] the project's generation; ARGV[1] the value, which begins
-- with the position as of which it is true, 16 digits, and the generation, 10; ARGV[2] its time to live in
-- milliseconds, 0 to set nothing; ARGV[3] the lease's token.
if redis.call('GET', KEYS[2]) == ARGV[3] then
    redis.call('DEL', KEYS[2])
end
local generation = redis.call('GET', KEYS[3]) or '0000000000'
if ARGV[2] == '0' or string.sub(ARGV[1], 17, 26) ~= generation then
    return 0
end
local present = redis.call('GETRANGE', KEYS[1], 0, 25)
if string.sub(present, 17, 26) == generation and string.sub(present, 1, 16) > string.sub(ARGV[1], 1, 16) then
    return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
