"""A Debian with systemd in a container, without a network except its loopback."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
# The bare system with the packages to install, kept between runs; see deploy/test-systemd.
BASE = Path(os.environ.get("TODO_SYSTEMD_BASE", "/var/cache/todo-fcgi/systemd-base"))


def eventually(what: str, condition, seconds: float = 30, pause: float = 0.1):
    """The first true value of a condition, or a failure that names it."""
    until = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(pause)


class Machine:
    """Boots a temporary copy of the base, whose files are below `root`."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="todo-fcgi-machine-", dir="/var/tmp"))
        self.root = self.folder / "root"
        for name in ("root", "upper", "work"):
            (self.folder / name).mkdir()
        layers = f"lowerdir={BASE},upperdir={self.folder}/upper,workdir={self.folder}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, self.root], check=True)
        (self.root / "etc/hostname").write_text("tasks\n")
        self.console = (self.folder / "console").open("w")
        self.boot()

    def boot(self):
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "-q", "-D", self.root, "--boot", "--register=no", "--keep-unit", "--private-network",
             "--machine=tasks", "--console=pipe"],
            stdin=subprocess.DEVNULL, stdout=self.console, stderr=subprocess.STDOUT, start_new_session=True,
        )
        self.wait_for_boot()

    @property
    def leader(self) -> int:
        """The pid, outside, of the machine's first process."""
        children = Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
        assert children, f"the machine ended: {(self.folder / 'console').read_text()[-2000:]}"
        leader = int(children[0])
        # Before it has namespaces of its own, a command would run on this system.
        for kind in ("pid", "mnt", "net"):
            there, here = (os.readlink(f"/proc/{which}/ns/{kind}") for which in (leader, "self"))
            assert there != here, "the machine has no namespaces yet"
        return leader

    def wait_for_boot(self):
        def state():
            try:
                return self.run("systemctl is-system-running", check=False).stdout.strip() in ("running", "degraded")
            except (AssertionError, subprocess.SubprocessError, OSError):
                return False

        eventually("the machine has booted", state, 60)

    def run(self, script: str, *, check: bool = True, seconds: float = 180, **more) -> subprocess.CompletedProcess:
        """Runs a shell script as root of the machine."""
        done = subprocess.run(self._command(script), text=True, capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL, **more)
        if check:
            assert done.returncode == 0, f"{script}\nended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def _command(self, script: str) -> list[str]:
        return ["nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root",
                "--wdns=/root", "env", "-i", "HOME=/root", "LC_ALL=C.UTF-8", "TERM=dumb", "DEBIAN_FRONTEND=noninteractive",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "bash", "-euc", script]

    def says(self, script: str, **more) -> str:
        return self.run(script, **more).stdout.strip()

    def start_inside(self, script: str, **more) -> subprocess.Popen:
        """Starts a shell script as root of the machine."""
        return subprocess.Popen(self._command(script), text=True, stdin=subprocess.DEVNULL, **more)

    def start_outside_program(self, command: list, **more) -> subprocess.Popen:
        """Starts a program of this system in the machine's network."""
        return subprocess.Popen(["nsenter", f"--target={self.leader}", "--net", *map(str, command)], text=True, **more)

    def put(self, source: Path, place: str):
        """Copies a file into the machine, by /proc: the machine's /tmp is not below `root`."""
        target = Path(f"/proc/{self.leader}/root") / place.lstrip("/")
        shutil.copy(source, target)

    def put_text(self, place: str, text: str, mode: int = 0o644):
        """Writes a file in there."""
        target = Path(f"/proc/{self.leader}/root") / place.lstrip("/")
        target.write_text(text)
        target.chmod(mode)

    # ---- the pool ----

    def workers(self) -> dict[str, int]:
        """The pid, inside, of each worker that runs, by its unit."""
        units = self.says("systemctl list-units --plain --no-legend --state=active 'todo-fcgi@*.service' | cut -d' ' -f1")
        return {unit: int(self.says(f"systemctl show -p MainPID --value {unit}")) for unit in units.split()}

    def sql(self, text: str) -> str:
        return self.says(f"cd /; setpriv --reuid=postgres --regid=postgres --init-groups psql -XAtqd todo <<'SQL'\n{text}\nSQL")

    def reboot(self):
        self.run("systemctl --no-block reboot", check=False)
        # With --keep-unit, systemd-nspawn exits and the caller starts it again.
        assert self.nspawn.wait(90) == 133
        self.boot()

    def _leader_or_none(self):
        try:
            return self.leader
        except (AssertionError, OSError):
            return None

    def remove(self):
        """Ends the machine and removes its files."""
        try:
            leader = self._leader_or_none()
            if leader:
                # systemd's signal for halt.
                os.kill(leader, signal.SIGRTMIN + 4)
            self.nspawn.wait(30)
        except (subprocess.TimeoutExpired, OSError):
            self.nspawn.kill()
            self.nspawn.wait()
        self.console.close()
        subprocess.run(["umount", "-l", self.root], check=False)
        if os.environ.get("TODO_KEEP_MACHINE"):
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
