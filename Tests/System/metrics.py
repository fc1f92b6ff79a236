"""The pool's metrics, as Prometheus reads them."""

import http.client
import re
import socket
import subprocess

LINE = re.compile(r'([a-z_]+)(?:\{(.*)\})? ([0-9.+Inf]+)')
LABEL = re.compile(r'([a-z]+)="([^"]*)"')


class Connection(http.client.HTTPConnection):
    """To a port of 127.0.0.1 or to a unix socket."""

    def __init__(self, address: str, timeout: float = 5):
        super().__init__("localhost", timeout=timeout)
        self.address = address

    def connect(self):
        if self.address.startswith("unix:"):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(self.timeout)
            self.sock.connect(self.address.removeprefix("unix:"))
        else:
            host, _, port = self.address.rpartition(":")
            self.sock = socket.create_connection((host, int(port)), self.timeout)


def text(address: str) -> str:
    connection = Connection(address)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        assert answer.status == 200 and answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return answer.read().decode()
    finally:
        connection.close()


class Numbers:
    """One scrape."""

    def __init__(self, address: str):
        self.text = text(address)
        self.series: list[tuple[str, dict[str, str], float]] = []
        for line in self.text.splitlines():
            if not line.startswith("#"):
                match = LINE.fullmatch(line)
                assert match, f"not a sample: {line}"
                self.series.append((match[1], dict(LABEL.findall(match[2] or "")), float(match[3])))

    def sum(self, name: str, **labels: str) -> float:
        return sum(value for found, has, value in self.series if found == name and labels.items() <= has.items())

    def has(self, name: str) -> bool:
        return any(found == name for found, _, _ in self.series)

    def labels(self, name: str, label: str) -> list[str]:
        return [has[label] for found, has, _ in self.series if found == name]


def promtool(*arguments: object, stdin: str | None = None) -> str:
    done = subprocess.run(["promtool", *map(str, arguments)], input=stdin, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
