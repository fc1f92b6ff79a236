"""Errors: one shape (checked for every answer in web.py), the right status, in the right order."""

import pytest

import web


@pytest.mark.parametrize("accept, type", [
    ("application/json", "application/json"), ("*/*", "application/json"), ("application/problem+json", "application/problem+json"),
    ("application/json, application/problem+json", "application/problem+json"), ("text/html", "application/json"), ("application/problem+json;q=0.9, */*", "application/problem+json"),
])
@pytest.mark.parametrize("method", ["DELETE", "TRACE"], ids=["of the service", "of nginx"])
def test_an_error_is_a_problem_document_only_if_accept_names_it(method, accept, type):
    answer = web.call(method, "/health", headers={"Accept": accept}).expect(405)
    assert answer.header("Content-Type") == type


def test_a_success_is_json_whatever_is_accepted(user):
    assert user.call("GET", headers={"Accept": "application/problem+json"}).header("Content-Type") == "application/json"


@pytest.mark.parametrize("method, path, allow", [
    ("DELETE", "/", "GET, HEAD, OPTIONS"), ("POST", "/health", "GET, HEAD, OPTIONS"), ("PUT", "/ready", "GET, HEAD, OPTIONS"),
    ("PUT", "/api/x/tasks", "GET, HEAD, POST, OPTIONS"), ("DELETE", "/api/x/tasks", "GET, HEAD, POST, OPTIONS"), ("PATCH", "/api/x/tasks", "GET, HEAD, POST, OPTIONS"),
    ("POST", "/api/x/tasks/1", "GET, HEAD, PUT, DELETE, OPTIONS"), ("PATCH", "/api/x/tasks/1", "GET, HEAD, PUT, DELETE, OPTIONS"),
    ("GET", "/api/x/tasks/1/complete", "PATCH, OPTIONS"), ("POST", "/api/x/tasks/1/complete", "PATCH, OPTIONS"), ("BREW", "/api/x/tasks", "GET, HEAD, POST, OPTIONS"),
    ("get", "/health", "GET, HEAD, OPTIONS"),
])
def test_a_method_that_a_route_lacks_is_405_with_those_it_has(method, path, allow):
    if method == "get":
        # nginx itself refuses a method in small letters.
        web.raw(web.request(method, path)).expect(400)
        return
    answer = web.call(method, path).expect(405)
    assert set(answer.header("Allow").split(", ")) == set(allow.split(", "))


ORDER = [
    ("no route before no token", "GET", "/nowhere", {}, 404),
    ("no method before no token", "DELETE", "/api/{name}/tasks", {}, 405),
    ("no token before another's path", "GET", "/api/other/tasks", {}, 401),
    ("no token before a bad id", "GET", "/api/{name}/tasks/abc", {}, 401),
    ("no token before a bad body", "POST", "/api/{name}/tasks", {"body": b"{"}, 401),
    ("another's path before a bad body", "POST", "/api/other/tasks", {"body": b"{", "token": True}, 403),
    ("another's path before a bad id", "GET", "/api/other/tasks/abc", {"token": True}, 403),
    ("a bad type before bad JSON", "POST", "/api/{name}/tasks", {"body": b"{", "headers": {"Content-Type": "text/plain"}, "token": True}, 415),
    ("bad JSON before no task", "PUT", "/api/{name}/tasks/99", {"body": b"{", "token": True}, 400),
    ("a bad value before no task", "PUT", "/api/{name}/tasks/99", {"json_body": {"title": ""}, "token": True}, 422),
    ("a bad value before an id out of range", "PUT", "/api/{name}/tasks/0", {"json_body": {"title": ""}, "token": True}, 422),
    ("a bad state before no task", "PATCH", "/api/{name}/tasks/99/complete", {"json_body": {"completed": "x"}, "token": True}, 422),
]


@pytest.mark.parametrize("method, path, how, status", [row[1:] for row in ORDER], ids=[row[0] for row in ORDER])
def test_errors_are_found_in_order(user, method, path, how, status):
    how = {**how, "token": user.token} if how.get("token") else how
    web.call(method, path.format(name=user.name), **how).expect(status)
