"""Unequal owners: how long others wait for one task beside an owner with a heavy load."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import data
import load
import machine
import neighbours
import stack

# Requests a second of other owners, the neighbours: a light load.
RATE = 100
# The targets beside either heavy owner, in milliseconds.
TARGETS = {"p50": 5.0, "p99": 50.0}


@dataclass(frozen=True)
class Heavy:
    """An owner with many tasks, and the request that it repeats."""
    name: str
    words: str
    tasks: int
    description: str
    workload: str
    connections: int


HEAVY = [
    Heavy("search", "?search=zzzz through 25,000 tasks, 8 connections", 25_000, data.DESCRIPTION, "search", 8),
    Heavy("list", "list of 2,000 tasks of 1 KB, 16 connections", 2_000, "repeat('A long note. ', 75)", "list", 16),
]


def duration(seconds: int) -> float:
    """The least duration of one round."""
    return 4 + (len(HEAVY) + 1) * (seconds + 4)


class Unequal:
    """1,000 owners with 20 tasks each, two heavy ones, and one round of measurements of them."""

    def __init__(self, owners: int, tasks: int):
        self.owners, self.tasks = owners, tasks
        self.roots = stack.roots()
        step = owners // RATE
        self.requests = [request(data.owner(number), 1 + number % tasks) for number in range(1, owners + 1, step)]

    def round(self, seconds: int) -> dict[str, dict]:
        """Neighbours alone, and beside each heavy owner."""
        data.load(self.owners, self.tasks)
        tokens = {}
        for number, heavy in enumerate(HEAVY, 1):
            # Beyond the owners that `data.load` has made.
            user = data.add_owner(10 * self.owners + number, heavy.tasks, heavy.description)
            tokens[heavy.name] = stack.HOME / f"tokens-{heavy.name}"
            tokens[heavy.name].write_text(f"R {user} {data.token(user)} -\n")
        found = {"none": self.measure(None, seconds, None)}
        for heavy in HEAVY:
            found[heavy.name] = self.measure(heavy, seconds, tokens[heavy.name])
        return found

    def measure(self, heavy: Heavy | None, seconds: int, tokens) -> dict:
        """The neighbours' latencies, and the heavy owner's rates meanwhile."""
        wait_until_quiet(self.requests[0])
        with ThreadPoolExecutor(1) as beside:
            if heavy:
                its = beside.submit(load.wrk, stack.PORT, heavy.workload, heavy.connections, seconds + 2, tokens)
                time.sleep(1)
            before, started = machine.Usage(self.roots), time.monotonic()
            run = neighbours.ask(stack.PORT, self.requests, RATE, seconds)
            used = machine.Usage(self.roots).since(before, time.monotonic() - started)
            run["worker_mib"] = machine.worker_memory(self.roots["workers"])
            if heavy:
                its = its.result()
                run["its_rate"] = (its["requests"] - its["refused"]) / its["seconds"]
                run["its_refusals"] = its["refused"] / its["seconds"]
        return {**run, **used}


def request(user: str, task: int) -> bytes:
    return (f"GET /api/{user}/tasks/{task} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {data.token(user)}\r\n\r\n").encode()


def wait_until_quiet(sample: bytes):
    """Waits until an earlier load has ended: a dozen requests in a row are answered at once."""
    for _ in range(10):
        if neighbours.ask(stack.PORT, [sample], 12, 1)["most"] < 100:
            return
    raise RuntimeError("the service does not come to rest after a load")


def cells(rounds: list[dict[str, dict]]) -> list[dict]:
    """The medians over the rounds."""
    words = {"none": "no heavy owner", **{heavy.name: heavy.words for heavy in HEAVY}}
    found = []
    for name in rounds[0]:
        runs = [one[name] for one in rounds]
        figures = [key for key in ("p50", "p99", "most", "its_rate", "its_refusals", "worker_mib", "others_share", "steal_share") if key in runs[0]]
        found.append({"beside": name, "words": words[name], **{key: statistics.median(run[key] for run in runs) for key in figures},
                      "errors": sum(run["refused"] + run["broken"] for run in runs), "requests": sum(run["requests"] for run in runs), "rounds": runs})
    return found


def met(cell: dict) -> bool:
    """Whether neighbours were answered as fast as they should be."""
    return not cell["errors"] and all(cell[name] < most for name, most in TARGETS.items())
