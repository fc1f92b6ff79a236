"""Databases on another host: networks and name servers that fail silently. Needs root, for network namespaces."""

import signal
import time

import pytest

from beside import DATABASE_SOCKET, Network, Program, Worker


@pytest.fixture
def network():
    network = Network()
    yield network
    network.end()


@pytest.fixture
def far_database(network) -> str:
    """The URL of the stack's database at the other end of the link."""
    relay = Program("relay.py", "0.0.0.0", DATABASE_SOCKET, prefix=network.at(network.far))
    yield f"postgresql://todo_runtime@{network.FAR}:{relay.line}/todo"
    relay.end()


@pytest.fixture
def worker(network, far_database):
    worker = Worker(far_database, prefix=network.at(network.near))
    yield worker
    worker.end()


def test_silently_dead_connections_are_noticed_in_use(network, worker, user):
    user.create()
    read, write = ("GET", f"{user.tasks}/1"), ("POST", user.tasks)
    worker.seconds_to(*read, token=user.token)
    worker.seconds_to(*write, status=201, token=user.token, body=b'{"title":"x"}')
    assert network.forget_connections(worker.process.pid) >= 2
    took = worker.seconds_to(*read, token=user.token)
    print(f"reads after {took:.1f} s")
    assert took < 6
    assert worker.seconds_to(*write, status=201, token=user.token, body=b'{"title":"x"}') < 6 - took


def test_silently_dead_connections_are_noticed_when_idle(network, worker, user):
    user.create()
    worker.seconds_to("GET", f"{user.tasks}/1", token=user.token)
    network.forget_connections(worker.process.pid)
    time.sleep(6)
    assert worker.seconds_to("GET", f"{user.tasks}/1", token=user.token) < 1
    assert worker.seconds_to("POST", user.tasks, status=201, token=user.token, body=b'{"title":"x"}') < 1


@pytest.mark.parametrize("down", [3, 13])
def test_a_network_is_used_again_soon_after_an_outage(network, worker, user, down):
    user.create()
    worker.seconds_to("GET", f"{user.tasks}/1", token=user.token)
    network.set_link("down")
    time.sleep(down)
    network.set_link("up")
    for method, target, status, body in (("GET", f"{user.tasks}/1", 200, b""), ("POST", user.tasks, 201, b'{"title":"x"}')):
        took = worker.seconds_to(method, target, status=status, token=user.token, body=body)
        print(f"{method} after {took:.1f} s")
        assert took < 5


@pytest.fixture
def name_server(network):
    server = Program("nameserver.py", network.FAR, prefix=network.at(network.far))
    yield server
    server.end()


@pytest.fixture
def worker_by_name(network, far_database, name_server, tmp_path):
    """A worker whose database URL has a host name, and whose only name server is the test's."""
    (tmp_path / "resolv.conf").write_text(f"nameserver {network.FAR}\n")
    mounted = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf; exec "$@"', str(tmp_path / "resolv.conf"))
    worker = Worker(far_database.replace(network.FAR, "db.example"), prefix=(*network.at(network.near), *mounted))
    yield worker
    worker.end()


def test_a_silent_name_server_delays_only_database_requests(worker_by_name, name_server, user):
    user.create()
    slowest = 0.0
    end = time.monotonic() + 8
    while time.monotonic() < end:
        begun = time.monotonic()
        assert worker_by_name.call("GET", "/health")[0] == 200
        slowest = max(slowest, time.monotonic() - begun)
        time.sleep(0.05)
    print(f"the slowest /health took {slowest:.3f} s")
    assert slowest < 0.5
    # The resolver sends its question again after five seconds.
    name_server.process.send_signal(signal.SIGUSR1)
    worker_by_name.seconds_to("GET", f"{user.tasks}/1", token=user.token)


def test_a_silent_name_server_does_not_delay_the_exit(worker_by_name):
    assert worker_by_name.call("GET", "/health")[0] == 200
    assert worker_by_name.end() < 2
