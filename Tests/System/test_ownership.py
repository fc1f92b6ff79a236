"""A user never sees another user's tasks."""

import pytest

import web

ROUTES = [
    ("GET", "", None), ("HEAD", "", None), ("POST", "", {"title": "Mine now"}), ("GET", "/{id}", None), ("HEAD", "/{id}", None),
    ("PUT", "/{id}", {"title": "Mine now"}), ("DELETE", "/{id}", None), ("PATCH", "/{id}/complete", None), ("PATCH", "/{id}/complete", {"completed": True}),
]


@pytest.mark.parametrize("method, suffix, body", ROUTES)
def test_every_route_refuses_another_users_token(user, other, method, suffix, body):
    task = user.create("Private", description="Private")
    other.create()
    answer = other.request(method, user.tasks + suffix.format(id=task["id"]), json_body=body).expect(403)
    assert method == "HEAD" or answer.detail == "Access forbidden"
    assert b"Private" not in answer.body
    assert user.list() == [task]


@pytest.mark.parametrize("method, suffix, body", ROUTES)
def test_every_route_refuses_a_request_without_a_token(user, method, suffix, body):
    task = user.create()
    web.call(method, user.tasks + suffix.format(id=task["id"]), json_body=body).expect(401)
    assert user.list() == [task]


@pytest.mark.parametrize("method, suffix, body", [route for route in ROUTES if "{id}" in route[1]])
def test_another_users_id_names_no_task_of_mine(user, other, method, suffix, body):
    """Ids count per owner, so another user's id is an id of mine or unused."""
    theirs = [other.create(f"Theirs {n}") for n in range(3)]
    mine = user.create("Mine")
    user.request(method, user.tasks + suffix.format(id=theirs[2]["id"]), json_body=body).expect(404)
    assert other.list() == theirs[::-1] and user.list() == [mine]


@pytest.mark.parametrize("method, suffix, body", [("PUT", "/1", {"title": "Changed"}), ("PATCH", "/1/complete", None), ("DELETE", "/1", None)])
def test_a_change_of_my_task_leaves_anothers_of_the_same_id(user, other, method, suffix, body):
    user.create("Mine"), other.create("Theirs")
    before = other.list()
    assert user.request(method, user.tasks + suffix, json_body=body).status in (200, 204)
    assert other.list() == before


@pytest.mark.parametrize("query", ["", "?search=Theirs", "?q=%25", "?status=all&limit=1000", "?search='%20or%201=1--", "?user_id={other}", "?owner_user_id={other}"])
def test_no_filter_reaches_another_users_tasks(user, other, query):
    other.create("Theirs")
    mine = user.create("Mine")
    assert user.list(query.format(other=other.name)) in ([], [mine])


def test_a_list_counts_only_its_owners_tasks(special_locations, make_user):
    first, second = make_user("object-"), make_user("object-")
    for n in range(3):
        first.create()
    second.create()
    assert second.call("GET").json()["total"] == 1
