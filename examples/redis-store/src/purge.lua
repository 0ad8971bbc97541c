-- Removes tombstones up to a change number, and notes it: a reader behind it loads everything again.
local up_to = math.min(tonumber(ARGV[1]), tonumber(place()[2]))
local removed = 0
for _, key in ipairs(redis.call('ZRANGE', order, '-inf', up_to, 'BYSCORE')) do
    if redis.call('HEXISTS', etags, key) == 0 then
        redis.call('ZREM', order, key)
        redis.call('HDEL', rows, key)
        removed = removed + 1
    end
end
redis.call('HSET', meta, 'purged', math.max(up_to, tonumber(place()[3])))
return removed
