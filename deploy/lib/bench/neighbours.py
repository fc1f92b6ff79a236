"""An open load: requests at fixed times, whether or not those before were answered."""

import select
import socket
import time

# Longer than a worker's deadline, so that its 503 is seen.
PATIENCE = 15.0


def ask(port: int, requests: list[bytes], rate: int, seconds: int) -> dict:
    """Sends the requests in turn, `rate` a second; latencies in milliseconds, from the moment a request was due.

    A request uses an idle connection or a new one, so that it never waits here for another's answer. A request that is
    not answered within 15 seconds counts with that time.
    """
    count, start = rate * seconds, time.monotonic()
    clients: dict[int, Client] = {}
    idle: list[Client] = []
    times: list[float] = []
    sent = refused = broken = 0
    with select.epoll() as epoll:
        while len(times) < count and time.monotonic() < start + seconds + PATIENCE:
            due = start + sent / rate
            if sent < count and due <= time.monotonic():
                client = idle.pop() if idle else Client(port, epoll)
                clients[client.descriptor] = client
                client.send(requests[sent % len(requests)], due)
                sent += 1
                continue
            for descriptor, _ in epoll.poll(max(0.0, due - time.monotonic()) if sent < count else 0.5):
                client = clients[descriptor]
                status = client.receive()
                if status is None:
                    continue
                if client.due is not None:
                    times.append(time.monotonic() - client.due)
                    client.due = None
                    refused += status not in (0, 200)
                    broken += status == 0
                elif client in idle:
                    idle.remove(client)
                if status == 0:
                    client.close()
                else:
                    idle.append(client)
    unanswered = count - len(times)
    for client in clients.values():
        client.close()
    times = sorted(times) + [PATIENCE] * unanswered
    at = lambda share: times[min(count - 1, int(count * share))] * 1e3
    return {"requests": count, "refused": refused, "broken": broken + unanswered, "p50": at(0.5), "p99": at(0.99), "most": times[-1] * 1e3}


class Client:
    """A kept connection with one request under way at most."""

    def __init__(self, port: int, epoll: select.epoll):
        self.socket = socket.create_connection(("127.0.0.1", port), 5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.descriptor = self.socket.fileno()
        self.due: float | None = None
        self.answer = b""
        epoll.register(self.descriptor, select.EPOLLIN)

    def send(self, request: bytes, due: float):
        self.due, self.answer = due, b""
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """The status of a complete answer, 0 if the connection ended before, None while it is incomplete."""
        try:
            data = self.socket.recv(1 << 16)
        except OSError:
            return 0
        if not data:
            return 0
        self.answer += data
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not end:
            return None
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return int(head.split(b" ", 2)[1]) if len(body) >= length else None

    def close(self):
        self.socket.close()
