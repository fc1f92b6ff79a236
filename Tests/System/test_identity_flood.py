"""Floods of distinct bad tokens: memory and latency stay flat, regular users stay in the cache, the issuer is left alone.

IDENTITY_FLOOD_SECONDS=120 makes each last that long, for figures."""

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
    """Milliseconds of a regular user's requests, one every five."""
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


@pytest.mark.parametrize("kind", ["garbage", "wrong signatures", "unknown keys"])
def test_attack_a_flood_of_distinct_bad_tokens_leaves_memory_and_latency_flat(issuer, kind):
    token = issuer.token("ada", exp=int(time.time()) + 3600)
    for _ in range(50):
        get(token, "ada").expect(200)
    # 24 bytes: the kid's text begins at a multiple of three.
    head = {"unknown keys": '{"alg":"EdDSA",  "kid":"'}.get(kind, '{"alg":"EdDSA","kid":"first"}')
    payload = json.dumps(issuer.claims("ada", exp=int(time.time()) + 3600))
    fetches = len(issuer.requests)
    wrk = subprocess.Popen(
        ["wrk", "-t2", "-c32", f"-d{SECONDS}s", "-s", Path(__file__).with_name("flood.lua"), stack.BASE_URL, "--",
         "/api/ada/tasks", kind, encoded(head.encode()), encoded(payload.encode())], stdout=subprocess.PIPE, text=True)
    # Memory counts from when every buffer was used once.
    early = latencies(token, SECONDS / 3)
    before = [stack.memory(pid) for pid in stack.wait_for_pool()]
    late = latencies(token, SECONDS / 2)
    after = [stack.memory(pid) for pid in stack.wait_for_pool()]
    out = wrk.communicate(timeout=SECONDS + 30)[0]
    requests, others = map(int, re.search(r"requests=(\d+) others=(\d+)", out).groups())
    print(f"\n{kind}: {requests} tokens in {SECONDS} s, {others} not refused; a regular user's median "
          f"{statistics.median(early):.2f} then {statistics.median(late):.2f} ms, p99 {p99(early):.1f} then "
          f"{p99(late):.1f} ms; memory {before} then {after} KiB; fetches {len(issuer.requests) - fetches}")
    assert requests > 500 * SECONDS and others == 0
    assert max(after) - max(before) < 1024 and max(after) < 16_000
    assert statistics.median(late) < statistics.median(early) * 2 + 5 and p99(late) < 250
    assert len(issuer.requests) - fetches <= stack.pool_size() * (1 + SECONDS // 30)
    # Nobody was pushed out: the regular user's token needs no signature work afterwards either.
    get(token, "ada").expect(200)


def test_a_flood_is_over_when_it_is_over(issuer):
    token = issuer.token("ada")
    times = latencies(token, 1)
    assert p99(times) < 50
