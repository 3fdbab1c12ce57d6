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
 * nine years, so times are compared by their distance. A log of a large limit holds slots: the number of each, and its
 * calls, in 11 bytes; the last also holds how many calls count, and the first slot, so that most decisions take two commands
 * a claim. The length of the last element says which of the two a log is.
 *
 * Should the server's clock step back, a log's time stands still until the clock has caught up: nothing is forgotten early.
 */
const LOGS = `
local WRAP = 2 ^ 48
local TIME, TIME_BYTES = '>I6', 6
local SLOT, LAST_SLOT = '>I6I5', '>I6I5I6I6'
local call, pack, unpack = redis.call, struct.pack, struct.unpack

local function time_of(text)
  local age = (now - unpack(TIME, text)) % WRAP
  if age > WRAP / 2 then age = age - WRAP end
  return now - age
end

local function time_at(log, index)
  return time_of(call('LINDEX', log.key, index))
end

local function slot_leaves(log, slot)
  return (slot + 1) * log.slot + log.window
end

-- How many of the oldest calls have left, if the first has. They are in order, so the place is found by halving.
local function count_gone(log, gone)
  local low, high = 1, log.used
  while low < high do
    local middle = math.floor((low + high) / 2)
    if time_at(log, middle) > gone then high = middle else low = middle + 1 end
  end
  return low
end

local function open_exact(log, last)
  log.last, log.used, log.first = time_of(last), call('LLEN', log.key), time_at(log, 0)
  log.now = math.max(now, log.last)
  if log.first > log.now - log.window then return end
  local gone = count_gone(log, log.now - log.window)
  call('LPOP', log.key, gone)
  log.used = log.used - gone
  if log.used > 0 then log.first = time_at(log, 0) end
end

local function last_slot(log)
  return pack(LAST_SLOT, log.last, log.calls, log.used, log.first)
end

local function open_slots(log, last)
  log.last, log.calls, log.used, log.first = unpack(LAST_SLOT, last)
  local gone = 0
  while log.used > 0 and slot_leaves(log, log.first) <= now do
    local _, calls = unpack(SLOT, call('LINDEX', log.key, gone))
    gone, log.used = gone + 1, log.used - calls
    if log.used > 0 then log.first = unpack(SLOT, call('LINDEX', log.key, gone)) end
  end
  if gone == 0 then return end
  -- In this order: where memory is full, the first of the two fails, and nothing has changed.
  if log.used > 0 then call('LSET', log.key, -1, last_slot(log)) end
  call('LPOP', log.key, gone)
end

local function open(index)
  local log = { key = KEYS[index], max = tonumber(ARGV[2 * index - 1]), window = tonumber(ARGV[2 * index]) }
  log.slot, log.now, log.used = log.window / ${SLOTS}, now, 0
  local last = call('LINDEX', log.key, -1)
  if not last then
    log.exact = log.max <= ${EXACT_MAX}
  elseif #last == TIME_BYTES then
    log.exact = true
    open_exact(log, last)
  else
    open_slots(log, last)
  end
  return log
end

-- Outlives every call of the slot in which it is set.
local function keep(log)
  call('PEXPIRE', log.key, math.ceil((log.window + log.slot) / 1000) + 1000)
end

local function add_to_slots(log, slot, calls)
  if log.used > 0 and log.last >= slot then
    log.calls, log.used = log.calls + calls, log.used + calls
    call('LSET', log.key, -1, last_slot(log))
    return
  end
  if log.used > 0 then call('LSET', log.key, -1, pack(SLOT, log.last, log.calls)) else log.first = slot end
  log.last, log.calls, log.used = slot, calls, log.used + calls
  call('RPUSH', log.key, last_slot(log))
  keep(log)
end

-- A limit that was raised: its log of times would outgrow its bound.
local function turn_to_slots(log)
  local times = call('LRANGE', log.key, 0, -1)
  call('DEL', log.key)
  log.exact, log.used = false, 0
  for _, text in ipairs(times) do
    add_to_slots(log, math.floor(time_of(text) / log.slot), 1)
  end
end

local function add(log)
  if log.exact and log.used >= ${EXACT_MAX} then turn_to_slots(log) end
  local slot = math.floor(log.now / log.slot)
  if not log.exact then return add_to_slots(log, slot, 1) end
  call('RPUSH', log.key, pack(TIME, log.now % WRAP))
  if log.used == 0 then log.first = log.now end
  if log.used == 0 or math.floor(log.last / log.slot) < slot then keep(log) end
  log.used = log.used + 1
end

-- Microseconds until fewer than max calls count, or, where that is so already, until one fewer does.
local function room_in(log, max)
  local leavers = math.min(log.used, math.max(1, log.used - max + 1))
  if leavers == 0 then return log.window end
  local oldest, index = log.first, 0
  if log.exact then
    if leavers > 1 then oldest = time_at(log, leavers - 1) end
    return oldest + log.window - log.now
  end
  while leavers > 1 do
    local slot, calls = unpack(SLOT, call('LINDEX', log.key, index))
    oldest, index, leavers = slot, index + 1, leavers - calls
  end
  return math.ceil(slot_leaves(log, oldest) - now)
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
