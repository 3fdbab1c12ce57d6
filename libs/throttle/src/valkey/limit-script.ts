import { EXACT_MAX } from '../memory/key-table.ts';
import { SLOTS } from '../memory/slot-log.ts';

/** Microseconds, by the server's clock: that of no replica has to be right. */
const SERVER_CLOCK = `local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]`;

/** For specs that move the time: the last argument, in the server's place. */
const GIVEN_CLOCK = 'local now = tonumber(table.remove(ARGV))';

/**
 * The logs of libs/throttle/src/memory, in lists. KEYS are the claims' logs; ARGV gives the limit of each: calls, and
 * window in microseconds.
 *
 * A log of a small limit holds the time of each call in 6 bytes: 1,000 of them take 8 KB. Their 48 bits begin anew every
 * nine years, so times are compared by their distance. A log of a large limit holds slot, calls, slot, calls, … and, at
 * its end, all calls in 8 bytes. The length of its last element says which of the two a log is.
 *
 * Should the server's clock step back, a log's time stands still until the clock has caught up: nothing is forgotten early.
 */
const LOGS = `
local WRAP = 2 ^ 48
local call = redis.call

local function time_of(text)
  local age = (now - struct.unpack('>I6', text)) % WRAP
  if age > WRAP / 2 then age = age - WRAP end
  return now - age
end

local function slot_leaves(log, slot)
  return (slot + 1) * log.slot + log.window
end

-- How many of the oldest calls have left. They are in order, so the place is found by halving.
local function count_gone(log, gone)
  if time_of(call('LINDEX', log.key, 0)) > gone then return 0 end
  local low, high = 1, call('LLEN', log.key)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if time_of(call('LINDEX', log.key, middle)) > gone then high = middle else low = middle + 1 end
  end
  return low
end

local function open_exact(log, last)
  log.now = math.max(now, time_of(last))
  local gone = count_gone(log, log.now - log.window)
  if gone > 0 then call('LPOP', log.key, gone) end
  log.used = call('LLEN', log.key)
end

local function open_slots(log, last)
  local used = struct.unpack('>I8', last)
  log.used = used
  while log.used > 0 and slot_leaves(log, tonumber(call('LINDEX', log.key, 0))) <= now do
    log.used = log.used - tonumber(call('LPOP', log.key, 2)[2])
  end
  if log.used == 0 then
    call('DEL', log.key)
  elseif log.used < used then
    call('LSET', log.key, -1, struct.pack('>I8', log.used))
  end
end

local function open(index)
  local log = { key = KEYS[index], max = tonumber(ARGV[2 * index - 1]), window = tonumber(ARGV[2 * index]) }
  log.slot, log.now, log.used = log.window / ${SLOTS}, now, 0
  local last = call('LINDEX', log.key, -1)
  if not last then
    log.exact = log.max <= ${EXACT_MAX}
  else
    log.exact = #last == 6
    if log.exact then open_exact(log, last) else open_slots(log, last) end
  end
  return log
end

local function add_to_slots(log, slot, calls)
  local total = struct.pack('>I8', log.used + calls)
  local last = log.used > 0 and tonumber(call('LINDEX', log.key, -3))
  if last and last >= slot then
    call('LSET', log.key, -2, tonumber(call('LINDEX', log.key, -2)) + calls)
    call('LSET', log.key, -1, total)
  elseif last then
    call('LSET', log.key, -1, slot)
    call('RPUSH', log.key, calls, total)
  else
    call('RPUSH', log.key, slot, calls, total)
  end
  log.used = log.used + calls
end

-- A limit that was raised: its log of times would outgrow its bound.
local function turn_to_slots(log)
  local times = call('LRANGE', log.key, 0, -1)
  call('DEL', log.key)
  log.exact, log.used = false, 0
  for _, text in ipairs(times) do add_to_slots(log, math.floor(time_of(text) / log.slot), 1) end
end

local function add(log)
  if log.exact and log.used >= ${EXACT_MAX} then turn_to_slots(log) end
  if log.exact then
    call('RPUSH', log.key, struct.pack('>I6', log.now % WRAP))
    log.used = log.used + 1
  else
    add_to_slots(log, math.floor(now / log.slot), 1)
  end
  call('PEXPIRE', log.key, math.ceil((log.window + log.slot) / 1000) + 1000)
end

-- Microseconds until fewer than max calls count, or, where that is so already, until one fewer does.
local function room_in(log, max)
  local leavers = math.min(log.used, math.max(1, log.used - max + 1))
  if leavers == 0 then return log.window end
  if log.exact then return time_of(call('LINDEX', log.key, leavers - 1)) + log.window - log.now end
  local index = 0
  leavers = leavers - tonumber(call('LINDEX', log.key, 1))
  while leavers > 0 do
    index = index + 2
    leavers = leavers - tonumber(call('LINDEX', log.key, index + 1))
  end
  return math.ceil(slot_leaves(log, tonumber(call('LINDEX', log.key, index))) - now)
end
`;

/** Answers with: 1 or 0, the index of the tightest, what it leaves, microseconds, and the indexes of those without room. */
const DECIDE = `
local logs, tightest, remaining = {}, 0, math.huge
for index = 1, #KEYS do
  local log = open(index)
  local room = log.max - log.used
  if room < remaining or (room == remaining and log.window > logs[tightest].window) then
    tightest, remaining = index, room
  end
  logs[index] = log
end

if remaining > 0 then
  for _, log in ipairs(logs) do add(log) end
  return { 1, tightest - 1, remaining - 1, room_in(logs[tightest], math.huge) }
end

local answer, longest = { 0, 0, 0, 0 }, -1
for index, log in ipairs(logs) do
  if log.used >= log.max then
    answer[#answer + 1] = index - 1
    local wait = room_in(log, log.max)
    if wait > longest then
      longest, answer[2], answer[4] = wait, index - 1, wait
    end
  end
end
return answer`;

/** Answers with used and microseconds, one pair a claim. */
const STATUS = `
local answer = {}
for index = 1, #KEYS do
  local log = open(index)
  answer[2 * index - 1], answer[2 * index] = log.used, room_in(log, log.max)
end
return answer`;

/** Both scripts; with a clock that is given, their last argument is the time in microseconds. */
export function limitScripts(clock: 'server' | 'given'): { decide: string; status: string } {
  const head = (clock === 'server' ? SERVER_CLOCK : GIVEN_CLOCK) + LOGS;
  return { decide: head + DECIDE, status: head + STATUS };
}
