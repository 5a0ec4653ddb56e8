-- Sets timers; one that exists is moved, and a loan of it ends.
-- KEYS: when each timer may be lent, loans. ARGV: due in ms, order, due, order, …
local orders = {}
for i = 2, #ARGV, 2 do
  orders[#orders + 1] = ARGV[i]
end
redis.call('ZADD', KEYS[1], unpack(ARGV))
redis.call('HDEL', KEYS[2], unpack(orders))
return redis.status_reply('OK')
