"""Two application hosts, an edge nginx and a client, each in a network namespace of its own on this machine.

Each host runs nginx and a pool, as deploy/up starts them. Both use the database of the first, over its unix socket,
which network namespaces do not separate. The edge has a link to each host and one to the client.
"""

import os
import shutil
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DEPLOY = CHECKOUT / "deploy"
# Settings of other copies are left out.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TODO_BINARY", "TODO_WORKERS")}
CLIENT, EDGE = "10.77.3.2", "10.77.3.1"
# One name a checkout, the same in each run, so that a run removes what a killed run has left.
NAME = f"todo-{zlib.crc32(bytes(CHECKOUT)):08x}"


def run(*command: object, **more) -> str:
    done = subprocess.run(list(map(str, command)), text=True, capture_output=True, stdin=subprocess.DEVNULL, **more)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


class Namespace:
    """A network namespace with only a loopback interface."""

    def __init__(self, name: str):
        self.name = f"{NAME}-{name}"
        if self.name in run("ip", "netns", "list").split():
            self.remove()
        run("ip", "netns", "add", self.name)
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *command: object, **more) -> str:
        return run("ip", "netns", "exec", self.name, *command, **more)

    def start(self, *command: object, **more) -> subprocess.Popen:
        return subprocess.Popen(["ip", "netns", "exec", self.name, *map(str, command)], text=True, **more)

    def remove(self):
        run("ip", "netns", "delete", self.name)


def link(here: Namespace, its_address: str, there: Namespace, address: str, name: str):
    """A link between two namespaces, with the device `name` at both ends."""
    here.run("ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns", there.name)
    for end, its in ((here, its_address), (there, address)):
        end.run("ip", "address", "add", f"{its}/24", "dev", name)
        end.run("ip", "link", "set", name, "up")


class Host:
    """An application host."""

    def __init__(self, name: str, edge: Namespace, number: int):
        self.name, self.edge = name, edge
        self.address, self.gateway = f"10.77.{number}.2", f"10.77.{number}.1"
        self.home = CHECKOUT / f".local-test-hosts-{name}"
        self.purge()
        self.namespace = Namespace(name)
        link(edge, self.gateway, self.namespace, self.address, f"to-{name}")

    def up(self, **settings: str):
        """Runs deploy/up; then nginx listens on the host's address as well and trusts the edge."""
        environment = ENVIRONMENT | {"TODO_HOME": str(self.home), "TODO_PORT": "8080"} | settings
        self.settings = settings
        self.namespace.run(DEPLOY / "up", env=environment)
        (self.home / "nginx/todo-fcgi/server.d/network.conf").write_text(
            f"listen {self.address}:8080 backlog=4096;\nset_real_ip_from {self.gateway};\nreal_ip_header X-Forwarded-For;\n")
        self.deploy("nginx_command -s reload")
        self.wait_until_reached()

    def wait_until_reached(self):
        until = time.monotonic() + 10
        while subprocess.run(["ip", "netns", "exec", self.edge.name, "curl", "-sfo", "/dev/null", "-m", "1", f"http://{self.address}:8080/health"]).returncode:
            assert time.monotonic() < until, f"{self.name} is not reached at {self.address}"
            time.sleep(0.1)

    def deploy(self, commands: str) -> str:
        """Runs functions of the deploy scripts for this host."""
        script = f'. "{DEPLOY}/lib/all.sh"; resolve_paths; {commands}'
        environment = ENVIRONMENT | {"TODO_HOME": str(self.home), "TODO_PORT": "8080"} | self.settings
        return self.namespace.run("bash", "-c", script, env=environment)

    def env(self) -> dict[str, str]:
        out = run("bash", "-c", 'set -a; . "$1"; env -0', "bash", self.home / "env")
        return dict(line.split("=", 1) for line in out.split("\0") if "=" in line)

    def kill(self):
        """Ends nginx and the pool at once; the link stays, so that connections are refused."""
        master = int((self.home / "nginx/nginx.pid").read_text())
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        self.kill_pool()
        run("kill", "-KILL", master, *children)

    def kill_pool(self):
        self.deploy('kill -KILL "$(read_pid "$home/run/workers.pid")" $(pool_workers)')

    def purge(self):
        if self.home.exists():
            run(DEPLOY / "down", "--purge", env=ENVIRONMENT | {"TODO_HOME": str(self.home)})

    def remove(self):
        self.purge()
        self.namespace.remove()


class EdgeNginx:
    """The edge nginx, with the repository's nginx.conf and the parts for hosts instead of those for a pool."""

    def __init__(self, namespace: Namespace, hosts: list[Host]):
        self.namespace, self.hosts = namespace, hosts
        self.folder = Path(tempfile.mkdtemp(prefix="todo-fcgi-front-"))
        parts = self.folder / "todo-fcgi"
        for name in ("main.d", "headers.d"):
            (parts / name).mkdir(parents=True)
        for name in ("common-http", "common-server", "hosts-http", "hosts-server"):
            shutil.copy(DEPLOY / f"nginx/{name}.conf", parts)
        (self.folder / "nginx.conf").write_text((CHECKOUT / "nginx.conf").read_text().replace("todo-fcgi/pool-", "todo-fcgi/hosts-"))
        (parts / "main.d/user.conf").write_text("user root;\n")
        (parts / "listen.conf").write_text("listen 8080 backlog=4096;\n")
        (parts / "origins.conf").write_text('"http://localhost:3000" "http://localhost:3000";\n')
        (parts / "headers.d/nosniff.conf").write_text("add_header X-Content-Type-Options nosniff always;\n")
        self.write_hosts()
        self.nginx()

    def nginx(self, *arguments: str):
        self.namespace.run("nginx", "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", self.folder / "error.log", *arguments)

    def write_hosts(self, down: Host | None = None):
        """Writes hosts.conf as deploy/nginx/edge.conf recommends; one host may be marked down."""
        (self.folder / "todo-fcgi/hosts.conf").write_text("".join(
            f"server {host.address}:8080 max_fails=1 fail_timeout=2s{' down' if host is down else ''};\n" for host in self.hosts))

    def take_out(self, host: Host | None):
        """Takes a host out and waits until its requests are answered; None puts all hosts back."""
        self.write_hosts(down=host)
        master = int((self.folder / "nginx.pid").read_text())
        before = set(self._processes(master))
        self.nginx("-s", "reload")
        until = time.monotonic() + 20
        while before & set(self._processes(master)):
            assert time.monotonic() < until, "nginx did not reload"
            time.sleep(0.05)

    def _processes(self, master: int) -> list[str]:
        return Path(f"/proc/{master}/task/{master}/children").read_text().split()

    def set_link(self, host: Host, state: str):
        """Sets a host's link `down`, so that it does not answer any more, or `up`."""
        self.namespace.run("ip", "link", "set", f"to-{host.name}", state)

    def remove(self):
        if (self.folder / "nginx.pid").exists():
            self.nginx("-s", "quit")
        shutil.rmtree(self.folder, ignore_errors=True)
