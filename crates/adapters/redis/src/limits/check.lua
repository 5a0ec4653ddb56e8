-- Counts one, if it is not too early (generic cell rate algorithm).
-- KEYS: when the next one would arrive if they came evenly, in µs.
-- ARGV: µs in which one more is allowed, µs that one may be early.
-- Returns: 0, or after how many ms another try is worth it.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local per, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
-- One that lies further ahead than any try leads to was noted before the clock was set back, or by a server ahead of this.
if arrival > now + tolerance + per then
  arrival = now
end
local early = arrival - now - tolerance
if early > 0 then
  return math.ceil(early / 1000)
end
local next = arrival + per
if next > now then
  -- Redis counts no more milliseconds than this from now.
  local idle_after = math.min(math.ceil((next - now) / 1000), 1e15)
  redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', idle_after)
end
return 0
