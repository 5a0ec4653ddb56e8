-- Proves that scripts may write here, and leaves nothing.
-- KEYS: any.
redis.call('SET', KEYS[1], 1)
redis.call('DEL', KEYS[1])
return redis.status_reply('OK')
