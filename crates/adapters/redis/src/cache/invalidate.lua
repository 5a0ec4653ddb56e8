-- Makes entries of lower versions unreadable, those on their way included.
-- KEYS: entry, highest version seen. ARGV: version, ms to remember it.
local seen = redis.call('GET', KEYS[2])
if not seen or seen < ARGV[1] then
  -- An entry is never of a higher version than the one seen.
  redis.call('DEL', KEYS[1])
  seen = ARGV[1]
end
redis.call('SET', KEYS[2], seen, 'PX', ARGV[2])
return redis.status_reply('OK')
