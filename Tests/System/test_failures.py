"""Faults: a worker killed or drained, the database stopped."""

import contextlib
import signal
import subprocess
import time

import pytest

import stack
import web


@pytest.fixture(autouse=True)
def everything_runs_afterwards(user):
    yield
    stack.deploy("postgres_start")
    stack.wait_for_pool()
    stack.eventually("the service is well again", lambda: web.call("GET", "/ready").status == 200 and user.call("GET").status == 200, seconds=30)


def test_a_worker_killed_under_load_loses_no_read(user):
    for n in range(20):
        user.create(f"Task {n}")
    data = [web.request("GET", user.tasks, token=user.token), web.request("GET", f"{user.tasks}/7", token=user.token)]

    def kill():
        stack.send_signal(stack.wait_for_pool()[0], signal.SIGKILL)

    load = web.Load(lambda n: data[n % 2], connections=16).run(4, {0.5: kill, 1.5: kill, 2.5: kill})
    assert set(load.statuses()) == {200} and not load.lost, (load.statuses(), load.lost[:3])
    assert len(load.answers) > 500


def test_a_worker_killed_under_load_loses_no_task_that_was_answered(user):
    def kill():
        stack.send_signal(stack.wait_for_pool()[0], signal.SIGKILL)

    load = web.Load(lambda n: web.request("POST", user.tasks, token=user.token, json_body={"title": f"{n}"}), connections=16).run(3, {0.5: kill, 1.5: kill})
    assert set(load.statuses()) <= {201, 502, 503} and not load.lost
    answered = {answer.json()["id"] for answer in load.answers if answer.status == 201}
    assert answered <= {task["id"] for task in user.list()}
    unanswered = [answer for answer in load.answers if answer.status != 201]
    assert all("unknown" in answer.detail for answer in unanswered if answer.status == 502)


def test_a_delete_whose_worker_is_killed_is_never_404(user):
    """404 would tell a client that its own successful DELETE failed."""
    stack.insert_tasks(user.name, 100_000, "'x'", "null")
    data = [web.request("DELETE", f"{user.tasks}/{id}", token=user.token) for id in range(1, 100_001)]

    def kill():
        stack.send_signal(stack.wait_for_pool()[0], signal.SIGKILL)

    load = web.Load(lambda n: data[n], connections=32).run(4, {second / 2: kill for second in range(1, 8)})
    assert set(load.statuses()) <= {204, 502} and not load.lost, load.statuses()
    assert load.statuses()[204] > 500
    unanswered = [answer for answer in load.answers if answer.status != 204]
    assert all("unknown" in answer.detail or "not available" in answer.detail for answer in unanswered)


def test_a_stopped_worker_delays_reads_and_loses_none(user, impatient_nginx):
    user.create()
    data = web.request("GET", f"{user.tasks}/1", token=user.token)
    stopped = stack.wait_for_pool()[0]
    start = time.monotonic()
    try:
        load = web.Load(lambda n: data, connections=16).run(3, {0.5: lambda: stack.send_signal(stopped, signal.SIGSTOP)})
    finally:
        stack.send_signal(stopped, signal.SIGCONT)
    assert set(load.statuses()) == {200} and not load.lost, load.statuses()
    assert time.monotonic() - start < 6 and len(load.answers) > 500


def test_a_drained_worker_loses_nothing_posts_included(user):
    """SIGTERM to one worker a second; multiwatch starts another."""
    drained: list[int] = []

    def drain():
        pid = next(pid for pid in stack.workers() if pid not in drained)
        drained.append(pid)
        stack.send_signal(pid, signal.SIGTERM)

    load = web.Load(lambda n: web.request("POST", user.tasks, token=user.token, json_body={"title": f"{n}"}), connections=16).run(6, {0.5: drain, 2: drain, 3.5: drain})
    assert set(load.statuses()) == {201} and not load.lost, (load.statuses(), load.lost[:3])
    assert sorted(answer.json()["id"] for answer in load.answers) == sorted(task["id"] for task in user.list())
    stack.eventually("the drained workers end", lambda: not any(map(stack.is_running, drained)))
    assert len(stack.wait_for_pool()) == stack.pool_size()


class Stopped:
    """A write that was committed by a worker that was stopped before its answer, and is killed now."""

    def __init__(self, user, method: str, path: str, **how):
        lock = f"begin; select from todo.owners where owner_user_id = '{user.name}' for update; select pg_sleep(2); commit"
        script = f'. "{stack.CHECKOUT}/deploy/lib/all.sh"; resolve_paths; psql_as_superuser -d todo -c "{lock}"'
        waiting = "select count(*) from pg_stat_activity where usename = 'todo_runtime' and wait_event_type = 'Lock'"
        with subprocess.Popen(["bash", "-c", script], stdout=subprocess.DEVNULL) as process, web.Connection() as connection:
            stack.eventually("the lock", lambda: stack.database("select count(*) from pg_locks where relation = 'todo.owners'::regclass and mode = 'RowShareLock'") != "0")
            connection.send(web.request(method, path, token=user.token, **how))
            stack.eventually("it waits for the lock", lambda: stack.database(waiting) == "1")
            pids = stack.wait_for_pool()
            for pid in pids:
                stack.send_signal(pid, signal.SIGSTOP)
            assert process.wait() == 0
            stack.eventually("it is done", lambda: stack.database(waiting.replace("wait_event_type = 'Lock'", "state = 'active'")) == "0")
            self.change = stack.database(f"select change from todo.owners where owner_user_id = '{user.name}'")
            for pid in pids:
                stack.send_signal(pid, signal.SIGKILL)
            self.answer = connection.read()
        stack.wait_for_pool()


def test_a_delete_that_a_killed_worker_had_done_is_204_and_a_second_delete_is_404(user):
    keep, task = user.create("Stays"), user.create("Goes")
    stopped = Stopped(user, "DELETE", user.path(task["id"]))
    assert stopped.change == "3", "it was committed before the worker was killed"
    assert stopped.answer.expect(204).body == b""
    user.call("DELETE", task["id"]).expect(404)
    assert user.list() == [keep]


def test_a_put_that_a_killed_worker_had_done_is_not_done_again_and_its_outcome_is_unknown(user):
    """A repetition could overwrite a newer value with an older one."""
    user.create("Old")
    stopped = Stopped(user, "PUT", user.path(1), json_body={"title": "New"})
    assert "unknown" in stopped.answer.expect(502).detail
    assert stopped.change == "2" == stack.database(f"select change from todo.owners where owner_user_id = '{user.name}'")
    assert user.read(1)["title"] == "New"


@pytest.mark.parametrize("method, suffix", [("PUT", "/1"), ("DELETE", "/1"), ("PATCH", "/1/complete"), ("POST", ""), ("GET", "/1")])
def test_a_request_that_reached_no_worker_is_sent_once_more(make_user, special_locations, method, suffix):
    """No connection was made, as when one of several hosts is down."""
    user = make_user("unconnected-")
    user.create()
    body = {"json_body": {"title": "x"}} if method in ("PUT", "POST") else {}
    assert user.request(method, user.tasks + suffix, **body).status == {"POST": 201, "DELETE": 204}.get(method, 200)


def test_an_idle_worker_ends_soon_after_sigterm():
    pid = stack.wait_for_pool()[0]
    stack.send_signal(pid, signal.SIGTERM)
    stack.eventually("it ends", lambda: not stack.is_running(pid), seconds=6)


def test_sigterm_ends_a_worker_at_once_however_early_it_comes(tmp_path):
    """160 starts, with SIGTERM at as many moments between exec and the first request."""
    environment = {"BETTER_AUTH_SECRET": stack.SECRET, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}

    @contextlib.contextmanager
    def worker():
        command = [stack.PROGRAM, "serve", "--listen", tmp_path / "early.sock"]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def time_to_start() -> float:
        start = time.monotonic()
        with worker() as process:
            assert any(b"serving" in line for line in process.stderr)
            return time.monotonic() - start

    whole = sorted(time_to_start() for _ in range(5))[2] * 1.2
    endings = []
    for number in range(160):
        with worker() as process:
            time.sleep(whole * number / 160)
            process.terminate()
            endings.append(process.wait(timeout=3))
    # By the signal itself, or after a drain without connections.
    assert set(endings) == {-signal.SIGTERM, 0}


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_stopped_database_is_503_and_the_service_recovers_by_itself(user, mode):
    user.create()
    before = set(stack.workers())
    stack.deploy("postgres_stop" if mode == "fast" else 'kill -QUIT "$(postgres_pid)"; while postgres_runs; do sleep 0.05; done')
    origin = {"Origin": "http://localhost:3000"}
    start = time.monotonic()
    answers = web.at_once([
        web.request("GET", user.tasks, token=user.token, headers=origin), web.request("GET", f"{user.tasks}/1", token=user.token),
        web.request("POST", user.tasks, token=user.token, json_body={"title": "x"}), web.request("PUT", f"{user.tasks}/1", token=user.token, json_body={"title": "x"}),
        web.request("PATCH", f"{user.tasks}/1/complete", token=user.token), web.request("DELETE", f"{user.tasks}/1", token=user.token),
    ])
    assert [answer.status for answer in answers] == [503] * 6
    assert time.monotonic() - start < 14, "the deadline is 10 s"
    assert answers[0].header("Access-Control-Allow-Origin") == "http://localhost:3000"
    # Requests that need no database are still served.
    assert web.call("GET", "/health").expect(200).json()["database"] == "disconnected"
    web.call("GET", "/ready").expect(503)
    user.call("GET", token="x").expect(401)
    user.call("POST", json_body={}).expect(422)

    stack.deploy("postgres_start")
    start = time.monotonic()
    stack.eventually("reads work again", lambda: user.call("GET").status == 200, seconds=5)
    stack.eventually("writes work again", lambda: user.call("POST", json_body={"title": "after"}).status == 201, seconds=5)
    stack.eventually("it is ready again", lambda: web.call("GET", "/ready").status == 200, seconds=5)
    assert time.monotonic() - start < 5, "it recovers within seconds"
    assert set(stack.workers()) == before, "the workers lived through it"
    assert len(user.list()) == 2, "what was answered 503 was not done"


def test_requests_wait_for_a_database_that_restarts(user):
    """A restart is shorter than a request's deadline: no read fails."""
    user.create()

    def restart():
        stack.deploy("postgres_stop; postgres_start")

    load = web.Load(lambda n: web.request("GET", f"{user.tasks}/1", token=user.token), connections=8).run(5, {1: restart})
    assert set(load.statuses()) <= {200, 503} and not load.lost
    assert load.statuses()[200] > 100
    assert load.statuses().get(503, 0) == 0, load.statuses()


def test_a_database_that_restarts_under_writes_loses_no_task_that_was_answered(user):
    def restart():
        stack.deploy("postgres_stop; postgres_start")

    load = web.Load(lambda n: web.request("POST", user.tasks, token=user.token, json_body={"title": f"{n}"}), connections=16).run(6, {1: restart, 3: restart})
    assert set(load.statuses()) <= {201, 503} and not load.lost
    answered = [answer.json()["id"] for answer in load.answers if answer.status == 201]
    stored = {task["id"] for task in user.list()}
    assert len(set(answered)) == len(answered) and set(answered) <= stored
    # Only writes answered as unknown may have happened.
    unknown = sum("unknown" in answer.detail for answer in load.answers if answer.status == 503)
    assert len(stored) - len(answered) <= unknown


def test_sessions_ended_by_the_operator_come_back(user):
    user.create()
    for _ in range(12):
        stack.deploy("psql_as_superuser -d todo -c \"select pg_terminate_backend(pid) from pg_stat_activity where usename = 'todo_runtime'\"")
        start = time.monotonic()
        user.call("GET").expect(200)
        assert user.call("POST", json_body={"title": "x"}).status in (201, 503)
        assert time.monotonic() - start < 3, "a new connection takes milliseconds"


def test_a_worker_that_starts_while_the_database_is_away_waits_for_it(user):
    user.create()
    stack.deploy("postgres_stop")
    for pid in stack.wait_for_pool():
        stack.send_signal(pid, signal.SIGKILL)
    time.sleep(1)
    pids = stack.wait_for_pool()
    web.call("GET", "/health").expect(200)
    web.call("GET", "/ready").expect(503)
    stack.deploy("postgres_start")
    stack.eventually("the service works", lambda: user.call("GET").status == 200, seconds=10)
    assert stack.workers() == pids
