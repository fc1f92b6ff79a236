"""Paths without a token, HEAD, OPTIONS, and CORS."""

import pytest

import stack
import web

ORIGIN = "http://localhost:3000"


def test_the_root_names_the_service():
    root = web.call("GET", "/").expect(200).json()
    assert root["name"] and root["version"] and isinstance(root["links"], dict)


@pytest.mark.parametrize("path", ["/health", "/api/health"])
def test_health_has_the_members_of_the_contract(path):
    health = web.call("GET", path).expect(200).json()
    assert health["status"] == "healthy" and health["database"] == "connected"
    assert health["service"] and health["version"]


def test_ready_is_200_while_the_database_is_reachable():
    web.call("GET", "/ready").expect(200)


@pytest.mark.parametrize("path", ["/", "/health", "/api/health", "/ready"])
def test_open_paths_ignore_a_token(path):
    web.call("GET", path, token="garbage").expect(200)


@pytest.mark.parametrize("path", ["/", "/health", "/api/health", "/ready", "/nowhere", "{tasks}", "{tasks}/1", "{tasks}/99", "{tasks}/abc", "{tasks}?limit=1"])
def test_head_is_get_without_the_body(user, path):
    user.create("A title")
    path = path.format(tasks=user.tasks)
    get, head = user.request("GET", path), user.request("HEAD", path)
    assert head.status == get.status
    for name in ("Content-Length", "Content-Type", "Vary"):
        # The request id in a problem always has the same length.
        assert head.header(name) == get.header(name), name


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/api/x/tasks", "/api/x/tasks/1", "/api/x/tasks/1/complete", "/nowhere"])
def test_options_answers_without_a_token(path):
    answer = web.call("OPTIONS", path)
    assert answer.status in (200, 204)
    assert "OPTIONS" in answer.header("Allow")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_preflight_allows_what_the_clients_send(method):
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"}
    answer = web.call("OPTIONS", "/api/x/tasks/1", headers=headers)
    assert answer.status in (200, 204)
    assert answer.header("Access-Control-Allow-Origin") == ORIGIN
    assert answer.header("Access-Control-Allow-Credentials") == "true"
    allowed = answer.header("Access-Control-Allow-Methods").split(", ")
    assert {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} <= set(allowed)
    allowed = {name.strip().lower() for name in answer.header("Access-Control-Allow-Headers").split(",")}
    assert {"authorization", "content-type"} <= allowed


ANSWERS = [
    ("200", "GET", "{tasks}", {}), ("201", "POST", "{tasks}", {"json_body": {"title": "x"}}), ("204", "DELETE", "{tasks}/1", {}), ("400", "POST", "{tasks}", {"body": b"{"}),
    ("401", "GET", "{tasks}", {"token": "x"}), ("403", "GET", "/api/x/tasks", {}), ("404", "GET", "/nowhere", {}), ("405", "PATCH", "/health", {}),
    ("415", "POST", "{tasks}", {"body": b"x", "headers": {"Content-Type": "text/plain"}}), ("422", "POST", "{tasks}", {"json_body": {}}), ("HEAD", "HEAD", "{tasks}", {}),
    ("nginx 400", "GET", "/", {"headers": {"Content-Length": "x"}}), ("nginx 405", "TRACE", "/", {}), ("nginx 413", "POST", "{tasks}", {"body": b"x" * 1_100_000}),
    ("nginx 414", "GET", "/" + "x" * 9000, {}), ("nginx 431", "GET", "/", {"headers": {"X-Long": "x" * 9000}}),
]


@pytest.mark.parametrize("method, path, how", [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_every_answer_may_be_read_by_an_allowed_origin(user, method, path, how):
    user.create()
    how = {"token": user.token, **how, "headers": {**how.get("headers", {}), "Origin": ORIGIN}}
    answer = web.call(method, path.format(tasks=user.tasks), **how)
    if answer.status not in (414, 431):
        # nginx does not know the origin if it has not read the headers to their end.
        assert answer.header("Access-Control-Allow-Origin") == ORIGIN
        assert answer.header("Access-Control-Allow-Credentials") == "true"
        exposed = {name.strip() for name in answer.header("Access-Control-Expose-Headers").split(",")}
        assert {"ETag", "Link", "Location", "Retry-After"} <= exposed


@pytest.mark.parametrize("origin", [
    "http://localhost:3001", "https://localhost:3000", "http://localhost", "http://localhost:3000.evil.example", "http://evil.example", "null", "*", "http://localhost:3000/", "localhost:3000",
])
@pytest.mark.parametrize("method", ["GET", "TRACE"], ids=["of the service", "of nginx"])
def test_no_other_origin_may_read_anything(method, origin):
    answer = web.call(method, "/health", headers={"Origin": origin})
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


def test_an_origin_is_never_needed(user):
    assert user.call("GET").header("Access-Control-Allow-Origin") is None


def test_check_reports_a_healthy_database():
    assert stack.deploy('export DATABASE_URL BETTER_AUTH_SECRET; as_service "$(pool_program)" check && echo fine').strip().endswith("fine")
