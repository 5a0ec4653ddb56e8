-- Keeps a new session until it expires, lists it as its owner's, and ends the oldest of too many.
-- KEYS: record, index of the owner.
-- ARGV: record, id, expires at in ms, beginning of the keys of records, how many there may be.
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[3])

local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', time[1] * 1000)
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])

local most = tonumber(ARGV[5])
if redis.call('ZCARD', KEYS[2]) > most then
  local alive = {}
  for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
    local record = redis.call('GET', ARGV[4] .. id)
    if record then
      alive[#alive + 1] = { id = id, created_at = struct.unpack('>i8', record, 66) }
    else
      redis.call('ZREM', KEYS[2], id)
    end
  end
  table.sort(alive, function(a, b)
    if a.created_at == b.created_at then
      return a.id < b.id
    end
    return a.created_at < b.created_at
  end)
  for n = 1, #alive - most do
    redis.call('DEL', ARGV[4] .. alive[n].id)
    redis.call('ZREM', KEYS[2], alive[n].id)
  end
end

local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
if last[2] then
  redis.call('PEXPIREAT', KEYS[2], last[2])
end
return redis.status_reply('OK')
