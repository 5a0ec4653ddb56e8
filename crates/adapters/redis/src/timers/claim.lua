-- Lends timers: until its loan ends, a timer may not be lent again; then it
-- comes behind those that were due before.
-- KEYS: when each timer may be lent, loans. ARGV: how many, for how many ms, token of the claim.
-- Returns: order, due in ms, order, due, …
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
if #found == 0 then
  return found
end

local orders, lent, loans = {}, {}, {}
for i = 1, #found, 2 do
  orders[#orders + 1] = found[i]
end
local before = redis.call('HMGET', KEYS[2], unpack(orders))
for i, order in ipairs(orders) do
  -- A loan is its token, 36 characters, and when the timer was due.
  local due = before[i] and string.sub(before[i], 37) or found[2 * i]
  found[2 * i] = due
  lent[2 * i - 1], lent[2 * i] = now + ARGV[2], order
  loans[2 * i - 1], loans[2 * i] = order, ARGV[3] .. due
end
redis.call('ZADD', KEYS[1], unpack(lent))
redis.call('HSET', KEYS[2], unpack(loans))
return found
