-- Keeps an entry unless a higher version of its key was seen; tells whether it did.
-- Versions are numbers of twenty digits, so that Lua compares them exactly: as texts.
-- KEYS: entry, highest version seen. ARGV: version, entry, ms to keep the entry, ms to remember the version.
local seen = redis.call('GET', KEYS[2])
if seen and seen > ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[4])
return 1
