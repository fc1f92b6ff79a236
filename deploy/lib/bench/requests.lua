-- wrk … -s requests.lua URL -- WORKLOAD TOKENS TASKS [browser]
-- Requests are spread evenly over the owners in the file of data.py, and made beforehand, since that takes time too.
-- Owners of kind R have TASKS tasks each and are read and changed; those of kind W only get new ones.
local random = math.random
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

-- What Chrome adds when a page of another origin asks; most of it comes with each request.
local browser = table.concat({
    'sec-ch-ua: "Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
    "sec-ch-ua-mobile: ?0",
    'sec-ch-ua-platform: "Windows"',
    "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Accept: application/json, text/plain, */*",
    "Origin: http://localhost:3000",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Mode: cors",
    "Sec-Fetch-Dest: empty",
    "Referer: http://localhost:3000/",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: en-US,en;q=0.9",
}, "\r\n") .. "\r\n"

-- The most different requests that a thread keeps; more would only fill the processor's caches.
local most = 20000

function init(arguments)
    local workload, tasks = arguments[1], tonumber(arguments[3])
    local more = arguments[4] == "browser" and browser or ""
    local readers, writers = {}, {}
    for line in io.lines(arguments[2]) do
        local kind, user, token, etag = line:match("(%S+) (%S+) (%S+) (%S+)")
        local list = kind == "R" and readers or writers
        list[#list + 1] = {
            path = "/api/" .. user .. "/tasks",
            head = " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " .. token .. "\r\n" .. more,
            etag = etag,
        }
    end
    math.randomseed(20261121 + number)

    local function with_body(method, path, head, body)
        return method .. path .. head .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
    end
    local text = '"description":"Two litres of the barista kind, and the dark rye from the corner."'
    local make = {}
    function make.list(owner) return "GET " .. owner.path .. owner.head .. "\r\n" end
    function make.page(owner) return "GET " .. owner.path .. "?limit=20" .. owner.head .. "\r\n" end
    function make.search(owner) return "GET " .. owner.path .. "?search=zzzz" .. owner.head .. "\r\n" end
    function make.revalidated(owner)
        return "GET " .. owner.path .. owner.head .. "If-None-Match: " .. owner.etag .. "\r\n\r\n"
    end
    function make.one(owner) return "GET " .. owner.path .. "/" .. random(tasks) .. owner.head .. "\r\n" end
    function make.toggle(owner)
        return "PATCH " .. owner.path .. "/" .. random(tasks) .. "/complete" .. owner.head .. "\r\n"
    end
    function make.update(owner)
        local body = '{"title":"Buy oat milk and bread, trip ' .. random(20) .. '",' .. text .. ',"completed":true}'
        return with_body("PUT ", owner.path .. "/" .. random(tasks), owner.head, body)
    end
    function make.create(owner)
        local body = '{"title":"Buy oat milk and bread, trip ' .. random(20) .. '",' .. text .. "}"
        return with_body("POST ", owner.path, owner.head, body)
    end

    -- Each owner once, and where tasks are named, often enough to name most of them.
    local function prepared(kind)
        local owners = kind == "create" and writers or readers
        local named = (kind == "one" or kind == "toggle" or kind == "update") and tasks or 1
        local made, count = {}, math.max(1, math.min(#owners * named, most))
        local step = math.max(1, #owners / count)
        for i = 0, count - 1 do
            made[i + 1] = make[kind](owners[math.floor(i * step) % #owners + 1])
        end
        return made
    end

    if workload == "mixed" then
        local lists, ones, toggles, creates = prepared("list"), prepared("one"), prepared("toggle"), prepared("create")
        function request()
            local p = random(100)
            local from = p <= 70 and lists or p <= 85 and ones or p <= 95 and toggles or creates
            return from[random(#from)]
        end
    else
        local from = prepared(workload)
        function request() return from[random(#from)] end
    end
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests":%d,"seconds":%f,"bytes":%d,"p50":%d,"p99":%d,"p999":%d,"refused":%d,"broken":%d}\n',
        summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50), latency:percentile(99),
        latency:percentile(99.9), errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
