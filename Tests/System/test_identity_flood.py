"""Floods of distinct bad tokens: memory and latency stay flat, regular users stay cached, and the issuer gets no fetches.

IDENTITY_FLOOD_SECONDS=120 makes each that long, for measurements."""

import itertools
import json
import os
import re
import statistics
import subprocess
import time
from pathlib import Path

import pytest

import stack
import web
from identity import get
from issuer import Issuer, Key, follow, restart_pool
from tokens import encoded

SECONDS = int(os.environ.get("IDENTITY_FLOOD_SECONDS", "6"))


@pytest.fixture(scope="module")
def issuer():
    issuer = Issuer()
    issuer.keys = [Key("first")]
    follow(issuer, TODO_LOG_LEVEL="warning")
    yield issuer
    issuer.stop()
    restart_pool()


def latencies(token: str, seconds: float) -> list[float]:
    """Durations of a regular user's requests, one every five milliseconds."""
    times, end = [], time.monotonic() + seconds
    with web.Connection() as connection:
        while time.monotonic() < end:
            start = time.monotonic()
            connection.call("GET", "/api/ada/tasks/1", token=token).expect(404)
            times.append((time.monotonic() - start) * 1000)
            time.sleep(0.005)
    return times


def p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


class Flood:
    """32 connections that send without a pause, and a regular user beside them."""

    def __init__(self, kind: str, token: str, head: str = "", payload: str = ""):
        wrk = subprocess.Popen(
            ["wrk", "-t2", "-c32", f"-d{SECONDS}s", "-s", Path(__file__).with_name("flood.lua"), stack.BASE_URL, "--",
             "/api/ada/tasks", kind, head, payload], stdout=subprocess.PIPE, text=True)
        # Memory is measured after every buffer was used once.
        self.early = latencies(token, SECONDS / 3)
        self.before = [stack.memory(pid) for pid in stack.wait_for_pool()]
        self.late = latencies(token, SECONDS / 2)
        self.after = [stack.memory(pid) for pid in stack.wait_for_pool()]
        out = wrk.communicate(timeout=SECONDS + 30)[0]
        self.requests, self.others = map(int, re.search(r"requests=(\d+) others=(\d+)", out).groups())
        print(f"\n{kind}: {self.requests} in {SECONDS} s, {self.others} answered otherwise than expected; a regular user's median "
              f"{statistics.median(self.early):.2f} then {statistics.median(self.late):.2f} ms, p99 {p99(self.early):.1f} then "
              f"{p99(self.late):.1f} ms; memory {self.before} then {self.after} KiB")


@pytest.fixture(scope="module")
def ordinary(issuer) -> Flood:
    """The effect of as many requests of regular users: the reference for the floods."""
    token = issuer.token("ada", exp=int(time.time()) + 3600)
    for _ in range(50):
        get(token, "ada").expect(200)
    return Flood("ordinary requests", token, token)


@pytest.mark.parametrize("kind", ["garbage", "wrong signatures", "unknown keys"])
def test_attack_a_flood_of_distinct_bad_tokens_leaves_memory_and_latency_flat(issuer, ordinary, kind):
    token = issuer.token("ada", exp=int(time.time()) + 3600)
    for _ in range(50):
        get(token, "ada").expect(200)
    # 24 bytes: the text of the kid begins at a multiple of three.
    head = {"unknown keys": '{"alg":"EdDSA",  "kid":"'}.get(kind, '{"alg":"EdDSA","kid":"first"}')
    payload = json.dumps(issuer.claims("ada", exp=int(time.time()) + 3600))
    fetches = len(issuer.requests)
    flood = Flood(kind, token, encoded(head.encode()), encoded(payload.encode()))
    print(f"fetches {len(issuer.requests) - fetches}")
    assert flood.requests > 500 * SECONDS and flood.others == 0
    assert max(flood.after) - max(flood.before) < 1024 and max(flood.after) < 16_000
    # No worse than as many ordinary requests, with a tolerance for busy machines.
    assert statistics.median(flood.late) < statistics.median(ordinary.late) * 3 + 5
    assert p99(flood.late) < p99(ordinary.late) * 3 + 50
    assert len(issuer.requests) - fetches <= stack.pool_size() * (1 + SECONDS // 30)
    # No eviction: the regular user's token is still cached afterwards.
    get(token, "ada").expect(200)


def test_attack_a_flood_of_forged_tokens_does_not_delay_a_refreshed_one(issuer):
    """256 connections send forged tokens with another user's id. A user with a recently verified token sends a new one
    each time, as after a refresh, and is verified first; a new user's token waits among the forged ones."""
    refreshed = (issuer.token("ada", exp=int(time.time()) + 3600, jti=f"{number}") for number in itertools.count())
    web.at_once([web.request("GET", "/api/ada/tasks", token=next(refreshed)) for _ in range(50)])
    payload = encoded(json.dumps(issuer.claims("stranger", exp=int(time.time()) + 3600)).encode())
    flood = subprocess.Popen(
        ["wrk", "-t2", "-c256", f"-d{SECONDS}s", "-s", Path(__file__).with_name("flood.lua"), stack.BASE_URL, "--", "/api/stranger/tasks",
         "wrong signatures", encoded(b'{"alg":"EdDSA","kid":"first"}'), payload], stdout=subprocess.PIPE, text=True)
    times = {"known": [], "new": []}
    time.sleep(SECONDS / 6)
    end = time.monotonic() + SECONDS / 2
    with web.Connection() as connection:
        for number in itertools.count():
            for kind, user, token in (("known", "ada", next(refreshed)), ("new", f"new-{number}", issuer.token(f"new-{number}"))):
                start = time.monotonic()
                connection.call("GET", f"/api/{user}/tasks/1", token=token).expect(404)
                times[kind].append((time.monotonic() - start) * 1000)
            if time.monotonic() > end:
                break
    assert flood.poll() is None, "the flood went on meanwhile"
    out = flood.communicate(timeout=SECONDS + 30)[0]
    requests, others = map(int, re.search(r"requests=(\d+) others=(\d+)", out).groups())
    known, new = statistics.median(times["known"]), statistics.median(times["new"])
    print(f"\n{requests} forged in {SECONDS} s: a new token of a known user {known:.1f} ms (p99 {p99(times['known']):.1f}), the first of a new one "
          f"{new:.1f} ms (p99 {p99(times['new']):.1f}); medians of {len(times['known'])}")
    assert requests > 500 * SECONDS and others == 0
    assert known < new / 2


def test_a_flood_has_no_effect_after_its_end(issuer):
    token = issuer.token("ada")
    times = latencies(token, 1)
    assert p99(times) < 50
