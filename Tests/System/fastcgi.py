"""A FastCGI client for the workers' socket: the requests of nginx, and malformed ones."""

import socket
import struct
import time

import stack

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT = 1, 2, 3, 4, 5, 6


def record(kind: int, content: bytes = b"", id: int = 1, padding: int = 0) -> bytes:
    return struct.pack(">BBHHBx", 1, kind, id, len(content), padding) + content + b"\0" * padding


def pair(name: str, value: str) -> bytes:
    def length(count: int) -> bytes:
        return bytes([count]) if count < 128 else struct.pack(">I", count | 0x80000000)

    name_bytes, value_bytes = name.encode(), value.encode()
    return length(len(name_bytes)) + length(len(value_bytes)) + name_bytes + value_bytes


def parameters(method: str, target: str, token: str | None = None, body: bytes = b"", **more: str) -> bytes:
    values = {"REQUEST_METHOD": method, "REQUEST_URI": target, "REQUEST_START": f"{time.time():.3f}"}
    if token:
        values["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    if body:
        values |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
    return b"".join(pair(name, value) for name, value in (values | more).items())


def request(method: str, target: str, token: str | None = None, body: bytes = b"", keep: bool = True, **more: str) -> bytes:
    """A complete request."""
    begin = record(BEGIN, struct.pack(">HB5x", 1, keep))
    params = record(PARAMS, parameters(method, target, token, body, **more)) + record(PARAMS)
    return begin + params + (record(STDIN, body) if body else b"") + record(STDIN)


def unpacked(pairs: bytes) -> dict[str, str]:
    """The parameters in a PARAMS stream; names and values have fewer than 128 bytes."""
    found = {}
    while pairs:
        name, value = pairs[0], pairs[1]
        found[pairs[2:2 + name].decode()] = pairs[2 + name:2 + name + value].decode()
        pairs = pairs[2 + name + value:]
    return found


def read_request(connection: socket.socket) -> tuple[dict[str, str], bytes] | None:
    """The parameters and the body of a request, read as a worker does; None when the connection ends."""
    packed = body = b""
    while head := connection.recv(8, socket.MSG_WAITALL):
        _, kind, _, count, padding = struct.unpack(">BBHHBx", head)
        content = connection.recv(count + padding, socket.MSG_WAITALL)[:count]
        if kind == PARAMS:
            packed += content
        elif kind == STDIN:
            if not content:
                return unpacked(packed), body
            body += content
    return None


class Connection:
    """A connection to the workers' socket."""

    def __init__(self, path: str = stack.LISTEN_SOCKET, timeout: float = 20):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)

    def send(self, data: bytes) -> "Connection":
        self.socket.sendall(data)
        return self

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError("closed")
            data += more
        return data

    def raw(self) -> bytes:
        """One answer as received: head and body."""
        out = b""
        while True:
            _, kind, _, count, padding = struct.unpack(">BBHHBx", self._exactly(8))
            content = self._exactly(count)
            self._exactly(padding)
            if kind == STDOUT:
                out += content
            elif kind == END:
                return out

    def read(self) -> tuple[int, bytes]:
        """The status and the body of one answer."""
        head, _, body = self.raw().partition(b"\r\n\r\n")
        status = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"status:"))
        return int(status.split()[1]), body

    def call(self, *args, **how) -> tuple[int, bytes]:
        return self.send(request(*args, **how)).read()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
