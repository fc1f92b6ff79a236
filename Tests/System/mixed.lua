-- wrk's requests for test_memory.py: every endpoint and some errors; the length of the list does not change.
local requests, last, unexpected = {}, 0, 0

function init(arguments)
    local tasks, token = arguments[1], arguments[2]
    local headers = { Authorization = "Bearer " .. token, ["Content-Type"] = "application/json" }
    local function add(method, suffix, body)
        requests[#requests + 1] = wrk.format(method, tasks .. suffix, headers, body)
    end
    add("GET", "")
    add("GET", "/1")
    add("PATCH", "/2/complete")
    add("PUT", "/3", '{"title":"Changed","description":"Changed as well"}')
    add("GET", "?search=task&sort=title&limit=5")
    add("GET", "/9999")
    add("POST", "", '{"title":""}')
    add("POST", "", "{")
    requests[#requests + 1] = wrk.format("GET", tasks, { Authorization = "Bearer x" })
    requests[#requests + 1] = wrk.format("GET", "/health")
end

function request()
    last = last % #requests + 1
    return requests[last]
end

function response(status)
    if status >= 500 then unexpected = unexpected + 1 end
    bad = unexpected
end

local threads = {}
function setup(thread)
    threads[#threads + 1] = thread
end

function done()
    local sum = 0
    for _, thread in ipairs(threads) do sum = sum + (thread:get("bad") or 0) end
    io.write("unexpected=" .. string.format("%d", sum) .. "\n")
end
