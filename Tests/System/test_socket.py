"""The workers' socket: kept connections, broken ones, and bytes that are not FastCGI."""

import os
import re
import signal
import stat
import struct
import time

import pytest

import stack
import web
from fastcgi import ABORT, BEGIN, PARAMS, STDIN, Connection, pair, parameters, record, request


def test_only_the_services_user_reaches_the_socket():
    mode = os.stat(stack.LISTEN_SOCKET).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660


def test_a_connection_is_kept_for_any_number_of_requests(user):
    user.create()
    with Connection() as connection:
        for _ in range(200):
            assert connection.call("GET", user.tasks, token=user.token)[0] == 200
        assert connection.call("POST", user.tasks, token=user.token, body=b'{"title":"x"}')[0] == 201
        assert connection.call("POST", user.tasks, token=user.token, body=b"{")[0] == 400
        assert connection.call("GET", "/nowhere")[0] == 404


def test_a_connection_that_is_not_to_be_kept_is_closed(user):
    with Connection() as connection:
        assert connection.call("GET", "/health", keep=False)[0] == 200
        assert connection.socket.recv(1) == b""


def test_2000_idle_kept_connections_and_the_service_answers_at_once(user):
    user.create()
    idle = []
    try:
        for _ in range(2000):
            connection = Connection()
            idle.append(connection)
            assert connection.call("GET", "/health")[0] == 200
        times = []
        for _ in range(50):
            start = time.monotonic()
            user.call("GET").expect(200)
            times.append(time.monotonic() - start)
        assert sorted(times)[25] < 0.05 and max(times) < 1
        # They are still open and served.
        for connection in idle[::97]:
            assert connection.call("GET", user.tasks, token=user.token)[0] == 200
    finally:
        for connection in idle:
            connection.close()
    stack.wait_for_pool()


def test_2000_silent_connections_delay_no_request(user):
    idle = [Connection() for _ in range(2000)]
    try:
        start = time.monotonic()
        for _ in range(20):
            user.call("GET").expect(200)
        assert time.monotonic() - start < 2
    finally:
        for connection in idle:
            connection.close()


GARBAGE = {
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "nulls": b"\0" * 64, "another version": b"\x02\x01\x00\x01\x00\x08\x00\x00" + b"\0" * 8,
    "an unknown role": record(BEGIN, struct.pack(">HB5x", 7, 1)), "half a head": b"\x01\x01\x00", "a begin without an end": record(BEGIN, struct.pack(">HB5x", 1, 1)),
    "half the parameters": record(BEGIN, struct.pack(">HB5x", 1, 1)) + record(PARAMS, parameters("GET", "/"))[:-10],
    "a wrong length": record(BEGIN, struct.pack(">HB5x", 1, 1)) + record(PARAMS, b"\xff\xff\xff\xff\xff\xff\xff\xffx") + record(PARAMS) + record(STDIN),
    "a value longer than its record": record(BEGIN, struct.pack(">HB5x", 1, 1)) + record(PARAMS, b"\x05\x80\x00\xff\xffNAME") + record(PARAMS) + record(STDIN),
    "an unknown record": record(99, b"x" * 10), "no parameters": record(BEGIN, struct.pack(">HB5x", 1, 1)) + record(PARAMS) + record(STDIN),
    "stdin first": record(STDIN, b"x") + record(STDIN), "an abort": record(BEGIN, struct.pack(">HB5x", 1, 1)) + record(ABORT), "two begins": record(BEGIN, struct.pack(">HB5x", 1, 1)) * 2,
    "random": bytes(range(256)) * 4, "only a length of a body": record(BEGIN, struct.pack(">HB5x", 1, 1)) + record(PARAMS, pair("CONTENT_LENGTH", "99999999999999")) + record(PARAMS) + record(STDIN),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_bytes_that_are_no_request_affect_no_other_request(user, data):
    before = set(stack.workers())
    for _ in range(10):
        with Connection(timeout=0.02) as connection:
            try:
                connection.send(data)
                connection.socket.recv(1)
            except OSError:
                pass
        user.call("GET").expect(200)
    assert set(stack.workers()) == before


@pytest.mark.parametrize("method, suffix, body", [("GET", "", b""), ("POST", "", b'{"title":"x"}'), ("PATCH", "/1/complete", b""), ("PUT", "/1", b'{"title":"y"}')])
def test_connections_that_close_while_their_statement_runs_affect_no_other_request(user, method, suffix, body):
    user.create()
    before = set(stack.workers())
    for _ in range(300):
        with Connection() as connection:
            connection.send(request(method, user.tasks + suffix, token=user.token, body=body))
    user.call("GET").expect(200)
    stack.eventually("all of them are done", lambda: user.call("GET", "1").status == 200)
    assert set(stack.workers()) == before


def test_connections_that_close_anywhere_within_a_request_affect_no_other_request(user):
    user.create()
    before = set(stack.workers())
    data = request("POST", user.tasks, token=user.token, body=b'{"title":"cut"}')
    for end in range(0, len(data), 3):
        with Connection() as connection:
            connection.send(data[:end])
    user.call("GET").expect(200)
    assert set(stack.workers()) == before
    assert [task["title"] for task in user.list()] == ["A task"]


def test_a_request_in_pieces_is_one_request(user):
    data = request("POST", user.tasks, token=user.token, body=b'{"title":"pieces"}')
    with Connection() as connection:
        for start in range(0, len(data), 40):
            connection.send(data[start:start + 40])
            time.sleep(0.002)
        assert connection.read()[0] == 201


def test_requests_in_pieces_delay_no_other_request(user):
    """Twenty bytes and then a long pause, on more connections than workers."""
    user.create()
    data = request("GET", user.tasks, token=user.token)
    peers = [Connection() for _ in range(8)]
    times = []
    try:
        for start in range(0, 100, 20):
            for connection in peers:
                connection.send(data[start:start + 20])
            until = time.monotonic() + 1
            while time.monotonic() < until:
                before = time.monotonic()
                user.call("GET").expect(200)
                times.append(time.monotonic() - before)
        assert max(times) < 0.5
        for connection in peers:
            assert connection.send(data[100:]).read()[0] == 200
    finally:
        for connection in peers:
            connection.close()


def test_the_environment_sets_the_switches_defaults(user):
    user.create("x")
    with stack.own_worker("switches", TODO_LIST_SHAPE="object", TODO_DELETE_STATUS="200") as (path, _), Connection(path) as connection:
        status, body = stack.eventually("it is ready", lambda: (answer := connection.call("GET", user.tasks, token=user.token))[0] == 200 and answer)
        assert body.startswith(b'{"tasks":[{')
        assert connection.call("GET", user.tasks, token=user.token, TODO_LIST_SHAPE="array")[1].startswith(b"[{")
        assert connection.call("DELETE", user.tasks + "/1", token=user.token) == (200, b'{"message":"Task deleted successfully","id":1}')
        user.create("y")
        assert connection.call("DELETE", user.tasks + "/2", token=user.token, TODO_DELETE_STATUS="204") == (204, b"")
    assert web.call("GET", user.tasks, token=user.token).json() == []


def test_a_delete_that_nginx_sends_once_more_finds_what_was_just_deleted_and_a_clients_second_one_does_not(user):
    user.create()
    user.create()
    with Connection() as connection:
        def delete(id: int, **more: str) -> int:
            return connection.call("DELETE", f"{user.tasks}/{id}", token=user.token, **more)[0]

        assert [delete(1), delete(1), delete(1, TODO_REPEATED="1"), delete(1)] == [204, 404, 204, 404]
        assert [delete(2, TODO_REPEATED="1"), delete(3, TODO_REPEATED="1")] == [204, 404]


def queue_milliseconds(answer: bytes) -> float:
    """The time from nginx to the worker in an answer's `Server-Timing`."""
    return float(re.search(rb"Server-Timing: queue;dur=([0-9.]+)", answer)[1])


def test_the_clock_of_nginx_may_be_wrong_and_time_in_a_real_queue_counts(user):
    """Another host's clock may differ by seconds; requests that a stopped worker left in the queue have waited."""
    user.create()
    target = f"{user.tasks}/1"
    with stack.own_worker("clock", TODO_REQUEST_TIMEOUT="2", TODO_SERVER_TIMING="on") as (path, pid), Connection(path) as connection:
        stack.eventually("it is ready", lambda: connection.call("GET", target, token=user.token)[0] == 200)
        for seconds in (-86400, -10, -3, 3, 10, 86400):
            for pause in (0, 0, 1.5):
                time.sleep(pause)
                answer = connection.send(request("GET", target, token=user.token, REQUEST_START=f"{time.time() + seconds:.3f}")).raw()
                assert answer.startswith(b"Status: 200 ") or b"\r\nStatus: 200 " in answer, (seconds, answer)
                assert queue_milliseconds(answer) == 0, seconds
        answer = connection.send(request("GET", target, token=user.token)).raw()
        assert queue_milliseconds(answer) < 100

        def stopped_for(seconds: float) -> bytes:
            stack.send_signal(pid, signal.SIGSTOP)
            connection.send(request("GET", target, token=user.token))
            time.sleep(seconds)
            stack.send_signal(pid, signal.SIGCONT)
            return connection.raw()

        answer = stopped_for(1.2)
        assert b"Status: 200 " in answer and 1100 < queue_milliseconds(answer) < 1900
        answer = stopped_for(2.2)
        assert b"Status: 503 " in answer and b"Retry-After: 1\r\n" in answer
