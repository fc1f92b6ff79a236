"""Additional programs for tests: workers with another database URL, and network namespaces that can be cut off."""

import os
import pwd
import subprocess
import sys
import time
import uuid
from pathlib import Path

import fastcgi
import stack

FOLDER = os.path.dirname(stack.LISTEN_SOCKET)
DATABASE_SOCKET = f"{FOLDER}/.s.PGSQL.5432"


class Program:
    """A helper program, which prints one line when it is ready."""

    def __init__(self, script: str, *arguments: str, prefix: tuple[str, ...] = ()):
        command = [*prefix, sys.executable, Path(__file__).with_name(script), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.line = self.process.stdout.readline().strip()
        assert self.line, f"{script} did not start"

    def end(self):
        self.process.kill()
        self.process.wait()


class Worker:
    """A worker outside of the pool, with the service's user."""

    def __init__(self, database: str, prefix: tuple[str, ...] = (), **settings: str):
        self.socket = f"{FOLDER}/{uuid.uuid4().hex[:8]}.sock"
        self.log = stack.HOME / "log" / f"{Path(self.socket).stem}.log"
        owner = pwd.getpwuid(os.stat(stack.HOME).st_uid)
        drop = ()
        if os.getuid() == 0:
            drop = ("setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--init-groups")
        environment = {"PATH": os.environ["PATH"], "HOME": str(stack.HOME), "BETTER_AUTH_SECRET": stack.SECRET,
                       "DATABASE_URL": database, **settings}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([*prefix, *drop, stack.PROGRAM, "serve", "--listen", self.socket],
                                            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        stack.eventually("its socket", lambda: os.path.exists(self.socket))

    def call(self, method: str, target: str, **how) -> tuple[int, bytes]:
        with fastcgi.Connection(self.socket) as connection:
            return connection.call(method, target, **how)

    def seconds_to(self, method: str, target: str, status: int = 200, at_most: float = 20, **how) -> float:
        """The seconds until a repeated request has this status."""
        begun = time.monotonic()
        stack.eventually(f"{method} {target} is {status}; {self.log}", lambda: self.call(method, target, **how)[0] == status,
                         seconds=at_most)
        return time.monotonic() - begun

    def end(self) -> float:
        """Terminates it and returns the seconds until its exit."""
        begun = time.monotonic()
        self.process.terminate()
        self.process.wait(timeout=15)
        for path in (Path(self.socket), self.log):
            path.unlink(missing_ok=True)
        return time.monotonic() - begun


class Network:
    """Two network namespaces with a link between them: `near` for a worker, `far` for its database."""

    NEAR, FAR = "10.77.0.1", "10.77.0.2"

    def __init__(self):
        self.name = f"todo-{uuid.uuid4().hex[:8]}"
        self.near, self.far = f"{self.name}-near", f"{self.name}-far"
        for namespace in (self.near, self.far):
            self._ip("netns", "add", namespace)
        self._ip("-n", self.near, "link", "add", "veth0", "type", "veth", "peer", "name", "veth0", "netns", self.far)
        for namespace, address in ((self.near, self.NEAR), (self.far, self.FAR)):
            self._ip("-n", namespace, "address", "add", f"{address}/30", "dev", "veth0")
            for device in ("lo", "veth0"):
                self._ip("-n", namespace, "link", "set", device, "up")

    def at(self, namespace: str) -> tuple[str, ...]:
        """The command prefix that runs a program there."""
        return ("ip", "netns", "exec", namespace)

    def set_link(self, state: str):
        self._ip("-n", self.far, "link", "set", "veth0", state)

    def forget_connections(self, pid: int) -> int:
        """Drops all packets to a process's connections, as after a router's restart; returns their number."""
        ports = [int(line.split()[1].partition(":")[2], 16) for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
                 if line.split()[3] == "01"]
        for port in ports:
            self._ip("-n", self.far, "rule", "add", "ipproto", "tcp", "dport", str(port), "blackhole")
        return len(ports)

    def end(self):
        for namespace in (self.near, self.far):
            self._ip("netns", "del", namespace)

    @staticmethod
    def _ip(*arguments: str):
        subprocess.run(["ip", *arguments], check=True)
