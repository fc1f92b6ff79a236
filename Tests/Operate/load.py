"""Clients that send requests without a pause until the end of stdin, and count those without a good answer.

Readers keep their connection and, as in RFC 9112 (9.3.1), repeat a GET on a new one if the kept one was closed before a
byte of the answer. Writers open a connection for each POST and never repeat it. Prints JSON.
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import sys
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("--secret", required=True)
parser.add_argument("--host", default="tasks.example.com")
parser.add_argument("--readers", type=int, default=4)
parser.add_argument("--writers", type=int, default=2)
options = parser.parse_args()

stop = threading.Event()
tls = ssl.create_default_context()
tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE


def token(user: str) -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = part(b'{"alg":"HS256"}') + "." + part(json.dumps({"sub": user, "exp": int(time.time()) + 3600}).encode())
    return signed + "." + part(hmac.new(options.secret.encode(), signed.encode(), hashlib.sha256).digest())


class Connection(http.client.HTTPSConnection):
    """A connection to the machine's own nginx, with the name in its certificate."""

    def __init__(self):
        super().__init__(options.host, 443, timeout=40, context=tls)

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", 443), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = tls.wrap_socket(plain, server_hostname=options.host)


class Client(threading.Thread):
    def __init__(self, number: int, writes: bool):
        super().__init__(daemon=True)
        self.user = f"load-{'w' if writes else 'r'}{number}"
        self.headers = {"Authorization": f"Bearer {token(self.user)}", "Content-Type": "application/json"}
        self.writes = writes
        self.sent = self.answered = self.repeated = 0
        self.slowest = 0.0
        self.lost: list[str] = []
        self.connection = None

    def run(self):
        while not stop.is_set():
            begin = time.monotonic()
            self.sent += 1
            try:
                status, body = self.post() if self.writes else self.get()
                if status == (201 if self.writes else 200):
                    self.answered += 1
                else:
                    self.lost.append(f"{status} {body[:200].decode(errors='replace')}")
            except Exception as error:
                self.lost.append(f"{type(error).__name__}: {error}")
                self.connection = None
            self.slowest = max(self.slowest, time.monotonic() - begin)
            if self.lost and len(self.lost) > 2000:
                time.sleep(0.1)

    def post(self):
        connection = Connection()
        try:
            return self.ask(connection, "POST", json.dumps({"title": f"Task {self.sent}"}))
        finally:
            connection.close()

    def get(self):
        for attempt in (1, 2):
            is_kept = self.connection is not None
            self.connection = self.connection or Connection()
            try:
                return self.ask(self.connection, "GET")
            except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError, ssl.SSLError):
                self.connection.close()
                self.connection = None
                if not is_kept or attempt == 2:
                    raise
                self.repeated += 1

    def ask(self, connection, method, body=None):
        query = "" if method == "POST" else "?limit=5"
        connection.request(method, f"/api/{self.user}/tasks{query}", body, self.headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.will_close and connection is self.connection:
            connection.close()
            self.connection = None
        return answer.status, content


clients = [Client(n, False) for n in range(options.readers)] + [Client(n, True) for n in range(options.writers)]
begin = time.monotonic()
for client in clients:
    client.start()
print("started", flush=True)
sys.stdin.read()
stop.set()
for client in clients:
    client.join(45)


def total(kind):
    return {
        "sent": sum(c.sent for c in kind),
        "answered": sum(c.answered for c in kind),
        "lost": sum(len(c.lost) for c in kind),
        "repeated": sum(c.repeated for c in kind),
        "slowest": round(max((c.slowest for c in kind), default=0), 3),
        "reasons": sorted({reason for c in kind for reason in c.lost})[:5],
    }


print(json.dumps({
    "seconds": round(time.monotonic() - begin, 1),
    "reads": total([c for c in clients if not c.writes]),
    "writes": total([c for c in clients if c.writes]),
}))
