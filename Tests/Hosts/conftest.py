"""The network with its hosts, shared by all tests of this folder; each test restores it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from network import CLIENT, EDGE, EdgeNginx, Host, Namespace, link  # noqa: E402

COUNTS: list[str] = []


class Network:
    """The hosts, the edge and the client."""

    def __init__(self):
        self.parts = []
        edge, self.client = self.part(Namespace("edge")), self.part(Namespace("client"))
        link(edge, EDGE, self.client, CLIENT, "to-client")
        self.hosts = [self.part(Host(name, edge, number)) for number, name in enumerate("ab", 1)]
        first, second = self.hosts
        first.up()
        env = first.env()
        self.secret = env["BETTER_AUTH_SECRET"]
        # With one more parameter, or deploy/up would ignore it as the private database of another copy.
        second.up(BETTER_AUTH_SECRET=self.secret, **{
            name: env[name].replace("?", "?connect_timeout=5&") for name in ("DATABASE_URL", "DATABASE_MIGRATION_URL")})
        self.edge_nginx = self.part(EdgeNginx(edge, self.hosts))

    def part(self, part):
        self.parts.append(part)
        return part

    def remove(self):
        for part in reversed(self.parts):
            part.remove()

    def curl(self, path: str, *arguments: str) -> str:
        """One request of the client; returns headers and body."""
        return self.client.run("curl", "-sS", "-i", "-m", "20", f"http://{EDGE}:8080{path}", *arguments)


@pytest.fixture(scope="session")
def network():
    network = Network.__new__(Network)
    try:
        network.__init__()
        yield network
    finally:
        network.remove()


class Ledger:
    """A load from the client during a fault of a host, and the check of each request's outcome afterwards."""

    def __init__(self, network: Network, what: str):
        self.network, self.what = network, what

    def __enter__(self):
        command = [sys.executable, Path(__file__).with_name("ledger.py"), "--address", EDGE, "--secret", self.network.secret, "--run", str(time.monotonic_ns())]
        self.program = self.network.client.start(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.program.stdout.readline() == "started\n"
        time.sleep(1)
        return self

    def __exit__(self, kind, *_):
        time.sleep(1)
        out, _ = self.program.communicate(timeout=90)
        if kind:
            return
        result = json.loads(out)
        self.reads, self.writes, self.mistakes = result["reads"], result["writes"], result["mistakes"]
        COUNTS.append(f"{self.what}: " + ", ".join(
            f"{calls['sent']} {name}, {calls['failed']} failed ({calls['unknown']} unknown), slowest {calls['slowest']} s"
            for name, calls in (("reads", self.reads), ("writes", self.writes))) + f"; lost or doubled {len(self.mistakes)}")
        assert not self.mistakes, self.mistakes[:5]
        assert self.reads["sent"] > 100 and self.writes["sent"] > 100, COUNTS[-1]


@pytest.fixture
def ledger(network):
    return lambda what: Ledger(network, what)


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("seen")
    for line in COUNTS:
        terminalreporter.write_line(line)
