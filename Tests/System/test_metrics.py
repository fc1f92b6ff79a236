"""Metrics, logs, `todo-fcgi status` and readiness."""

import hmac
import json
import os
import re
import select
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
import uuid

import pytest

import fastcgi
import metrics
import stack
import tokens
import web

MONITORING = stack.CHECKOUT / "deploy" / "monitoring"
WORKERS_LOG = stack.HOME / "log" / "workers.log"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Watched:
    """The pool, restarted with metrics on a port and a JSON log."""

    def __init__(self):
        self.address = f"127.0.0.1:{free_port()}"
        self.log_start = 0

    def start(self):
        stack.deploy("pool_stop")
        self.log_start = WORKERS_LOG.stat().st_size
        stack.deploy("export DATABASE_URL BETTER_AUTH_SECRET TODO_LOG_FORMAT=json TODO_SERVER_TIMING=on TODO_USER_HASH=on TODO_SLOW_REQUEST=0.3; "
                     f"metrics_listen={self.address}; pool_start")
        stack.wait_for_pool()
        self.wait()

    def numbers(self) -> metrics.Numbers:
        return metrics.Numbers(self.address)

    def wait(self, seconds: float = 3) -> metrics.Numbers:
        """The metrics, as soon as a worker serves them."""
        def answer():
            try:
                return self.numbers()
            except OSError:
                return None
        return stack.eventually("the metrics address", answer, seconds)

    def log(self) -> list[dict]:
        with WORKERS_LOG.open("rb") as file:
            file.seek(self.log_start)
            lines = file.read().decode().splitlines()
        # The other lines are multiwatch's.
        return [json.loads(line) for line in lines if not line.startswith(("Child[", "Spawning "))]


@pytest.fixture(scope="module")
def watched():
    pool = Watched()
    pool.start()
    stack.eventually("it is ready", lambda: web.call("GET", "/ready").status == 200)
    yield pool
    stack.deploy("pool_stop")
    stack.start_pool()
    stack.eventually("it is ready", lambda: web.call("GET", "/ready").status == 200)


@pytest.fixture
def database():
    yield
    stack.deploy("postgres_start")
    stack.eventually("it is ready", lambda: web.call("GET", "/ready").status == 200)


def test_deploy_up_makes_metrics_available_and_answers_have_no_server_timing(user):
    user.create()
    assert user.call("GET", "1").header("Server-Timing") is None
    numbers = metrics.Numbers(stack.SETTINGS["TODO_METRICS_LISTEN"])
    assert numbers.sum("todo_requests_total", route="read", status="200") >= 1
    assert numbers.sum("todo_workers") == stack.pool_size()
    assert os.stat(stack.SETTINGS["TODO_METRICS_FILE"]).st_mode & 0o007 == 0


# ---- numbers ----

def test_the_text_is_prometheus_format_and_lint_clean(watched):
    assert metrics.promtool("check", "metrics", stdin=watched.numbers().text) == ""


def test_every_request_is_counted_once_whichever_worker_answered_it(watched, make_user):
    users = [make_user() for _ in range(12)]
    before = watched.numbers()
    for user in users:
        user.create()
        user.create("another")
        user.list()
        user.read(1)
        user.call("GET", 9).expect(404)
        user.call("PUT", 1, json_body={"title": "x"}).expect(200)
        user.call("PATCH", "1/complete").expect(200)
        user.call("DELETE", 2).expect(204)
        user.call("POST", json_body={}).expect(422)
        user.call("GET", token="x.y.z").expect(401)
        user.call("GET", token=tokens.mint(tokens.claims(user.name, exp=1))).expect(401)
        user.request("GET", "/nowhere").expect(404)
        user.request("OPTIONS", user.tasks).expect(204)
        user.request("GET", "/health").expect(200)
    after = watched.numbers()
    expected = {
        ("create", "201"): 2, ("list", "200"): 1, ("read", "200"): 1, ("read", "404"): 1, ("update", "200"): 1, ("complete", "200"): 1, ("delete", "204"): 1,
        ("create", "422"): 1, ("list", "401"): 2, ("none", "404"): 1, ("preflight", "204"): 1, ("health", "200"): 1,
    }
    for (route, status), each in expected.items():
        labels = {"route": route, "status": status}
        assert after.sum("todo_requests_total", **labels) - before.sum("todo_requests_total", **labels) == each * len(users), labels
    total = sum(expected.values()) * len(users)

    def growth(name, **labels):
        return after.sum(name, **labels) - before.sum(name, **labels)

    assert growth("todo_requests_total") == total == growth("todo_request_duration_seconds_count") == growth("todo_worker_requests_total")
    for phase in ("queue", "verify", "database", "write"):
        assert growth("todo_request_phase_seconds_count", phase=phase) == 8 * len(users), "those that went to the database"
    assert growth("todo_write_batch_writes_sum") == 5 * len(users)
    assert growth("todo_token_refusals_total", reason="expired") == len(users) == growth("todo_token_refusals_total", reason="malformed")
    # The other workers publish their counts once a second.
    time.sleep(1.2)
    after = watched.numbers()
    assert growth("todo_token_cache_lookups_total") == 11 * len(users)
    assert after.sum("todo_token_cache_entries") >= len(users)


def test_histograms_are_consistent(watched, user):
    user.create()
    numbers = watched.numbers()
    groups: dict[tuple, list[tuple[float, float]]] = {}
    for name, labels, value in numbers.series:
        if name.endswith("_bucket"):
            key = (name.removesuffix("_bucket"), *sorted((k, v) for k, v in labels.items() if k != "le"))
            groups.setdefault(key, []).append((float(labels["le"]), value))
    assert len(groups) > 10
    for (name, *labels), buckets in groups.items():
        bounds, counts = zip(*buckets)
        assert list(bounds) == sorted(bounds) and bounds[-1] == float("inf")
        assert list(counts) == sorted(counts), name
        assert counts[-1] == numbers.sum(f"{name}_count", **dict(labels))


def test_under_load_no_request_is_missing_and_no_count_falls(watched, user):
    user.create()
    before = watched.numbers().sum("todo_requests_total", route="read")
    seen = [before]

    def look():
        seen.append(watched.numbers().sum("todo_requests_total", route="read"))

    load = web.Load(lambda n: web.request("GET", f"{user.tasks}/1", token=user.token)).run(4, {second / 10: look for second in range(1, 40)})
    assert not load.lost and set(load.statuses()) == {200}
    assert seen == sorted(seen) and len(set(seen)) > 20
    assert watched.numbers().sum("todo_requests_total", route="read") - before == len(load.answers)


def test_the_counts_of_a_killed_worker_stay_and_its_crash_is_counted(watched, make_user):
    users = [make_user() for _ in range(6)]
    for round in range(4):
        for user in users:
            user.create()
        before = watched.numbers()
        pid = int(before.labels("todo_worker_info", "pid")[-1])
        stack.send_signal(pid, signal.SIGKILL)
        stack.eventually("it is gone", lambda: not stack.is_running(pid))
        gone = watched.wait()
        stack.wait_for_pool()
        after = stack.eventually("all are counted", lambda: (now := watched.wait()).sum("todo_workers") == stack.pool_size() and now)
        for numbers in (gone, after):
            for name in ("todo_requests_total", "todo_request_duration_seconds_count", "todo_write_batch_writes_sum"):
                assert numbers.sum(name) == before.sum(name), name
            assert numbers.sum("todo_worker_crashes_total") == before.sum("todo_worker_crashes_total") + 1
        assert after.sum("todo_worker_starts_total") == before.sum("todo_worker_starts_total") + 1
        assert str(pid) not in after.labels("todo_worker_info", "pid")
        stack.eventually("it is ready", lambda: web.call("GET", "/ready").status == 200)


def test_a_worker_that_drains_is_no_crash_and_loses_no_count(watched, user):
    user.create()
    before = watched.numbers()
    for pid in stack.workers():
        stack.send_signal(pid, signal.SIGTERM)
        stack.eventually("it ends", lambda: not stack.is_running(pid))
    stack.wait_for_pool()
    after = stack.eventually("all are counted", lambda: (now := watched.wait()).sum("todo_workers") == stack.pool_size() and now)
    assert after.sum("todo_worker_crashes_total") == before.sum("todo_worker_crashes_total")
    assert after.sum("todo_worker_starts_total") == before.sum("todo_worker_starts_total") + stack.pool_size()
    assert after.sum("todo_requests_total", route="create") == before.sum("todo_requests_total", route="create")


def test_a_pool_that_is_stopped_and_started_has_not_crashed(watched, user):
    user.create()
    before = watched.numbers()
    watched.start()
    after = stack.eventually("all are counted", lambda: (now := watched.wait()).sum("todo_workers") == stack.pool_size() and now)
    assert after.sum("todo_worker_crashes_total") == before.sum("todo_worker_crashes_total")
    assert after.sum("todo_worker_starts_total") == before.sum("todo_worker_starts_total") + stack.pool_size()
    assert after.sum("todo_requests_total", route="create") == before.sum("todo_requests_total", route="create")
    stack.eventually("it is ready", lambda: web.call("GET", "/ready").status == 200)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_another_worker_takes_the_address_within_two_seconds(watched, name):
    for pid in stack.wait_for_pool():
        stack.send_signal(pid, getattr(signal, name))
        stack.eventually("it ends", lambda: not stack.is_running(pid))
        start = time.monotonic()
        watched.wait()
        assert time.monotonic() - start < 2
        stack.wait_for_pool()


def has_its_connections(numbers: metrics.Numbers) -> bool:
    """Whether all connections are ready, except those for heavy reads that were not needed yet."""
    state = {name: numbers.sum("todo_database_connections", state=name) for name in ("waiting", "connecting", "ready")}
    return state["waiting"] == state["connecting"] == 0 and state["ready"] >= 6 * stack.pool_size()


def test_database_connections_are_counted_by_state(watched, user, database):
    stack.eventually("all are ready", lambda: has_its_connections(watched.numbers()))
    before = watched.numbers()
    stack.deploy("postgres_stop")
    user.call("GET").expect(503)
    stack.eventually("none is ready", lambda: watched.numbers().sum("todo_database_connections", state="ready") == 0)
    assert watched.numbers().sum("todo_database_connections") == 8 * stack.pool_size()
    stack.deploy("postgres_start")
    stack.eventually("it works again", lambda: user.call("GET").status == 200)
    stack.eventually("they have reconnected", lambda: watched.numbers().sum("todo_database_reconnects_total") > before.sum("todo_database_reconnects_total"))
    assert watched.numbers().sum("todo_database_connection_losses_total") > before.sum("todo_database_connection_losses_total")


def test_the_length_of_the_listen_queue_is_reported(watched):
    numbers = watched.numbers()
    assert numbers.sum("todo_listen_queue_limit") > 0 and numbers.sum("todo_listen_queue_connections") == 0


# ---- the address ----

@pytest.mark.parametrize("data, status", [
    (b"GET /other HTTP/1.1\r\n\r\n", 404), (b"POST /metrics HTTP/1.1\r\n\r\n", 405), (b"nonsense\r\n\r\n", 400), (b"\x00\x01\x02\r\n\r\n", 400),
    (b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 10_000, 431), (b"GET /metrics HTTP/1.1\r\n\r\n", 200), (b"HEAD /metrics HTTP/1.1\r\n\r\n", 200),
])
def test_the_metrics_address_answers_any_bytes_and_delays_no_request(watched, user, data, status):
    host, _, port = watched.address.partition(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(data)
        answer = b""
        while part := connection.recv(1 << 16):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Connection: close" in head and (body == b"") == data.startswith(b"HEAD")
    user.call("GET").expect(200)


def test_silent_scrapers_do_not_block_others(watched, user):
    host, _, port = watched.address.partition(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(60)]
    try:
        start = time.monotonic()
        for _ in range(5):
            watched.numbers()
            user.call("GET").expect(200)
        assert time.monotonic() - start < 1
    finally:
        for connection in silent:
            connection.close()


@pytest.mark.parametrize("name, value", [
    ("TODO_METRICS_LISTEN", "0.0.0.0:9000"), ("TODO_METRICS_LISTEN", ":9000"), ("TODO_METRICS_LISTEN", "10.1.2.3:9000"), ("TODO_METRICS_LISTEN", "unix:here"),
    ("TODO_METRICS_FILE", "here"), ("TODO_LOG_FORMAT", "xml"), ("TODO_SERVER_TIMING", "1"),
])
def test_invalid_settings_are_refused_by_name(name, value):
    done = subprocess.run([stack.PROGRAM, "check"], env={**os.environ, **stack.SETTINGS, name: value}, text=True, capture_output=True)
    assert done.returncode == 1 and name in done.stderr and value not in done.stderr


def test_a_worker_serves_without_a_usable_metrics_file(tmp_path, user):
    """It counts for itself then, and logs that."""
    tmp_path.chmod(0o700)
    run = f"{os.path.dirname(stack.LISTEN_SOCKET)}/alone"
    stack.deploy(
        "export DATABASE_URL BETTER_AUTH_SECRET; "
        f"export TODO_METRICS_FILE=/proc/nowhere/metrics TODO_METRICS_LISTEN=unix:{run}.metrics; "
        f"as_service setsid --fork sh -c 'echo $$ >\"$2.pid\"; exec \"$1\" serve --listen \"$2.sock\"' sh \"$(pool_program)\" '{run}' >/dev/null 2>'{tmp_path}/log' </dev/null")
    stack.eventually("its socket", lambda: os.path.exists(f"{run}.metrics"))
    pid = int(open(f"{run}.pid").read())
    try:
        assert metrics.Numbers(f"unix:{run}.metrics").sum("todo_workers") == 1
        assert "TODO_METRICS_FILE" in (tmp_path / "log").read_text()
    finally:
        os.kill(pid, 15)
        stack.eventually("it ends", lambda: not stack.is_running(pid))
        subprocess.run(["rm", "-f", *(f"{run}.{end}" for end in ("pid", "sock", "metrics", "metrics.lock"))], check=True)


# ---- Prometheus ----

def expressions() -> list[tuple[str, str]]:
    """Every expression of the dashboard and the rules, with its name."""
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    found = [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel.get("targets", [])]
    found += [("annotation", one["expr"]) for one in dashboard["annotations"]["list"]]
    for rule in re.split(r"\n      - alert: ", (MONITORING / "rules.yml").read_text())[1:]:
        name, _, rest = rule.partition("\n")
        expr = re.search(r"expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)", rest)
        # The expression as written, threshold included.
        found.append((name, (expr[1] or expr[2]).strip()))
    return found


@pytest.fixture
def prometheus(watched, tmp_path):
    port = free_port()
    (tmp_path / "prometheus.yml").write_text(
        (MONITORING / "prometheus.yml").read_text().replace("127.0.0.1:9150", watched.address).replace("15s", "1s")
        .replace("rules.yml", str(MONITORING / "rules.yml")))
    metrics.promtool("check", "config", tmp_path / "prometheus.yml")
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data", f"--web.listen-address=127.0.0.1:{port}"],
            stdout=log, stderr=log)

    def query(expression: str) -> list[dict]:
        url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            document = json.load(answer)
        assert document["status"] == "success"
        return document["data"]["result"]

    def is_up():
        assert process.poll() is None, (tmp_path / "log").read_text()
        try:
            return query("up == 1")
        except OSError:
            return None

    try:
        stack.eventually("Prometheus scrapes", is_up, seconds=30)
        yield query
    finally:
        process.terminate()
        process.wait(20)


def test_prometheus_scrapes_it_and_each_expression_of_the_dashboard_has_a_result(prometheus, watched, user):
    user.create()
    for _ in range(60):
        user.create()
        user.list()
        user.call("GET", token="x").expect(401)
        time.sleep(0.1)
    time.sleep(2)
    assert float(prometheus("sum(todo_requests_total)")[0]["value"][1]) == watched.numbers().sum("todo_requests_total")
    empty = []
    for name, expression in expressions():
        expression = expression.replace("$__rate_interval", "1m").replace("$job", ".*")
        if not prometheus(expression):
            empty.append(name)
    alerts = {name for name, _ in expressions() if name.startswith("Todo")}
    # No alert fires, nothing has crashed, and there is no issuer in this stack.
    assert set(empty) - alerts <= {"annotation", "Age of the issuer's keys"}, empty
    firing = {result["metric"]["alertname"] for result in prometheus('ALERTS{alertstate="firing"}')}
    assert firing <= {"TodoCrashing"}, "that one is about the tests before"


def test_rules_are_valid_and_fire_when_they_should():
    assert "13 rules found" in metrics.promtool("check", "rules", MONITORING / "rules.yml")
    metrics.promtool("test", "rules", MONITORING / "rules_test.yml")


# ---- status ----

def status(*arguments: str, **settings: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TODO_")}
    return subprocess.run([stack.PROGRAM, "status", *arguments], env={**kept, **settings}, text=True, capture_output=True, timeout=20)


def test_status_shows_the_same_by_address_and_by_file(watched, user):
    user.create()
    count = f"{int(watched.numbers().sum('todo_requests_total', route='create', status='201')):,}"
    for settings in ({"TODO_METRICS_LISTEN": watched.address}, {"TODO_METRICS_FILE": stack.SETTINGS["TODO_METRICS_FILE"]}):
        done = status(**settings)
        assert done.returncode == 0, done.stderr
        row = next(line for line in done.stdout.splitlines() if line.split()[:1] == ["create"])
        assert count in row.split()
        assert f"{stack.pool_size()} workers" in done.stdout and "\x1b" not in done.stdout
        for pid in stack.workers():
            assert re.search(rf"^ +\d +{pid} ", done.stdout, re.M)
    assert "connections waiting to be accepted" in status("--address", watched.address).stdout


def test_status_watch_repeats(watched, user):
    user.create()
    command = [stack.PROGRAM, "status", "--watch", "--every", "1", "--address", watched.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            first = next(line for line in process.stdout)
            assert "last 0.5 s" in first
            web.Load(lambda n: web.request("GET", f"{user.tasks}/1", token=user.token), connections=4).run(2.5)
            until, rates = time.monotonic() + 6, []
            while time.monotonic() < until and len(rates) < 3:
                if select.select([process.stdout], [], [], 1)[0] and "requests " in (line := process.stdout.readline()) and "per second" in line:
                    rates.append(float(line.split()[1].replace(",", "")))
            assert max(rates) > 50
        finally:
            process.kill()


@pytest.mark.parametrize("settings, words", [
    ({}, "TODO_METRICS_LISTEN"), ({"TODO_METRICS_LISTEN": "unix:/nowhere/metrics.sock"}, "no worker answers at unix:/nowhere/metrics.sock"),
    ({"TODO_METRICS_FILE": "/nowhere/metrics"}, "no metrics in /nowhere/metrics"), ({"TODO_METRICS_FILE": "/etc/hostname"}, "no metrics in"),
    ({"TODO_METRICS_LISTEN": "192.0.2.1:1"}, "address of this machine"),
])
def test_status_reports_that_nothing_runs(settings, words):
    done = status(**settings)
    assert done.returncode == 1 and words in done.stderr and not done.stdout
    assert done.stderr.count("\n") == 1


# ---- logs ----

def test_each_line_is_one_object(watched, user):
    user.create()
    lines = watched.log()
    assert lines and all({"time", "level", "pid", "msg"} <= line.keys() for line in lines)
    assert {line["pid"] for line in lines if line["msg"] == "serving"} >= set(stack.workers())


def test_a_slow_request_is_logged_with_its_phases(watched, user):
    user.create()
    lock = "begin; lock table todo.tasks in access exclusive mode; select pg_sleep(0.8); commit"
    with subprocess.Popen(["bash", "-c", f'. "{stack.CHECKOUT}/deploy/lib/all.sh"; resolve_paths; psql_as_superuser -d todo -c "{lock}"'], stdout=subprocess.DEVNULL) as process:
        time.sleep(0.3)
        answer = user.call("GET", 1).expect(200)
        process.wait()
    line = stack.eventually("its line", lambda: next((line for line in watched.log() if line.get("request_id") == answer.header("X-Request-ID")), None))
    assert line["msg"] == "slow request" and line["level"] == "warning" and line["route"] == "read" and line["status"] == 200
    assert line["database_ms"] > 200 and line["verify_ms"] < 50 and line["write_ms"] < 50
    assert line["total_ms"] == pytest.approx(sum(line[f"{phase}_ms"] for phase in ("queue", "verify", "database", "write")), abs=0.01)
    timing = answer.header("Server-Timing")
    parts = dict(part.split(";dur=") for part in timing.split(", "))
    assert list(parts) == ["queue", "verify", "database"] and float(parts["database"]) == pytest.approx(line["database_ms"], abs=0.01)


def test_a_request_that_is_slow_since_its_client_does_not_read_has_its_id_in_the_log(watched, user):
    for _ in range(300):
        user.create("x" * 200, description="x" * 1000)
    with fastcgi.Connection() as connection:
        connection.send(fastcgi.request("GET", user.tasks, token=user.token))
        time.sleep(0.7)
        answer = connection.raw()
    id = re.search(rb"X-Request-ID: ([0-9a-f]{32})\r\n", answer)[1].decode()
    line = stack.eventually("its line", lambda: next((line for line in watched.log() if line.get("request_id") == id), None))
    assert line["msg"] == "slow request" and line["write_ms"] > 300 > line["queue_ms"] + line["verify_ms"] + line["database_ms"]
    assert not [line for line in watched.log() if line.get("request_id") == "-"]


def test_answers_carry_a_hash_of_the_user_for_nginx_alone(watched, user):
    """nginx's log distinguishes users without their ids; an answer without a user has no hash. Without the key, the hash
    of a known address cannot be computed."""
    key = hmac.digest(stack.SECRET.encode(), b"todo-fcgi X-User-Hash", "sha256")
    mark = hmac.digest(key, user.name.encode(), "sha256").hex()[:12].encode()
    with fastcgi.Connection() as connection:
        for path, token, status in ((user.tasks, user.token, 200), (f"{user.tasks}/999", user.token, 404), ("/api/other/tasks", user.token, 403)):
            connection.send(fastcgi.request("GET", path, token=token))
            answer = connection.raw()
            assert f"Status: {status} ".encode() in answer and b"X-User-Hash: " + mark + b"\r\n" in answer
        connection.send(fastcgi.request("GET", user.tasks))
        assert b"X-User-Hash" not in connection.raw()
    assert user.call("GET").expect(200).header("X-User-Hash") is None


def test_a_statement_that_is_refused_is_logged_once_with_its_cause_and_nothing_of_the_task(watched, user):
    user.create()
    stack.deploy("psql_as_superuser -d todo -c \"alter table todo.tasks add constraint for_a_test check (title not like 'unspeakable%')\"")
    try:
        answer = user.call("POST", json_body={"title": "unspeakable words", "description": "secretly"}).expect(500)
    finally:
        stack.deploy("psql_as_superuser -d todo -c 'alter table todo.tasks drop constraint for_a_test'")
    time.sleep(0.2)
    lines = [line for line in watched.log() if line["level"] == "error" and "for_a_test" in json.dumps(line)]
    assert len(lines) == 1
    line = lines[0]
    assert line["request_id"] == answer.header("X-Request-ID") and line["status"] == 500 and line["route"] == "create"
    assert "23514" in line["cause"] and "unspeakable" not in json.dumps(watched.log())


def test_the_log_of_a_flood_of_failures_is_limited_and_counted(watched, user, database):
    stack.deploy("postgres_stop")
    before = watched.numbers()
    stack.eventually("nothing is left of the connections", lambda: web.call("GET", "/ready").status == 503)
    start, size = time.monotonic(), len(watched.log())
    answers = [web.call("GET", "/ready") for _ in range(200)]
    assert {answer.status for answer in answers} == {503}
    assert len(watched.log()) - size < 12, "readiness that fails is no event"
    answers = web.at_once([web.request("GET", user.tasks, token=user.token)] * 200)
    assert {answer.status for answer in answers} == {503}
    lines = [line for line in watched.log()[size:] if line["msg"] == "request failed"]
    assert 1 <= len(lines) <= (10 + time.monotonic() - start + 1) * stack.pool_size()
    assert all(line["cause"] and line["status"] == 503 for line in lines)
    after = watched.numbers()
    assert after.sum("todo_requests_total", route="list", status="503") - before.sum("todo_requests_total", route="list", status="503") == 200


def test_postgresql_knows_which_worker_a_session_belongs_to(watched, user):
    user.create()
    expected = {f"todo-fcgi[{pid}]" for pid in stack.workers()}

    def names() -> set[str]:
        return set(stack.deploy("psql_as_superuser -d todo -c \"select distinct application_name from pg_stat_activity where usename = 'todo_runtime'\"").split())

    # Connections lost in an earlier test reconnect after a while.
    stack.eventually("each worker's sessions and no others", lambda: names() == expected)


def test_no_log_holds_a_token_a_claim_or_a_text(watched, user, database):
    """After requests of every kind that is logged: slow, refused, failed, forged."""
    marker = f"Marker{uuid.uuid4().hex}"
    secret = tokens.mint(tokens.claims(user.name, email=f"{marker}@example.com", name=f"{marker} Person"))
    forged = tokens.mint(tokens.claims(user.name, email=f"{marker}@example.com"), secret="x" * 40)
    expired = tokens.mint(tokens.claims(user.name, email=f"{marker}@example.com", exp=1))
    body = {"title": f"{marker} title", "description": f"{marker} description"}
    user.call("POST", token=secret, json_body=body).expect(201)
    user.call("GET", f"?search={marker}", token=secret).expect(200)
    for token in (forged, expired, secret[:-4]):
        user.call("POST", token=token, json_body=body).expect(401)
    user.call("POST", token=secret, body=f'{{"title": "{marker}'.encode(), headers={"Content-Type": "application/json"}).expect(400)
    stack.deploy(f"psql_as_superuser -d todo -c \"alter table todo.tasks add constraint for_a_test check (title not like '{marker} refused%')\"")
    try:
        user.call("POST", token=secret, json_body={"title": f"{marker} refused"}).expect(500)
    finally:
        stack.deploy("psql_as_superuser -d todo -c 'alter table todo.tasks drop constraint for_a_test'")
    stack.deploy("postgres_stop")
    user.call("POST", token=secret, json_body=body)
    time.sleep(1.2)
    pieces = [marker] + [part for token in (secret, forged, expired) for part in token.split(".")[1:]]
    for path in [*(stack.HOME / "log").iterdir(), stack.HOME / "nginx" / "access.log", stack.HOME / "nginx" / "error.log"]:
        for line in path.read_text(errors="replace").splitlines():
            # The test's own statements.
            if "add constraint" not in line:
                assert not any(piece in line for piece in pieces), f"{path.name}: {line}"


# ---- readiness ----

def test_readiness_has_its_reason_and_sends_nothing_to_the_database(watched, user, database):
    user.create()
    # Connections lost a moment ago reconnect, which sends the schema's check.
    stack.eventually("all are ready", lambda: has_its_connections(watched.numbers()))

    def last_statement() -> str:
        return stack.deploy("psql_as_superuser -d todo -c \"select max(state_change) from pg_stat_activity where usename = 'todo_runtime'\"").strip()

    before = last_statement()
    for _ in range(200):
        web.call("GET", "/ready").expect(200)
        web.call("GET", "/health").expect(200)
    assert last_statement() == before
    stack.deploy("postgres_stop")
    answer = stack.eventually("it is not ready", lambda: (answer := web.call("GET", "/ready")).status == 503 and answer)
    assert answer.detail == "The database cannot be reached." and answer.json()["title"] == "Service Unavailable"


def test_readiness_reports_a_missing_schema(watched, user, database):
    stack.deploy("psql_as_superuser -d todo -c 'alter schema todo rename to elsewhere'")
    try:
        stack.deploy("psql_as_superuser -d todo -c \"select pg_terminate_backend(pid) from pg_stat_activity where usename = 'todo_runtime'\"")
        # The lost connection is reported first, before the database answers.
        stack.eventually("its reason", lambda: (answer := web.call("GET", "/ready")).status == 503 and answer.detail == "The database's schema is not the one that this version needs.")
    finally:
        stack.deploy("psql_as_superuser -d todo -c 'alter schema elsewhere rename to todo'")
    stack.eventually("it serves again", lambda: user.call("GET").status == 200)
