"""One machine for all tests of this folder, which depend on each other and run in order."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from machine import CHECKOUT, Machine  # noqa: E402

COUNTS: list[str] = []


@pytest.fixture(scope="session")
def machine():
    machine = Machine()
    yield machine
    machine.remove()


@pytest.fixture(scope="session")
def packages(machine) -> dict[str, Path]:
    """The package as deploy/package built it, the same program as the next version, and one that changes the schema."""
    built = Path(os.environ["TODO_PACKAGES"])
    found = {name: next((built / name).glob("*.deb")) for name in ("old", "new", "later")}
    machine.put(found["old"], f"/root/{found['old'].name}")
    for name, path in found.items():
        machine.put(path, f"/root/todo-fcgi_{name}.deb.kept")
    return found


@pytest.fixture(scope="session")
def handbook(machine):
    """Runs a drill of deploy/README.md unchanged, after the given lines."""
    text = (CHECKOUT / "deploy/README.md").read_text()
    drills = dict(re.findall(r"<!-- drill: ([^>]+) -->\n```sh\n(.*?)```", text, re.DOTALL))

    def run(name: str, before: str = "", **more) -> str:
        DRILLED.add(name)
        return machine.says(before + "\n" + drills[name], **more)

    run.names = set(drills)
    return run


DRILLED: set[str] = set()


class Load:
    """A load during a fault: clients in the machine's network, outside of its file system."""

    def __init__(self, machine: Machine, what: str, **options):
        self.machine, self.what, self.options = machine, what, options

    def __enter__(self):
        secret = self.machine.says("cat /etc/todo-fcgi/credentials/BETTER_AUTH_SECRET")
        command = [sys.executable, Path(__file__).with_name("load.py"), "--secret", secret]
        for name, value in self.options.items():
            command += [f"--{name}", value]
        self.written = self._written()
        self.program = self.machine.start_outside_program(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.program.stdout.readline() == "started\n"
        time.sleep(0.5)
        return self

    def __exit__(self, kind, *_):
        time.sleep(0.5)
        out, _ = self.program.communicate(timeout=60)
        if kind:
            return
        result = json.loads(out)
        self.reads, self.writes, self.seconds = result["reads"], result["writes"], result["seconds"]
        self.sent = self.reads["sent"] + self.writes["sent"]
        self.lost = self.reads["lost"] + self.writes["lost"]
        self.slowest = max(self.reads["slowest"], self.writes["slowest"])
        self.reasons = self.reads["reasons"] + self.writes["reasons"]
        self.stored = self._written() - self.written
        COUNTS.append(
            f"{self.what}: {self.sent} requests in {self.seconds} s, lost {self.reads['lost']} of {self.reads['sent']} reads"
            f" and {self.writes['lost']} of {self.writes['sent']} writes, slowest {self.slowest} s")
        # Every acknowledged write is stored, none twice.
        assert self.writes["answered"] <= self.stored <= self.writes["sent"], COUNTS[-1]

    def _written(self) -> int:
        return int(self.machine.sql("select count(*) from todo.tasks where owner_user_id like 'load-w%'") or 0)


@pytest.fixture
def load(machine):
    return lambda what, **options: Load(machine, what, **options)


@pytest.fixture(scope="session")
def count():
    return COUNTS.append


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("seen")
    for line in COUNTS:
        terminalreporter.write_line(line)


def pytest_runtest_makereport(item, call):
    # Later tests would only fail for the same reason.
    if call.when == "call" and call.excinfo and item.get_closest_marker("foundation"):
        item.session.shouldstop = f"{item.name} failed, and all later tests depend on it"


def pytest_configure(config):
    config.addinivalue_line("markers", "foundation: all later tests depend on it")
