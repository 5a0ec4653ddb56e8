-- Puts a session in the place of itself, if a digest is current still; returns whether it was.
-- KEYS: record, index of the owner. ARGV: record, id, expires at in ms, digest that must be current.
local old = redis.call('GET', KEYS[1])
-- The record may be the new one already, if the answer to the first try was lost.
if not old or (old ~= ARGV[1] and string.sub(old, 18, 49) ~= ARGV[4]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[3])

-- An index that is gone, because Redis had to make room, comes back with the sessions that are refreshed.
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[2], last[2])
return 1
