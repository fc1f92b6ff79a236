"""An issuer that rotates its keys, goes down or breaks; a file of keys; a shared secret that changes."""

import re
import statistics
import threading
import time

import pytest

import fastcgi
import stack
import tokens
import web
from identity import get, not_admitted, refused
from issuer import Answer, Issuer, Key, follow, log_position, log_since, restart_pool
from tokens import claims, encoded


@pytest.fixture(scope="module", autouse=True)
def usual_pool():
    """The pool's settings are restored at the end."""
    yield
    restart_pool()


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.stop()


# ---- rotation ----

def test_rotation_while_requests_run_refuses_no_valid_token(issuer):
    """The issuer changes its key at once; a fetch takes a third of a second."""
    issuer.keys = [Key("first")]
    follow(issuer)
    issuer.delay = 0.3
    end, results, lock = time.monotonic() + 4, [], threading.Lock()

    def client(number: int):
        with web.Connection() as connection:
            while time.monotonic() < end:
                key = issuer.keys[-1]
                begun = time.monotonic()
                status = connection.call(
                    "GET", f"/api/user-{number}/tasks/1", token=issuer.token(f"user-{number}", key)).status
                with lock:
                    results.append((key.kid, status, time.monotonic() - begun))

    clients = [threading.Thread(target=client, args=(number,)) for number in range(8)]
    for thread in clients:
        thread.start()
    time.sleep(1.5)
    before = len(issuer.requests)
    issuer.keys = [*issuer.keys, Key("second")]
    for thread in clients:
        thread.join()
    assert {status for _, status, _ in results} == {404}
    kinds = {kid: [took for name, _, took in results if name == kid] for kid in ("first", "second")}
    assert all(len(took) > 50 for took in kinds.values()), {kid: len(took) for kid, took in kinds.items()}
    assert len(issuer.requests) - before == stack.pool_size(), "one fetch a worker"
    assert 0.25 < max(kinds["second"]) < 1.5
    print({kid: (len(took), round(max(took), 3)) for kid, took in kinds.items()})


def test_a_write_whose_token_has_a_new_key_waits_with_its_body_and_happens_once(issuer):
    issuer.keys = [Key("first")]
    follow(issuer)
    issuer.delay = 0.5
    key = Key("second")
    issuer.keys = [*issuer.keys, key]
    user = f"writer-{time.time_ns()}"
    requests = [web.request("POST", f"/api/{user}/tasks", token=issuer.token(user, key),
                            json_body={"title": f"Title {number} " + "ä" * 100}) for number in range(20)]
    answers = web.at_once(requests)
    assert [answer.status for answer in answers] == [201] * 20
    titles = {task["title"] for task in get(issuer.token(user, key), user).json()}
    assert titles == {f"Title {number} " + "ä" * 100 for number in range(20)}


def test_an_unknown_key_waits_two_seconds_at_most_and_delays_no_other_request(issuer):
    issuer.keys = [Key("first")]
    follow(issuer)
    issuer.delay = 4
    good = issuer.token("ada")
    stranger = Key("made up")
    requests = [web.request("GET", "/api/ada/tasks", token=issuer.token("ada", stranger)) for _ in range(40)]
    connections = [web.Connection() for _ in requests]
    begun = time.monotonic()
    for connection, data in zip(connections, requests):
        connection.send(data)
    # Other requests are served meanwhile.
    times = []
    with web.Connection() as connection:
        while time.monotonic() < begun + 1.5:
            start = time.monotonic()
            connection.call("GET", "/api/ada/tasks/1", token=good).expect(404)
            times.append(time.monotonic() - start)
    for connection in connections:
        answer = connection.read().expect(503)
        assert answer.detail == "The token's key is not known yet" and answer.header("Retry-After") == "1"
        connection.close()
    assert 1.8 < time.monotonic() - begun < 3
    assert statistics.quantiles(times, n=100)[98] < 0.1, statistics.quantiles(times, n=100)[98]
    # Clients that disconnect while they wait have no effect.
    time.sleep(2.5)
    fetches = len(issuer.requests)
    for number in range(20):
        start = time.monotonic()
        not_admitted(issuer.token("mallory", Key(f"made up {number}")))
        assert time.monotonic() - start < 0.5
    assert len(issuer.requests) == fetches, "asked again within 30 seconds"


def test_a_new_key_within_30_seconds_of_a_made_up_one_is_503_and_accepted_when_retry_after_is_over(issuer):
    """Clients log their user out on 401, and the key may still appear."""
    issuer.keys = [Key("first")]
    stranger, new = issuer.token("ada", Key("made up")), Key("second")
    with stack.own_worker("new-key", BETTER_AUTH_URL=issuer.base) as (path, _), fastcgi.Connection(path) as connection:
        def ask(token: str) -> str:
            return connection.send(fastcgi.request("GET", "/api/ada/tasks/1", token=token)).raw().decode()

        stack.eventually("it is ready", lambda: "Status: 404 " in ask(issuer.token("ada")))
        # The keys were fetched for it and lack it: 401.
        begun = time.monotonic()
        assert "Status: 401 " in ask(stranger)
        issuer.keys = [*issuer.keys, new]
        for _ in range(20):
            answer = ask(issuer.token("ada", new))
            assert "Status: 503 " in answer and "The token's key is not known yet" in answer and "WWW-Authenticate" not in answer
            assert "Status: 401 " in ask(stranger)
            assert "Status: 404 " in ask(issuer.token("ada"))
        assert len(issuer.requests) == 2
        seconds = int(re.search(r"Retry-After: (\d+)\r\n", answer)[1])
        assert 25 <= seconds <= 30
        time.sleep(max(begun + seconds - time.monotonic(), 0) + 1)
        assert "Status: 404 " in ask(issuer.token("ada", new))
        assert len(issuer.requests) == 3


def test_a_client_that_disconnects_while_it_waits_leaves_nothing_behind(issuer):
    issuer.keys = [Key("first")]
    follow(issuer)
    issuer.delay = 1
    before = stack.wait_for_pool()
    for _ in range(50):
        with web.Connection() as connection:
            connection.send(web.request("POST", "/api/ada/tasks", token=issuer.token("ada", Key("made up")),
                                        json_body={"title": "x" * 100}))
    time.sleep(1.5)
    assert stack.wait_for_pool() == before
    get(issuer.token("ada"), "ada").expect(200)


# ---- issuers that are down or broken ----

def test_after_a_restart_while_the_issuer_is_down_tokens_still_verify(issuer):
    issuer.keys = [Key("first"), Key("second", "ES256")]
    follow(issuer)
    get(issuer.token("ada"), "ada").expect(200)
    issuer.stop()
    position = log_position()
    follow(issuer)
    for key in issuer.keys:
        get(issuer.token("ada", key), "ada").expect(200)
    words = log_since(position)
    assert words.count('msg="using cached JWKS"') == stack.pool_size()
    assert stack.eventually("the failure is told", lambda: log_since(position).count('msg="JWKS refresh failed"'))
    # The issuer answers again, with another key.
    issuer.keys = [Key("third")]
    issuer.start()
    stack.eventually("the new key", lambda: get(issuer.token("ada"), "ada").status == 200)


def test_before_any_key_was_seen_a_token_is_503_and_not_401_and_the_secrets_tokens_are_served(issuer):
    """Clients log their user out on 401, and the key may still appear."""
    issuer.keys = [Key("first")]
    issuer.stop()
    follow(issuer)
    get(issuer.token("ada"), "ada").expect(503)
    get(tokens.token_of("ada"), "ada").expect(200)
    issuer.start()
    stack.eventually("the keys", lambda: get(issuer.token("ada"), "ada").status == 200)


BREAKAGES = {
    "broken": Answer(body=b'{"keys":[{"kty":"OKP"'),
    "no JSON": Answer(body=b"<html>502 Bad Gateway</html>"),
    "huge": Answer(headers={"Content-Length": str(1 << 40)}, endless=True, body=b" " * 65_536),
    "endless": Answer(endless=True, body=b" " * 65_536),
    "slow": Answer(seconds=60),
    "redirecting": Answer(status=302, headers={"Location": "https://attacker.example/jwks"}),
    "empty": Answer(body=b'{"keys":[]}'),
    "nothing": Answer(body=b""),
    "failing": Answer(status=500, body=b"{}"),
    "only keys that are none": Answer(body=b'{"keys":[{"kty":"oct","k":"AAAA","kid":"first"}]}'),
}


def speed(token: str) -> float:
    """The median time of one request, in milliseconds."""
    times = []
    with web.Connection() as connection:
        for _ in range(300):
            start = time.monotonic()
            connection.call("GET", "/api/ada/tasks/1", token=token).expect(404)
            times.append(time.monotonic() - start)
    return statistics.median(times) * 1000


def test_with_a_broken_issuer_the_old_keys_stay_in_use_and_requests_are_as_fast(issuer):
    issuer.keys = [Key("first")]
    follow(issuer)
    token = issuer.token("ada")
    usual = speed(token)
    for name, answer in BREAKAGES.items():
        issuer.answer = answer
        position = log_position()
        # The workers fetch at their start and repeatedly: fetches fail during all of the test.
        follow(issuer)
        get(issuer.token("ada", jti=name), "ada").expect(200)
        now = speed(token)
        print(f"{name}: {now:.2f} ms, usually {usual:.2f}")
        assert now < max(usual * 3, 5), name
        told = stack.eventually(f"{name} is told", lambda: [
            line for line in log_since(position).splitlines() if 'msg="JWKS refresh failed"' in line])
        print("   ", told[0].partition("reason=")[2].partition(" source=")[0])
        assert stack.memory(stack.wait_for_pool()[0]) < 12_000
        issuer.answer = None


def test_refused_keys_are_logged_once_each_with_kid_and_reason(issuer):
    bad = Key("published with its private half")
    bad.jwk["d"] = encoded(b"\1" * 32)
    weak = Key("weak", "RS256")
    weak.jwk["e"] = "AQ"
    issuer.keys = [Key("good"), bad, weak]
    position = log_position()
    follow(issuer)
    get(issuer.token("ada"), "ada").expect(200)
    not_admitted(issuer.token("mallory", bad))
    not_admitted(issuer.token("mallory", Key("made up")))
    refused_lines = [line for line in log_since(position).splitlines() if 'msg="key refused"' in line]
    for name, reason in (("published with its private half", "with private members"), ("weak", "exponent")):
        lines = [line for line in refused_lines if name in line]
        assert len(lines) == stack.pool_size() and reason in lines[0], (name, refused_lines)


# ---- other sources and settings ----

def test_a_file_of_keys_is_followed():
    source = Issuer()
    source.stop()
    # The service's user may differ from the tests'.
    folder = stack.HOME / "state" / f"jwks-{time.time_ns()}"
    folder.mkdir()
    folder.chmod(0o755)
    file = folder / "jwks.json"

    def publish(*keys: Key):
        source.keys = list(keys)
        draft = folder / "draft"
        draft.write_bytes(source.set())
        draft.chmod(0o644)
        draft.rename(file)

    first, second, third = Key("first"), Key("second"), Key("third", "RS256")
    publish(first)
    restart_pool(JWKS_FILE=str(file))
    try:
        get(source.token("ada", first), "ada").expect(200)
        publish(first, second)
        get(source.token("ada", second), "ada").expect(200)
        publish(third)
        # Also without a request, within about a second.
        stack.eventually("the old key is gone",
                         lambda: get(source.token("ada", first, jti=str(time.time())), "ada").status == 401, seconds=4)
        get(source.token("ada", third), "ada").expect(200)
        file.write_text("{")
        time.sleep(1.5)
        get(source.token("ada", third), "ada").expect(200)
    finally:
        restart_pool()


def test_attack_secret_changed_old_tokens_are_refused_at_once_unless_the_old_secret_is_named():
    old, new = stack.SECRET, "n3w-" + stack.SECRET[::-1]
    token, fresh = tokens.token_of("ada"), tokens.mint(claims("ada"), secret=new)
    try:
        get(token, "ada").expect(200)
        refused(fresh, "ada")
        restart_pool(BETTER_AUTH_SECRET=new, BETTER_AUTH_SECRET_PREVIOUS=old)
        get(token, "ada").expect(200)
        get(fresh, "ada").expect(200)
        restart_pool(BETTER_AUTH_SECRET=new)
        refused(token, "ada")
        get(fresh, "ada").expect(200)
    finally:
        restart_pool()
