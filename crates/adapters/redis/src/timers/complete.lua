-- Forgets timers that are on loan under these tokens; returns how many were.
-- KEYS: when each timer may be lent, loans. ARGV: order, token, order, token, …
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local orders, held = {}, {}
for i = 1, #ARGV, 2 do
  orders[#orders + 1] = ARGV[i]
end
local loans = redis.call('HMGET', KEYS[2], unpack(orders))
local ends = redis.call('ZMSCORE', KEYS[1], unpack(orders))
for i, order in ipairs(orders) do
  if loans[i] and string.sub(loans[i], 1, 36) == ARGV[2 * i] and ends[i] and now < tonumber(ends[i]) then
    held[#held + 1] = order
  end
end
if #held == 0 then
  return 0
end
redis.call('HDEL', KEYS[2], unpack(held))
-- Not the length of held: an order that was named twice is one timer.
return redis.call('ZREM', KEYS[1], unpack(held))
