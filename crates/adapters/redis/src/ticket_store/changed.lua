-- Ends a generation of the catalogue, and publishes which tickets changed.
-- KEYS: generation. ARGV: the next one, ms to remember it, channel, message.
-- Published first, because a Redis that is full refuses to keep anything.
redis.call('PUBLISH', ARGV[3], ARGV[4])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return redis.status_reply('OK')
