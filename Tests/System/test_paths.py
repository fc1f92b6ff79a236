"""Paths: one trailing slash, raw segments decoded once, and no path that could be read as another."""

import pytest

import web
from tokens import token_of

OPEN_PATHS = ["/", "/health", "/api/health", "/ready"]


@pytest.mark.parametrize("path", [path + "/" for path in OPEN_PATHS[1:]] + [path + "?" for path in OPEN_PATHS] + ["/health/?x=1"])
def test_open_paths_take_a_trailing_slash_and_a_query(path):
    web.call("GET", path).expect(200)


@pytest.mark.parametrize("method, suffix, body, status", [
    ("GET", "/", None, 200), ("POST", "/", {"title": "x"}, 201), ("GET", "/1/", None, 200), ("PUT", "/1/", {"title": "y"}, 200),
    ("PATCH", "/1/complete/", None, 200), ("DELETE", "/1/", None, 204), ("GET", "/?", None, 200), ("GET", "?", None, 200),
    ("GET", "/?limit=1", None, 200), ("PATCH", "/1/complete?x=y", None, 200), ("GET", "/1?", None, 200),
])
def test_every_route_takes_a_trailing_slash_and_an_empty_query_without_a_redirect(user, method, suffix, body, status):
    user.create()
    answer = user.request(method, user.tasks + suffix, json_body=body).expect(status)
    assert answer.header("Location") is None or method == "POST"


@pytest.mark.parametrize("suffix", ["@example.com", "/slash", "?question", "#hash", "%25percent", "%2F", " space", "+plus", "é", "日本", "😀", ":|;,=&", "'\"<>", "\\", "~!*()", "."],
                         ids=lambda s: s)
def test_a_user_id_is_any_text(make_user, suffix):
    user = make_user("u", suffix)
    answer = user.call("POST", json_body={"title": "x"}).expect(201)
    assert answer.json()["user_id"] == user.name
    user.request("GET", answer.header("Location")).expect(200)
    assert user.list() == [answer.json()]


def test_a_user_id_may_be_escaped_or_not(make_user):
    user = make_user("u", "@example.com")
    task = user.create()
    for path in (f"/api/{user.name}/tasks", f"/api/{user.name.replace('@', '%40')}/tasks", f"/api/%75{user.name[1:]}/tasks"):
        assert user.request("GET", path).expect(200).json() == [task]


@pytest.mark.parametrize("change", [
    lambda name: name.upper(), lambda name: name + "%20", lambda name: name + "x", lambda name: name[:-1], lambda name: name.replace("@", "%2540"),
    lambda name: name.replace("-", "+"), lambda name: name + "%0A",
], ids=range(7))
def test_a_user_id_is_compared_byte_for_byte(make_user, change):
    user = make_user("user-", "@example.com")
    assert user.request("GET", f"/api/{change(user.name)}/tasks").expect(403).detail == "Access forbidden"


def test_an_escape_is_decoded_once(make_user):
    """The user `a%2Fb` and the user `a/b` are two."""
    plain = make_user("a/b")
    escaped = plain.name.replace("/", "%2F")
    web.call("GET", f"/api/{escaped}/tasks", token=plain.token).expect(200)
    web.call("GET", f"/api/{escaped}/tasks", token=token_of(escaped)).expect(403)
    web.call("GET", f"/api/{escaped.replace('%', '%25')}/tasks", token=token_of(escaped)).expect(200)


def test_composed_and_decomposed_letters_are_two_users(make_user):
    user = make_user("u", "\u00e9")
    web.call("GET", user.tasks.replace("%C3%A9", "e%CC%81"), token=user.token).expect(403)


@pytest.mark.parametrize("id", ["abc", "1.5", "1e3", "0x1", "+1", "%201", "1%20", "%EF%BC%91", "1,0", "null", "-", "1_0", "true", "%2B1", "1;", "complete"])
@pytest.mark.parametrize("method, suffix", [("GET", ""), ("PUT", ""), ("DELETE", ""), ("PATCH", "/complete")])
def test_an_id_that_is_no_whole_number_is_422(user, method, suffix, id):
    body = {"title": "x"} if method == "PUT" else None
    answer = user.request(method, f"{user.tasks}/{id}{suffix}", json_body=body).expect(422)
    assert answer.json()["errors"][0]["loc"][0] == "path"


@pytest.mark.parametrize("id", ["0", "-1", "-0", "2147483648", "9007199254740991", "9007199254740992", "9223372036854775807", "9223372036854775808", "18446744073709551617", "9" * 500])
@pytest.mark.parametrize("method, suffix", [("GET", ""), ("PUT", ""), ("DELETE", ""), ("PATCH", "/complete")])
def test_an_id_out_of_range_is_404(user, method, suffix, id):
    user.create()
    body = {"title": "x"} if method == "PUT" else None
    assert user.request(method, f"{user.tasks}/{id}{suffix}", json_body=body).expect(404).detail == "Task not found"


@pytest.mark.parametrize("path", [
    "/nowhere", "/api", "/api/", "/api/x", "/api/x/task", "/api/x/tasks/1/2", "/api/x/tasks/1/complete/2", "/API/x/tasks", "/api/x/Tasks", "/health/x",
    "/index.html", "/favicon.ico", "/.git/config", "/api/x/tasks/1/completed", "/nginx-problem",
])
def test_a_path_without_a_route_is_404_for_everyone(user, path):
    assert web.call("GET", path).expect(404).detail == "Not found"
    assert user.request("GET", path).expect(404).detail == "Not found"


@pytest.mark.parametrize("path", ["//", "//health", "/health//", "/api//tasks", "/api/./tasks", "/api/x/../health", "/./health", "/api/%2e%2e/tasks", "/api/%2E/tasks", "/api/x//tasks", "/api/x/tasks//1"])
def test_paths_that_could_be_read_as_other_paths_are_refused(user, path):
    answer = user.request("GET", path.replace("/x/", f"/{user.name}/"))
    assert answer.status in (400, 404), answer


@pytest.mark.parametrize("path", ["/%", "/%zz", "/api/%/tasks", "/api/%e/tasks", "/api/%ff/tasks", "/api/%c0%af/tasks", "/api/%ed%a0%80/tasks", "/api/%00/tasks", "/api/x%00/tasks", "/%00"])
def test_invalid_percent_escapes_are_400(path):
    web.call("GET", path).expect(400)


def test_an_absolute_target_is_its_path(user):
    user.request("GET", f"http://elsewhere.example{user.tasks}").expect(200)
