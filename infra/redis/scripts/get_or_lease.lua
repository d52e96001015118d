-- Get a document that is true as of a position; else take the lease to load it, unless somebody has it.
-- KEYS[1] the document; KEYS[2] its lease; KEYS[3] the project's generation; ARGV[1] the position, 16 digits;
-- ARGV[2] the taker's token; ARGV[3] how long the lease lasts, in milliseconds.
-- Returns the value, or {1, generation} to who is to load it, or {0, generation} to who may wait.
local generation = redis.call('GET', KEYS[3]) or '0000000000'
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, 16) >= ARGV[1] and string.sub(value, 17, 26) == generation then
    return value
end
if redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then
    return {1, generation}
end
return {0, generation}
