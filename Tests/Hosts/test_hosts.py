"""Several application hosts behind an edge nginx: what they know of a client, and the effects of a lost host.

During each fault clients create, change, delete and read. No acknowledged write is lost, none is made twice.
"""

import base64
import hashlib
import hmac
import json
import time

from network import CLIENT


def authorization(network, user: str) -> list[str]:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = part(b'{"alg":"HS256"}') + "." + part(json.dumps({"sub": user, "exp": int(time.time()) + 600}).encode())
    return ["-H", f"Authorization: Bearer {signed}.{part(hmac.digest(network.secret.encode(), signed.encode(), hashlib.sha256))}"]


def log_of(host) -> list[dict]:
    return [json.loads(line) for line in (host.home / "nginx/access.log").read_text().splitlines()]


def test_requests_go_to_each_host_with_the_client_s_own_address(network):
    for _ in range(8):
        network.curl("/health", "-H", "X-Forwarded-For: 192.0.2.1", "-H", "X-Real-IP: 192.0.2.1")
    time.sleep(1.5)
    for host in network.hosts:
        seen = [line["client"] for line in log_of(host) if line["request"] == "GET /health" and line["client"] not in (host.gateway, "127.0.0.1")]
        assert seen == [CLIENT] * 4, seen


def test_bodies_lists_and_errors_pass_unchanged(network):
    mine = authorization(network, "passing")
    body = json.dumps({"title": "t", "description": "é" * 1000})
    for _ in range(12):
        created = network.curl("/api/passing/tasks", *mine, "-H", "Content-Type: application/json", "-d", body)
        assert created.startswith("HTTP/1.1 201") and "é" * 1000 in created and "location: /api/passing/tasks/" in created.lower()
    compressed = network.curl("/api/passing/tasks", *mine, "--compressed", "-H", "Origin: http://localhost:3000")
    head, _, listed = compressed.partition("\n\n")
    names = [line.partition(":")[0].lower() for line in head.splitlines()[1:]]
    assert len(json.loads(listed)) == 12 and "content-encoding: gzip" in head.lower()
    for name in ("x-request-id", "x-content-type-options", "access-control-allow-origin", "cache-control"):
        assert names.count(name) == 1, head
    missing = network.curl("/api/passing/tasks/99", *mine)
    assert missing.startswith("HTTP/1.1 404") and '"Task not found"' in missing
    # The first error is a host's, the second the edge's.
    network.client.run("sh", "-c", "head -c 1100000 /dev/zero >/tmp/todo-too-large")
    too_large = network.curl("/api/passing/tasks", *mine, "--data-binary", "@/tmp/todo-too-large")
    network.client.run("rm", "/tmp/todo-too-large")
    assert too_large.startswith("HTTP/1.1 413") and '"The request body is too large"' in too_large and "nosniff" in too_large


def test_a_killed_host_loses_only_the_writes_under_way(network, ledger):
    host = network.hosts[1]
    with ledger("a host killed (SIGKILL of nginx and pool)") as seen:
        host.kill()
        time.sleep(3)
    host.up(**host.settings)
    assert seen.reads["failed"] == 0, seen.reads
    assert seen.writes["failed"] == seen.writes["unknown"] <= 8, seen.writes


def test_a_host_that_is_taken_out_first_loses_no_request(network, ledger):
    host = network.hosts[1]
    with ledger("a host taken out, stopped, started, put back") as seen:
        network.edge_nginx.take_out(host)
        host.deploy("nginx_stop; pool_stop")
        host.up(**host.settings)
        network.edge_nginx.take_out(None)
    assert seen.reads["failed"] == seen.writes["failed"] == 0, (seen.reads, seen.writes)


def test_a_host_without_power_delays_reads_and_loses_only_the_writes_under_way(network, ledger):
    host = network.hosts[1]
    with ledger("power cut (link down)") as seen:
        network.edge_nginx.set_link(host, "down")
        time.sleep(18)
        network.edge_nginx.set_link(host, "up")
    host.wait_until_reached()
    assert seen.reads["failed"] == 0, seen.reads
    assert seen.writes["failed"] == seen.writes["unknown"] <= 16, seen.writes
    assert seen.reads["slowest"] < 17 and seen.writes["slowest"] < 17


def test_a_host_without_a_pool_loses_no_read(network, ledger):
    host = network.hosts[1]
    with ledger("a pool killed, its nginx alive") as seen:
        host.kill_pool()
        time.sleep(3)
    host.up(**host.settings)
    assert seen.reads["failed"] == 0, seen.reads
    # The edge sends it a write once in two seconds; its 502 says that nothing was done.
    assert seen.writes["failed"] <= 16, seen.writes
