-- The place, and the rows after a change number: `none` for no row, `all` for all rows without tombstones.
local answer = place()
if ARGV[1] == 'none' then return answer end
local from = ARGV[1] == 'all' and '-inf' or '(' .. ARGV[1]
local found = redis.call('ZRANGE', order, from, '+inf', 'BYSCORE', 'WITHSCORES')
for at = 1, #found, 2 do
    if ARGV[1] ~= 'all' or redis.call('HEXISTS', etags, found[at]) == 1 then push(answer, found[at], found[at + 1]) end
end
return answer
