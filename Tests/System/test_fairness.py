"""A heavy load of one owner does not slow down other owners."""

import contextlib
import re
import subprocess
import time

import pytest

import stack

SHORT = "case when n % 4 > 0 then 'Two litres of the barista kind, and the dark rye from the corner.' end"
HEAVY = {
    "searches through 25,000 tasks, 8 at once": (25_000, SHORT, "?search=zzzz", 8),
    "lists of 2,000 tasks of 1 KB, 16 at once": (2_000, "repeat('A long note. ', 75)", "", 16),
}


@pytest.fixture
def heavy_owner(make_user):
    """Makes an owner with many tasks."""
    made = []

    def make(tasks: int, description: str):
        made.append(make_user("heavy-"))
        stack.insert_tasks(made[-1].name, tasks, "'Buy oat milk and bread, trip ' || n", description)
        return made[-1]

    yield make
    for owner in made:
        stack.remove_owner(owner.name)


@contextlib.contextmanager
def load(owner, query: str, connections: int, seconds: int):
    """Sends an owner's request on that many connections without a pause; some must be answered."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-H", f"Authorization: Bearer {owner.token}",
               stack.BASE_URL + owner.path(query)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as wrk:
        time.sleep(1)
        yield
        out = wrk.communicate()[0]
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    served = int(re.search(r"(\d+) requests in", out)[1]) - int(refused[1] if refused else 0)
    assert served > 0, out


def times_of_reads(user, seconds: float, most: int = 400) -> list[float]:
    """The sorted durations of GETs of one task, one after the other with pauses."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end and len(times) < most:
        start = time.monotonic()
        user.call("GET", 1).expect(200)
        times.append(time.monotonic() - start)
        time.sleep(0.01)
    return sorted(times)


@pytest.mark.parametrize("tasks, description, query, connections", HEAVY.values(), ids=HEAVY.keys())
def test_requests_beside_a_heavy_owner_are_answered_at_once(heavy_owner, user, tasks, description, query, connections):
    user.create()
    owner = heavy_owner(tasks, description)
    with load(owner, query, connections, seconds=6):
        times = times_of_reads(user, seconds=4)
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    print(f"{len(times)} reads beside it: p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms")
    assert p50 < 0.05 and p99 < 0.5, (len(times), p50, p99)
