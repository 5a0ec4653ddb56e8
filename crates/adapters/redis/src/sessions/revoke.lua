-- Ends a session if it is alive and the account's own; returns whether it was.
-- KEYS: record, index of the account. ARGV: account as in the record, id.
local record = redis.call('GET', KEYS[1])
if not record or string.sub(record, 2, 17) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[2])
return 1
