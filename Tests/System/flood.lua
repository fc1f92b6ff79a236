-- wrk's requests for test_identity_flood.py: every token is different.
local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
local path, kind, head, payload = "", "", "", ""
local threads = {}

function setup(thread)
    thread:set("number", #threads)
    threads[#threads + 1] = thread
end

function init(arguments)
    path, kind, head, payload = arguments[1], arguments[2], arguments[3], arguments[4]
    math.randomseed(os.time() + number * 7919)
    others = 0
end

local function random(count)
    local text = {}
    for index = 1, count do
        local letter = math.random(64)
        text[index] = letters:sub(letter, letter)
    end
    return table.concat(text)
end

-- Three letters in base64url.
local function three()
    local number = (math.random(97, 122) * 256 + math.random(97, 122)) * 256 + math.random(97, 122)
    local text = ""
    for _ = 1, 4 do
        local digit = number % 64
        text = letters:sub(digit + 1, digit + 1) .. text
        number = (number - digit) / 64
    end
    return text
end

-- 64 bytes are 86 letters. The last byte is zero: a larger one would make the second half of an Ed25519 signature a
-- number that is refused without work.
local function signature() return random(84) .. "AA" end

function request()
    local token
    if kind == "wrong signatures" then
        token = head .. "." .. payload .. "." .. signature()
    elseif kind == "unknown keys" then
        -- The head ends within the text of kid, at a multiple of three bytes; `"}` and a space complete it.
        token = head .. three() .. three() .. three() .. "In0g" .. "." .. payload .. "." .. signature()
    elseif kind == "ordinary requests" then
        -- As much work for the load generator as the others.
        random(326)
        token = head
    else
        token = random(40) .. "." .. random(200) .. "." .. random(86)
    end
    return wrk.format("GET", path, { Authorization = "Bearer " .. token })
end

function response(status)
    if kind == "unknown keys" and status == 503 then return end
    if status ~= (kind == "ordinary requests" and 200 or 401) then others = others + 1 end
end

function done(summary)
    local sum = 0
    for _, thread in ipairs(threads) do sum = sum + (thread:get("others") or 0) end
    io.write(string.format("requests=%d others=%d seconds=%.1f\n", summary.requests, sum, summary.duration / 1e6))
end
