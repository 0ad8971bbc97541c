-- The place, the rows with these keys, and the modules of devices.
local answer, done = place(), {}
local function one(key)
    if not done[key] and redis.call('HEXISTS', etags, key) == 1 then
        done[key] = true
        push(answer, key, redis.call('ZSCORE', order, key))
    end
end
for _, key in ipairs(ARGV) do
    one(key)
    for _, module in ipairs(redis.call('SMEMBERS', modules(key))) do one(module) end
end
return answer
