"""A worker after 100,000 requests is as big as it was after 10,000, and it is small."""

import os
import re
import signal
import subprocess
from pathlib import Path

import stack

SCRIPT = Path(__file__).with_name("mixed.lua")


def requests_of_all_kinds(user, at_least: int) -> int:
    """Sends requests with wrk until there were so many; says how many there were."""
    done = 0
    while done < at_least:
        command = ["wrk", "-t1", "-c32", "-d2s", "-s", SCRIPT, stack.BASE_URL, "--", user.tasks, user.token]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        done += int(re.search(r"(\d+) requests in", out)[1])
        errors = re.search(r"unexpected=(\d+)", out)
        assert errors and errors[1] == "0" and "Socket errors" not in out, out
    return done


def test_a_worker_does_not_grow(user):
    for n in range(20):
        user.create(f"Task {n}", description="x" * 100)
    # New ones, which no other test has fed.
    for pid in stack.wait_for_pool():
        os.kill(pid, signal.SIGTERM)
        stack.eventually("it ends", lambda pid=pid: not stack.is_running(pid))
    workers = stack.wait_for_pool()
    first = requests_of_all_kinds(user, 10_000)
    before = {pid: stack.memory(pid) for pid in workers}
    second = requests_of_all_kinds(user, 100_000 - first)
    after = {pid: stack.memory(pid) for pid in workers}
    print(f"KiB after {first} requests: {before}; after {first + second}: {after}")
    assert stack.workers() == workers
    # The biggest of them: which worker gets how many of the first requests is chance.
    assert max(after.values()) <= max(before.values()) + 512, (before, after)
    assert max(after.values()) < 20 * 1024
