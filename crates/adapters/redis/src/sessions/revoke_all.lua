-- Ends all sessions of an account but one.
-- KEYS: index of the account. ARGV: beginning of the keys of records, id to keep or nothing.
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if id ~= ARGV[2] then
    redis.call('DEL', ARGV[1] .. id)
    redis.call('ZREM', KEYS[1], id)
  end
end
return redis.status_reply('OK')
