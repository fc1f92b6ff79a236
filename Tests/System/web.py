"""An HTTP client: kept connections, many at once, and bytes that are not HTTP. It checks the rules for all answers on
each of them."""

import gzip
import json
import re
import select
import socket
import time
from dataclasses import dataclass

import stack

HEX_ID = re.compile(r"[0-9a-f]{32}")


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """A header that may occur once at most."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} occurs twice: {values}"
        return values[0] if values else None

    def json(self):
        body = gzip.decompress(self.body) if self.header("Content-Encoding") == "gzip" else self.body
        return json.loads(body)

    @property
    def detail(self) -> str:
        return self.json()["detail"]

    def expect(self, status: int) -> "Answer":
        assert self.status == status, f"expected {status}, got {self.status}: {self.body[:500]!r}"
        return self


class NoAnswer(Exception):
    """The connection ended, or nothing came in time."""


class Connection:
    """A kept connection to nginx."""

    def __init__(self, timeout: float = 20):
        self.socket = socket.create_connection(("127.0.0.1", stack.PORT), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def send(self, data: bytes) -> "Connection":
        self.socket.sendall(data)
        return self

    def _more(self):
        try:
            data = self.socket.recv(1 << 18)
        except OSError as error:
            raise NoAnswer(str(error)) from error
        if not data:
            raise NoAnswer(f"closed after {self.buffer[:200]!r}")
        self.buffer += data

    def _take(self, count: int) -> bytes:
        parts, missing = [self.buffer[:count]], count - len(self.buffer)
        self.buffer = self.buffer[count:]
        while missing > 0:
            self._more()
            parts.append(self.buffer[:missing])
            self.buffer = self.buffer[missing:]
            missing = count - sum(map(len, parts))
        return b"".join(parts)

    def _rest(self) -> bytes:
        """The bytes until the server closes the connection: an answer without a length."""
        parts, self.buffer = [self.buffer], b""
        while data := self.socket.recv(1 << 18):
            parts.append(data)
        return b"".join(parts)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(mark)
        return head

    def wait_for(self, count: int):
        """Receives until so many bytes are buffered for `read`."""
        while len(self.buffer) < count:
            self._more()

    def read(self, is_head: bool = False) -> Answer:
        """Reads one answer, and checks the rules for every answer."""
        head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        if status == 100:
            return self.read(is_head)
        answer = Answer(status, [tuple(line.split(": ", 1)) for line in head[1:]], b"")
        if not is_head and status not in (204, 304):
            if answer.header("Transfer-Encoding") == "chunked":
                chunks = []
                while size := int(self._until(b"\r\n"), 16):
                    chunks.append(self._take(size))
                    self._take(2)
                self._take(2)
                answer.body = b"".join(chunks)
            elif (length := answer.header("Content-Length")) is not None:
                answer.body = self._take(int(length))
            else:
                answer.body = self._rest()
        check_every_answer(answer, is_head)
        return answer

    def call(self, method: str, path: str, **how) -> Answer:
        self.send(request(method, path, **how))
        return self.read(is_head=method == "HEAD")

    def is_closed(self) -> bool:
        """Whether the server has closed the connection, after any last bytes."""
        try:
            return self.socket.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def request(method: str, path: str, *, token: str | None = None, json_body=None, body: bytes | None = None,
            headers: dict[str, str] | None = None) -> bytes:
    """A request's bytes. `json_body` is sent as JSON, with its type; `body` as it is, without any."""
    lines = {"Host": f"127.0.0.1:{stack.PORT}"}
    if token is not None:
        lines["Authorization"] = f"Bearer {token}"
    if json_body is not None:
        body = json.dumps(json_body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        lines["Content-Type"] = "application/json"
    if body is not None:
        lines["Content-Length"] = str(len(body))
    lines.update(headers or {})
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode("latin-1") + b"\r\n" + (body or b"")


def call(method: str, path: str, **how) -> Answer:
    """One request on a connection of its own."""
    with Connection() as connection:
        return connection.call(method, path, **how)


def raw(data: bytes, timeout: float = 20) -> Answer:
    """The answer to bytes that may not be HTTP."""
    with Connection(timeout) as connection:
        return connection.send(data).read()


def at_once(requests: list[bytes], timeout: float = 60) -> list[Answer]:
    """Sends each request on a connection of its own, all before the first answer is read."""
    connections = [Connection(timeout) for _ in requests]
    try:
        for connection, data in zip(connections, requests):
            connection.send(data)
        return [connection.read() for connection in connections]
    finally:
        for connection in connections:
            connection.close()


def check_every_answer(answer: Answer, is_head: bool = False):
    request_id = answer.header("X-Request-ID")
    assert request_id and HEX_ID.fullmatch(request_id), f"no request id: {answer}"
    assert answer.header("Server") == "nginx", "the version of nginx is told"
    vary = ", ".join(answer.all("Vary")).lower()
    assert "origin" in vary, f"no Vary: Origin: {answer.headers}"
    allowed_origin = answer.header("Access-Control-Allow-Origin")
    assert allowed_origin != "*"
    assert (allowed_origin is None) == (answer.header("Access-Control-Allow-Credentials") is None)
    content_type = answer.header("Content-Type")
    if is_head:
        assert not answer.body
    elif answer.status in (204, 304):
        assert content_type is None and not answer.body
    else:
        assert content_type in ("application/json", "application/problem+json"), content_type
        document = answer.json()
        if answer.status >= 400:
            check_problem(answer, document, request_id)
    if answer.status >= 400:
        assert answer.header("Cache-Control") in (None, "no-store")
    if answer.status == 503:
        assert int(answer.header("Retry-After")) >= 1
    if answer.status == 401:
        assert answer.header("WWW-Authenticate").startswith("Bearer")
    if answer.status == 405:
        assert answer.header("Allow")


def check_problem(answer: Answer, problem: dict, request_id: str):
    """Checks the shape of an error."""
    assert isinstance(problem, dict)
    assert problem["status"] == answer.status
    assert isinstance(problem["type"], str) and problem["type"]
    assert isinstance(problem["title"], str) and problem["title"]
    assert isinstance(problem["detail"], str) and problem["detail"], "detail is a sentence"
    assert problem["message"] == problem["detail"]
    assert problem["request_id"] == request_id
    assert "error" not in problem
    if answer.status == 422:
        for error in problem["errors"]:
            assert isinstance(error["loc"], list) and isinstance(error["msg"], str) and isinstance(error["type"], str)
        assert problem["errors"]


class Load:
    """Requests sent one after the other on several kept connections, from one thread that never waits for one alone.

    `make(n)` gives the n-th request. A connection that ends is opened again; the request it carried is kept as lost.
    """

    def __init__(self, make, connections: int = 16):
        self.make, self.count = make, connections
        self.answers: list[Answer] = []
        self.lost: list[str] = []

    def run(self, seconds: float, events: dict[float, object] | None = None) -> "Load":
        """Runs for a time; `events` are functions to call at seconds from the start."""
        due = sorted((events or {}).items())
        start, sent, waiting = time.monotonic(), 0, {}

        def begin():
            nonlocal sent
            connection = Connection()
            waiting[connection.socket.fileno()] = connection
            connection.send(self.make(sent))
            sent += 1

        for _ in range(self.count):
            begin()
        while waiting:
            now = time.monotonic() - start
            while due and due[0][0] <= now:
                due.pop(0)[1]()
            ready, _, _ = select.select(list(waiting), [], [], 0.05)
            assert now < seconds + 40, f"{len(waiting)} requests were never answered"
            for descriptor in ready:
                connection = waiting[descriptor]
                try:
                    self.answers.append(connection.read())
                    if now < seconds:
                        connection.send(self.make(sent))
                        sent += 1
                        continue
                except (NoAnswer, OSError) as error:
                    self.lost.append(str(error))
                del waiting[descriptor]
                connection.close()
                if now < seconds:
                    begin()
        return self

    def statuses(self) -> dict[int, int]:
        counts: dict[int, int] = {}
        for answer in self.answers:
            counts[answer.status] = counts.get(answer.status, 0) + 1
        return counts
