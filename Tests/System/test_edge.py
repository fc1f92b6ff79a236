"""nginx in front: its own errors, request ids, limits, compression, kept connections."""

import http.client
import os
import socket
import time

import pytest

import fastcgi
import stack
import web

MALFORMED = {
    "no HTTP": b"HELLO\r\n\r\n", "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50 + b"\r\n\r\n", "no host": b"GET / HTTP/1.1\r\n\r\n",
    "HTTP/3": b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", "a strange transfer encoding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    "a length that is none": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n", "a negative length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "above the root": b"GET /../.. HTTP/1.1\r\nHost: x\r\n\r\n",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a null byte": b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", "a method with a null byte": b"G\0T / HTTP/1.1\r\nHost: x\r\n\r\n", "CONNECT": b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "two tokens": b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "a host that is none": b"GET / HTTP/1.1\r\nHost: x/../y\r\n\r\n", "a chunk that is none": b"POST /api/x/tasks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_bytes_that_are_no_request_are_400_in_the_error_shape(data):
    answer = web.raw(data)
    # Without a length and a known type only the route's own rules may be violated.
    assert answer.status in (400, 405), answer


@pytest.mark.parametrize("data, status", [
    (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 1000) for n in range(60)) + b"\r\n", 431),
    (b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
], ids=["414", "431 for one header", "431 for many", "405"])
def test_what_is_too_long_or_not_allowed_has_the_error_shape(data, status):
    web.raw(data).expect(status)


def test_a_long_token_fits():
    """A request line, an invalid token and a cookie of nearly 8 KiB each: the worker checks the token."""
    headers = {"Authorization": "Bearer " + "x" * 8000, "Cookie": "y" * 8000, "Accept": "z" * 7000}
    web.call("GET", "/api/" + "u" * 7000 + "/tasks", headers=headers).expect(401)


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 3_000_000])
def test_a_body_over_a_mebibyte_is_413(user, size):
    web.call("POST", user.tasks, token=user.token, body=b"x" * size, headers={"Content-Type": "application/json"}).expect(413)


def test_a_body_over_a_mebibyte_is_413_in_chunks_as_well(user):
    head = web.request("POST", user.tasks, token=user.token, headers={"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
    chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
    web.raw(head + chunk * 17 + b"0\r\n\r\n").expect(413)


def test_413_comes_before_the_body_is_sent(user):
    with web.Connection() as connection:
        connection.send(web.request("POST", user.tasks, headers={"Content-Length": "3000000", "Expect": "100-continue"}))
        connection.read().expect(413)


def test_a_body_cut_short_creates_no_task(user):
    data = web.request("POST", user.tasks, token=user.token, headers={"Content-Type": "application/json", "Content-Length": "100"}) + b'{"title":"x"}'
    with web.Connection() as connection:
        connection.send(data)
        connection.socket.shutdown(1)
        with pytest.raises(web.NoAnswer):
            connection.read()
    assert user.list() == []


def test_every_answer_has_an_id_of_its_own(user):
    ids = {user.call("GET").header("X-Request-ID") for _ in range(50)} | {web.call("TRACE", "/").header("X-Request-ID") for _ in range(5)}
    assert len(ids) == 55


def test_a_client_does_not_choose_its_request_id():
    mine = "0123456789abcdef" * 2
    answer = web.call("GET", "/nowhere", headers={"X-Request-ID": mine, "Request-ID": mine})
    assert answer.header("X-Request-ID") != mine and answer.json()["request_id"] != mine


@pytest.mark.parametrize("name", ["REQUEST-ID", "TODO-LIST-SHAPE", "REQUEST-METHOD", "X-HTTP-Method-Override", "TODO_LIST_SHAPE", "HTTP-AUTHORIZATION", "Proxy"])
def test_no_header_of_a_client_becomes_a_parameter(user, name):
    task = user.create()
    assert user.call("GET", headers={name: "object", "X-Original-URL": "/health"}).expect(200).json() == [task]


def test_a_location_may_ask_for_a_message_on_deletion(special_locations, make_user):
    user = make_user("message-")
    id = user.create()["id"]
    assert user.call("DELETE", id).expect(200).json() == {"message": "Task deleted successfully", "id": id}
    user.call("DELETE", id).expect(404)


def test_a_location_may_ask_for_the_plain_array(special_locations, make_user):
    user = make_user("array-")
    user.create()
    assert isinstance(user.list(), list)


def test_too_many_requests_are_429_with_a_time_to_wait(special_locations, make_user):
    user = make_user("limited-")
    answers = [user.call("GET", headers={"Origin": "http://localhost:3000"}) for _ in range(5)]
    limited = [answer for answer in answers if answer.status == 429]
    assert limited and {answer.status for answer in answers} <= {200, 429}
    assert int(limited[0].header("Retry-After")) >= 1
    assert limited[0].header("Access-Control-Allow-Origin") == "http://localhost:3000"


def test_a_location_that_nginx_denies_is_403_in_the_error_shape(special_locations):
    assert web.call("GET", "/denied").expect(403).detail == "Access forbidden"


def test_one_task_is_never_compressed_and_a_long_list_is(user):
    """A task's strong ETag would turn weak; a short list would cost more than it saves."""
    stack.insert_tasks(user.name, 20, "'x'", "repeat('y', 1000)")
    for path, encoding in ((f"{user.tasks}/1", None), (user.tasks + "?limit=5", None), (user.tasks + "?limit=10", "gzip"), (user.tasks + "/", "gzip")):
        answer = user.request("GET", path, headers={"Accept-Encoding": "gzip, br"})
        assert answer.header("Content-Encoding") == encoding, path
        assert answer.json()
    assert user.call("GET").header("Content-Encoding") is None


def test_a_long_list_is_compressed_for_a_proxy_as_well(user):
    stack.insert_tasks(user.name, 20, "'x'", "repeat('y', 1000)")
    headers = {"Accept-Encoding": "gzip", "Via": "1.1 balancer"}
    request = web.request("GET", user.tasks, token=user.token, headers=headers)
    for data in (request, request.replace(b"HTTP/1.1", b"HTTP/1.0", 1)):
        answer = web.raw(data)
        assert answer.header("Content-Encoding") == "gzip" and len(answer.json()) == 20


def test_requests_follow_each_other_on_a_kept_connection(user):
    """Pipelined, with bodies, errors among them."""
    requests = [
        web.request("POST", user.tasks, token=user.token, json_body={"title": "x"}), web.request("GET", user.tasks, token=user.token), web.request("GET", "/nowhere"),
        web.request("POST", user.tasks, token=user.token, body=b"{", headers={"Content-Type": "application/json"}), web.request("GET", user.tasks + "/1", token=user.token),
        web.request("POST", "/health", body=b"a body that is not read"), web.request("GET", "/health"),
    ]
    with web.Connection() as connection:
        connection.send(b"".join(requests))
        assert [connection.read().status for _ in requests] == [201, 200, 404, 400, 200, 405, 200]


def test_a_slow_body_does_not_delay_other_requests(user):
    """nginx reads the whole body before it sends the request to a worker."""
    body = b'{"title":"slow"}'
    data = web.request("POST", user.tasks, token=user.token, body=body, headers={"Content-Type": "application/json"})
    with web.Connection() as slow:
        slow.send(data[:-8])
        for _ in range(20):
            user.call("GET").expect(200)
        for byte in data[-8:]:
            slow.send(bytes([byte]))
            time.sleep(0.02)
        slow.read().expect(201)


def test_thousands_of_idle_clients_do_not_delay_requests(user):
    idle = [web.Connection() for _ in range(3000)]
    try:
        for connection in idle[::100]:
            connection.call("GET", "/health").expect(200)
        start = time.monotonic()
        for _ in range(50):
            user.call("GET").expect(200)
        assert time.monotonic() - start < 2
    finally:
        for connection in idle:
            connection.close()


def test_a_pool_that_does_not_answer_is_504_in_the_error_shape(impatient_nginx, user):
    user.create()
    pids = stack.wait_for_pool()
    for pid in pids:
        stack.send_signal(pid, stack.signal.SIGSTOP)
    try:
        read = user.call("GET", headers={"Origin": "http://localhost:3000"}).expect(504)
        write = web.call("POST", user.tasks, token=user.token, json_body={"title": "y"}).expect(504)
    finally:
        for pid in pids:
            stack.send_signal(pid, stack.signal.SIGCONT)
    assert int(read.header("Retry-After")) >= 1
    assert read.header("Access-Control-Allow-Origin") == "http://localhost:3000"
    assert "unknown" not in read.detail and "unknown" in write.detail
    stack.eventually("the pool answers again", lambda: user.call("GET").status == 200)


def test_a_stopped_pool_is_502_in_the_error_shape(user):
    stack.deploy("pool_stop")
    try:
        answer = user.call("GET", headers={"Origin": "http://localhost:3000"}).expect(502)
        assert int(answer.header("Retry-After")) >= 1
        assert answer.header("Access-Control-Allow-Origin") == "http://localhost:3000"
        assert "not available" in answer.detail
    finally:
        stack.start_pool()
    stack.eventually("the pool answers again", lambda: user.call("GET").status == 200)


def test_an_answer_that_its_worker_breaks_off_ends_visibly_for_the_client():
    """A worker that cannot complete a list closes its connection without END_REQUEST; the client's transfer breaks."""
    path = f"{os.path.dirname(stack.LISTEN_SOCKET)}/broken.sock"
    head = b"Status: 200\r\nContent-Type: application/json\r\n\r\n["
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen()
        listener.settimeout(10)
        with stack.nginx_file("server.d/broken.conf", f"location /broken {{ fastcgi_pass unix:{path}; }}\n"):
            # A worker breaks off behind its first part, which is longer than what nginx buffers of a head.
            for sent in (head + b"1," * 10_000, head + b"1," * 1_000_000):
                client = http.client.HTTPConnection("127.0.0.1", stack.PORT, timeout=10)
                client.request("GET", "/broken")
                peer, _ = listener.accept()
                for start in range(0, len(sent), 65_528):
                    peer.sendall(fastcgi.record(fastcgi.STDOUT, sent[start:start + 65_528]))
                answer = client.getresponse()
                peer.close()
                assert answer.status == 200
                with pytest.raises(http.client.IncompleteRead):
                    answer.read()
                client.close()
        os.unlink(path)
