-- Ends a generation of the catalogue, and tells which tickets changed.
-- KEYS: generation. ARGV: the next one, ms to remember it, channel, message.
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return redis.status_reply('OK')
