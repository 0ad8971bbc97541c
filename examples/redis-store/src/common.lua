-- The keys of one store, and its place: the server's run id, the last change and the highest removed tombstone.
local rows, etags, order = KEYS[1] .. ':rows', KEYS[1] .. ':etags', KEYS[1] .. ':order'
local meta, hints = KEYS[1] .. ':meta', KEYS[1] .. ':hints'
local function modules(device) return KEYS[1] .. ':modules:' .. device end
local function place()
    local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
    return { run, redis.call('HGET', meta, 'change') or '0', redis.call('HGET', meta, 'purged') or '0' }
end
-- A row is its key, its change number and its content, which is empty for a tombstone.
local function push(answer, key, change)
    answer[#answer + 1] = key
    answer[#answer + 1] = change
    answer[#answer + 1] = redis.call('HGET', rows, key)
end
