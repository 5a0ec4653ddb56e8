-- Forgets timers, where they exist.
-- KEYS: when each timer may be lent, loans. ARGV: orders.
redis.call('ZREM', KEYS[1], unpack(ARGV))
redis.call('HDEL', KEYS[2], unpack(ARGV))
return redis.status_reply('OK')
