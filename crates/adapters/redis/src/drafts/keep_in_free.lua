-- Keeps a draft in the first slot that is free.
-- KEYS: the slots.
-- ARGV: the draft, how many ms it lasts.
-- Returns: the position of the slot, from 1; 0 if none is free.
for position, slot in ipairs(KEYS) do
  if redis.call('SET', slot, ARGV[1], 'NX', 'PX', ARGV[2]) then
    return position
  end
end
return 0
