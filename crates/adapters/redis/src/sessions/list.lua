-- Returns the records of an account's sessions.
-- KEYS: index of the account. ARGV: beginning of the keys of records.
local records = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local record = redis.call('GET', ARGV[1] .. id)
  -- The index lists an expired session until the next one is kept.
  if record then
    records[#records + 1] = record
  end
end
return records
