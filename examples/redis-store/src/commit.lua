-- Seven arguments for each write: put or delete, the key, the device's key of a module, the condition, its etag, the new
-- etag, the content. A script runs alone, and cannot be rolled back: all conditions are checked before the first write.
local seen, added, effects = {}, {}, {}
local function live(key)
    if seen[key] == nil then seen[key] = redis.call('HGET', etags, key) end
    return seen[key]
end
for at = 1, #ARGV, 7 do
    local action, key, device, expected, etag, new, content = unpack(ARGV, at, at + 6)
    local own = live(key)
    local holds = expected == 'any' or (expected == 'absent' and not own) or (expected == 'present' and own)
        or (expected == 'etag' and own == etag)
    if not holds or (action == 'put' and device ~= '' and not live(device)) then return -1 end
    if action == 'put' then
        seen[key] = new
        effects[#effects + 1] = { key, device, new, content }
        if device ~= '' then
            added[device] = added[device] or {}
            table.insert(added[device], key)
        end
    elseif own then
        for _, list in ipairs({ redis.call('SMEMBERS', modules(key)), added[key] or {} }) do
            for _, module in ipairs(list) do
                if live(module) then
                    seen[module] = false
                    effects[#effects + 1] = { module, key, '', '' }
                end
            end
        end
        seen[key] = false
        effects[#effects + 1] = { key, device, '', '' }
    end
end
-- the number of a change is given in the script that makes it visible: no lower one comes later
for _, effect in ipairs(effects) do
    local key, device, new, content = unpack(effect)
    redis.call('ZADD', order, redis.call('HINCRBY', meta, 'change', 1), key)
    redis.call('HSET', rows, key, content)
    if content == '' then redis.call('HDEL', etags, key) else redis.call('HSET', etags, key, new) end
    if device ~= '' then redis.call(content == '' and 'SREM' or 'SADD', modules(device), key) end
end
if #effects > 0 then redis.call('XADD', hints, 'MAXLEN', 1, '*', 'changed', '1') end
return tonumber(redis.call('HGET', meta, 'change') or '0')
