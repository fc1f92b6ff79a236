"""Which requests nginx repeats, counted by servers in place of the workers."""

import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

import fastcgi
import stack
import web

READS, WRITES = ["GET", "HEAD", "OPTIONS"], ["POST", "PUT", "PATCH", "DELETE"]
# A repeated DELETE is marked with TODO_REPEATED, so that a worker answers it like the first.
MARKED, NEVER = ["DELETE"], ["POST", "PUT", "PATCH"]
UNKNOWN, NOT_DONE = "whether the change was made is unknown", "The service is not available at the moment"


class Workers:
    """Accepts requests on a socket of its own; `behave` chooses for the n-th: answer, die or stop."""

    def __init__(self, path: Path):
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.behave = lambda number: "answer"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        path.chmod(0o666)
        self.listener.listen(64)
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket):
        try:
            while request := fastcgi.read_request(connection):
                self.requests.append(request)
                behaviour = self.behave(len(self.requests))
                if behaviour == "die":
                    return connection.shutdown(socket.SHUT_RDWR)
                if behaviour == "answer":
                    body = b"" if request[0]["REQUEST_METHOD"] == "HEAD" else b"{}"
                    head = b"Content-Type: application/json\r\nVary: Origin\r\nX-Request-ID: " + b"0" * 32 + b"\r\n\r\n"
                    connection.sendall(fastcgi.record(fastcgi.STDOUT, head + body) + fastcgi.record(fastcgi.STDOUT) + fastcgi.record(fastcgi.END, bytes(8)))
        except OSError:
            return

    def methods(self) -> list[str]:
        """The method of each request in order, with ` again` if it was marked as repeated."""
        return [parameters["REQUEST_METHOD"] + " again" * ("TODO_REPEATED" in parameters) for parameters, _ in self.requests]

    def close(self):
        self.listener.close()
        for connection in self.connections:
            connection.close()


@pytest.fixture(scope="module")
def nginx():
    """nginx with a socket of these tests instead of the pool's, and a read timeout of a second."""
    path = Path(stack.LISTEN_SOCKET).with_name("repeats.sock")
    with stack.nginx_file("upstream.conf", f'server "unix:{path}";\n'), stack.nginx_file("location.d/tests.conf", stack.IMPATIENT):
        yield path


@pytest.fixture
def workers(nginx):
    workers = Workers(nginx)
    yield workers
    workers.close()
    nginx.unlink()


def send(method: str, connection: web.Connection | None = None) -> web.Answer:
    body = {} if method in ("GET", "HEAD", "OPTIONS", "DELETE") else {"json_body": {"title": "x"}}
    return (connection.call if connection else web.call)(method, "/api/u/tasks/1", **body)


@pytest.mark.parametrize("is_kept", [False, True], ids=["a new connection", "a kept connection"])
@pytest.mark.parametrize("method", NEVER)
def test_a_write_that_a_worker_has_read_is_never_sent_again(workers, method, is_kept):
    with web.Connection() as connection:
        if is_kept:
            # Each process of nginx keeps its own connections; the client's belongs to one process.
            send("GET", connection).expect(200)
        before = len(workers.requests)
        workers.behave = lambda number: "die"
        assert UNKNOWN in send(method, connection).expect(502).detail
    assert workers.methods()[before:] == [method]


@pytest.mark.parametrize("method", READS + MARKED)
def test_a_request_that_changes_nothing_the_second_time_is_sent_once_more_when_its_worker_died(workers, method):
    workers.behave = lambda number: "die" if number == 1 else "answer"
    send(method).expect(200)
    assert workers.methods() == [method, f"{method} again"]


def test_a_read_is_repeated_once_only(workers):
    workers.behave = lambda number: "die"
    assert send("GET").expect(502).detail == NOT_DONE
    assert len(workers.requests) == 2


@pytest.mark.parametrize("method", READS + MARKED)
def test_a_request_of_a_worker_that_is_stopped_goes_to_another_after_the_deadline(workers, method):
    workers.behave = lambda number: "stop" if number == 1 else "answer"
    start = time.monotonic()
    send(method).expect(200)
    assert 0.9 < time.monotonic() - start < 2 and len(workers.requests) == 2


@pytest.mark.parametrize("method", NEVER)
def test_a_write_of_a_worker_that_is_stopped_is_504_and_unknown(workers, method):
    workers.behave = lambda number: "stop"
    assert UNKNOWN in send(method).expect(504).detail
    assert workers.methods() == [method]


@pytest.mark.parametrize("behaviour, status", [("die", 502), ("stop", 504)])
def test_a_delete_that_nobody_answers_is_unknown(workers, behaviour, status):
    workers.behave = lambda number: behaviour
    assert UNKNOWN in send("DELETE").expect(status).detail
    assert workers.methods() == ["DELETE", "DELETE again"]


@pytest.mark.parametrize("method", READS[:1] + WRITES)
def test_a_request_without_a_pool_is_answered_as_not_done(nginx, method):
    assert send(method).expect(502).detail == NOT_DONE


@pytest.mark.parametrize("method", WRITES)
def test_a_write_that_never_left_nginx_is_sent_once_more(workers, method):
    """nginx uses a kept connection that its worker has closed, and notices when it sends."""
    master = int((stack.HOME / "nginx/nginx.pid").read_text())
    processes = [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]
    with web.Connection() as connection:
        send("GET", connection).expect(200)
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            # When nginx continues, it handles the client's request first and the closed connection second.
            connection.send(web.request(method, "/api/u/tasks/1", json_body={"title": "x"}))
            time.sleep(0.05)
            for kept in workers.connections:
                kept.shutdown(socket.SHUT_RDWR)
        finally:
            for pid in processes:
                os.kill(pid, signal.SIGCONT)
        connection.read().expect(200)
    assert workers.methods() == ["GET", f"{method} again"]
    assert workers.requests[1][1] == b'{"title": "x"}'
