-- Set a document unless a later one stands there.
-- KEYS[1] the key; ARGV[1] the position as of which it is true, 16 digits; ARGV[2] the value, which begins
-- with those digits; ARGV[3] its time to live in milliseconds.
local present = redis.call('GETRANGE', KEYS[1], 0, 15)
if present ~= '' and present > ARGV[1] then
    return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
