"""The memory of a worker after 100,000 requests is small and the same as after 10,000, also with the longest lists."""

import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import stack
import web

SCRIPT = Path(__file__).with_name("mixed.lua")


def requests_of_all_kinds(user, at_least: int) -> int:
    """Sends at least so many requests with wrk; returns their number."""
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
    # New workers, without other tests' requests.
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
    # The largest of them: the share of each worker in the first requests is random.
    assert max(after.values()) <= max(before.values()) + 512, (before, after)
    assert max(after.values()) < 20 * 1024


LONGEST = 25_000


@pytest.fixture
def longest_list(make_user):
    """Makes an owner with 25,000 tasks of the greatest length: an answer of 124 MB."""
    made = []

    def make(prefix: str = "longest-"):
        made.append(make_user(prefix))
        stack.insert_tasks(made[-1].name, LONGEST, "repeat('\U0001F4DD', 200)", "repeat('\U0001F96C', 1000)")
        return made[-1]

    yield make
    for owner in made:
        stack.remove_owner(owner.name)


def test_the_longest_list_to_two_clients_at_once_takes_little_memory(longest_list):
    owner = longest_list()
    owner.list("?limit=100")
    workers = stack.wait_for_pool()
    for pid in workers:
        stack.forget_peak_memory(pid)
    before = {pid: stack.peak_memory(pid) for pid in workers}

    def ids(_) -> list[int]:
        return [task["id"] for task in web.call("GET", owner.tasks, token=owner.token).expect(200).json()]

    with ThreadPoolExecutor(2) as clients:
        answers = list(clients.map(ids, range(2)))
    assert stack.workers() == workers
    grown = {pid: stack.peak_memory(pid) - before[pid] for pid in workers}
    print(f"KiB more than the {before} before: {grown}")
    assert all(answer == list(range(LONGEST, 0, -1)) for answer in answers)
    assert max(grown.values()) <= 16 * 1024, grown


def test_a_list_whose_database_connection_breaks_never_ends_as_a_shorter_array(special_locations, longest_list):
    """The client sees that the answer is incomplete: the last chunk is missing."""
    owner = longest_list("unbuffered-")
    with web.Connection() as connection:
        connection.send(web.request("GET", owner.tasks, token=owner.token)).wait_for(1 << 16)
        assert connection.buffer.startswith(b"HTTP/1.1 200 ")
        stack.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'todo_runtime'")
        with pytest.raises(web.NoAnswer):
            connection.read()
    stack.eventually("the service works", lambda: owner.call("GET", 1).status == 200, seconds=5)
