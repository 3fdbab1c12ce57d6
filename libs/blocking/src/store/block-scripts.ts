/**
 * Blocks in Valkey, on its clock, in milliseconds. KEYS: 1 `until`, a sorted set of the names of subjects by the end of
 * what is known of them; 2 `about`, a hash of what that is, in JSON; 3 `changes`, a sorted set of the names by the version
 * of their last change; 4 `meta`, a hash of the epoch and the version. A block that was lifted stays known as lifted until
 * it would have ended, so that no replica that was away brings it back.
 */
const COMMON = `
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function known(name)
  local ends = call('ZSCORE', KEYS[1], name)
  if not ends or tonumber(ends) <= now then return nil end
  return cjson.decode(call('HGET', KEYS[2], name))
end

local function write(name, entry)
  call('ZADD', KEYS[1], string.format('%d', entry['until']), name)
  call('HSET', KEYS[2], name, cjson.encode(entry))
  call('ZADD', KEYS[3], call('HINCRBY', KEYS[4], 'version', 1), name)
  local ended = call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)
  if #ended > 0 then
    call('ZREM', KEYS[1], unpack(ended))
    call('HDEL', KEYS[2], unpack(ended))
    call('ZREM', KEYS[3], unpack(ended))
  end
end
`;

/**
 * KEYS 5 the count, 6 the strikes, 7 who vouches (of principals: none).
 * ARGV: name, times, most, window, duration, longest, memory, entry in JSON.
 */
export const OFFEND = `${COMMON}
local name, times, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local before = known(name)
if before and not before.lifted then return { now } end
local count = call('INCRBY', KEYS[5], times)
if count == times then call('PEXPIRE', KEYS[5], ARGV[4]) end
if count < most then return { now } end
call('DEL', KEYS[5])
local strikes = call('INCR', KEYS[6])
local duration = math.min(tonumber(ARGV[5]) * 2 ^ math.min(strikes - 1, 40), tonumber(ARGV[6]))
call('PEXPIRE', KEYS[6], string.format('%d', duration + ARGV[7]))
local entry = cjson.decode(ARGV[8])
entry.since, entry['until'], entry.strikes = now, now + duration, strikes
entry.spares = not entry.principalId and call('EXISTS', KEYS[7]) == 1
write(name, entry)
return { now, cjson.encode(entry) }`;

/** KEYS 5 the strikes, 6 who vouches. ARGV: name, milliseconds since it began, milliseconds left, memory, entry in JSON. */
export const PUT = `${COMMON}
local name, since, ends = ARGV[1], now - ARGV[2], now + ARGV[3]
local before = known(name)
local entry = cjson.decode(ARGV[5])
local overrules = entry.kind == 'manual' and before and before.kind ~= 'manual'
if before and (before.since > since or before.since == since and not overrules) then
  if before.lifted then return { now } end
  return { now, cjson.encode(before) }
end
entry.since, entry['until'] = since, ends
if entry.kind ~= 'manual' and not entry.principalId and call('EXISTS', KEYS[6]) == 1 then entry.spares = true end
if entry.strikes > 0 then
  local strikes = math.max(entry.strikes, tonumber(call('GET', KEYS[5]) or 0))
  call('SET', KEYS[5], strikes, 'PX', string.format('%d', ends - now + ARGV[4]))
end
write(name, entry)
return { now, cjson.encode(entry) }`;

/** KEYS from 5 on: counts and strikes of the subject. ARGV: name, subject in JSON. */
export const LIFT = `${COMMON}
for index = 5, #KEYS do call('DEL', KEYS[index]) end
local before = known(ARGV[1])
if not before or before.lifted then return 0 end
local entry = cjson.decode(ARGV[2])
entry.lifted, entry.since, entry['until'] = true, now, before['until']
write(ARGV[1], entry)
return 1`;

/** ARGV: epoch, version, an epoch for a store that has none, how many at most. Answers now, epoch, version, entries. */
export const CHANGES = `${COMMON}
call('HSETNX', KEYS[4], 'epoch', ARGV[3])
local epoch = call('HGET', KEYS[4], 'epoch')
local from = epoch == ARGV[1] and ARGV[2] or '0'
local names = call('ZRANGEBYSCORE', KEYS[3], '(' .. from, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[4])
local entries, version = {}, from
for index = 1, #names, 2 do
  local entry = call('HGET', KEYS[2], names[index])
  if entry then entries[#entries + 1] = entry end
  version = names[index + 1]
end
return { now, epoch, version, entries }`;
