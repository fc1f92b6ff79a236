"""Clients that create, change, delete and read tasks until the end of stdin, and then check the outcome of each write.

Every client has a user and sends requests without a pause. As in RFC 9112 (9.3.1), a GET is repeated if its kept
connection was closed before a byte of the answer; a write has a connection of its own and is never repeated. Prints
JSON.
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import sys
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("--address", required=True)
parser.add_argument("--secret", required=True)
parser.add_argument("--run", required=True)
parser.add_argument("--clients", type=int, default=8)
options = parser.parse_args()
stop = threading.Event()


def token(user: str) -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = part(b'{"alg":"HS256"}') + "." + part(json.dumps({"sub": user, "exp": int(time.time()) + 3600}).encode())
    return signed + "." + part(hmac.new(options.secret.encode(), signed.encode(), hashlib.sha256).digest())


class Client(threading.Thread):
    """One user's requests, one after the other, and the expected tasks."""

    def __init__(self, number: int):
        super().__init__()
        self.user = f"ledger-{options.run}-{number}"
        self.head = {"Authorization": f"Bearer {token(self.user)}", "Content-Type": "application/json"}
        self.kept = http.client.HTTPConnection(options.address, 8080, timeout=40)
        self.reads, self.writes = [], []
        # The expected title of each task, None if it was deleted; for an unknown outcome, both possible ones.
        self.known: dict[int, str | None] = {}
        self.unsure: dict[int, set[str | None]] = {}
        self.unsure_creates: set[str] = set()

    def call(self, method: str, suffix: str = "", body: dict | None = None):
        """Status and document; status 0 without an answer."""
        start = time.monotonic()
        try:
            if method == "GET":
                was_open = self.kept.sock is not None
                try:
                    status, document = self.ask(self.kept, method, suffix, body)
                except (http.client.RemoteDisconnected, ConnectionError):
                    self.kept.close()
                    if not was_open:
                        raise
                    status, document = self.ask(self.kept, method, suffix, body)
            else:
                connection = http.client.HTTPConnection(options.address, 8080, timeout=40)
                status, document = self.ask(connection, method, suffix, body)
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            self.kept.close()
            status, document = 0, {"detail": f"{type(error).__name__}: {error}"}
        reason = document["detail"] if status == 0 or status >= 400 else ""
        (self.reads if method == "GET" else self.writes).append((status, reason, time.monotonic() - start))
        return status, document, "unknown" in reason or status == 0

    def ask(self, connection, method: str, suffix: str, body: dict | None) -> tuple:
        connection.request(method, f"/api/{self.user}/tasks{suffix}", json.dumps(body) if body else None, self.head)
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None

    def run(self):
        number = 0
        while not stop.is_set():
            number += 1
            title = f"{number}"
            status, task, is_unknown = self.call("POST", body={"title": title})
            if status != 201:
                if is_unknown:
                    self.unsure_creates.add(title)
                continue
            id = task["id"]
            self.known[id] = title
            self.call("GET", f"/{id}")
            self.call("GET", "?limit=20")
            if number % 3 == 0:
                self.change("PUT", id, f"{title} changed", {"title": f"{title} changed"}, 200)
            elif number % 3 == 1:
                self.change("DELETE", id, None, None, 204)

    def change(self, method: str, id: int, after: str | None, body: dict | None, success: int):
        status, _, is_unknown = self.call(method, f"/{id}", body)
        if status == success:
            self.known[id] = after
        elif is_unknown:
            self.unsure[id] = {self.known.pop(id), after}

    def mistakes(self) -> list[str]:
        """Acknowledged writes that are lost, and tasks that were made twice or by no request."""
        tasks = {}
        while True:
            status, page, _ = self.call("GET", f"?limit=1000&offset={len(tasks)}")
            if status != 200:
                return [f"{self.user} cannot be read: {status} {page}"]
            tasks |= {task["id"]: task["title"] for task in page}
            if len(page) < 1000:
                break
        found = [f"{id} is {tasks.get(id)!r}, not {title!r}" for id, title in self.known.items() if tasks.get(id) != title]
        found += [f"{id} is {tasks.get(id)!r}, none of {titles}" for id, titles in self.unsure.items() if tasks.get(id) not in titles]
        others = [title for id, title in tasks.items() if id not in self.known and id not in self.unsure]
        found += [f"{title!r} was made, and its creation not answered" for title in others if title not in self.unsure_creates]
        found += [f"{title!r} was made twice" for title in set(others) if others.count(title) > 1]
        return found


def summary(calls: list[tuple]) -> dict:
    failed = [(status, reason) for status, reason, _ in calls if status == 0 or status >= 400]
    return {"sent": len(calls), "failed": len(failed), "reasons": sorted({f"{status} {reason}" for status, reason in failed}),
            "unknown": sum("unknown" in reason or status == 0 for status, reason in failed),
            "slowest": round(max((seconds for *_, seconds in calls), default=0), 2)}


clients = [Client(number) for number in range(options.clients)]
for client in clients:
    client.start()
print("started", flush=True)
sys.stdin.read()
stop.set()
for client in clients:
    client.join()
reads, writes = [summary([call for client in clients for call in getattr(client, kind)]) for kind in ("reads", "writes")]
print(json.dumps({"reads": reads, "writes": writes, "mistakes": [mistake for client in clients for mistake in client.mistakes()]}))
