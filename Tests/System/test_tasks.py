"""The six endpoints, as in the README's table."""

import re
from datetime import datetime, timezone

import pytest

KEYS = {"id", "user_id", "title", "description", "completed", "created_at", "updated_at"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


def moment(text: str) -> datetime:
    assert MOMENT.fullmatch(text), text
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_a_new_task_is_answered_whole_with_201_and_a_relative_location(user):
    answer = user.call("POST", json_body={"title": "Buy milk", "description": "Two litres"}).expect(201)
    task = answer.json()
    assert KEYS <= task.keys()
    assert (task["title"], task["description"], task["completed"]) == ("Buy milk", "Two litres", False)
    assert task["user_id"] == user.name
    assert answer.header("Location") == f"{user.tasks}/{task['id']}"
    assert user.request("GET", answer.header("Location")).expect(200).json() == task


def test_a_task_has_exactly_the_types_of_the_contract(user):
    task = user.create()
    assert type(task["id"]) is int and 0 < task["id"] < 2**53
    assert type(task["completed"]) is bool
    assert task["description"] is None
    assert "owner_user_id" not in task


def test_timestamps_are_rfc_3339_in_utc_and_end_in_z(user):
    task = user.create()
    assert abs((moment(task["created_at"]) - datetime.now(timezone.utc)).total_seconds()) < 5
    assert task["updated_at"] == task["created_at"]


@pytest.mark.parametrize("given, kept", [({}, False), ({"completed": True}, True), ({"completed": False}, False), ({"completed": None}, False)])
def test_a_new_task_may_be_completed_already(user, given, kept):
    assert user.create(**given)["completed"] is kept


@pytest.mark.parametrize("given", [{}, {"description": None}])
def test_an_absent_description_is_null(user, given):
    assert user.create(**given)["description"] is None


def test_the_list_is_a_bare_array_newest_first(user):
    created = [user.create(f"Task {n}") for n in range(5)]
    assert user.list() == created[::-1]


def test_the_list_of_a_user_without_tasks_is_empty(user):
    assert user.list() == []


def test_one_task_is_read_by_its_id(user):
    created = [user.create(f"Task {n}") for n in range(3)]
    for task in created:
        assert user.read(task["id"]) == task


def test_ids_count_up_for_each_owner_and_are_never_used_again(user, other):
    assert [user.create()["id"] for _ in range(3)] == [1, 2, 3]
    assert other.create()["id"] == 1
    user.call("DELETE", 3).expect(204)
    assert user.create()["id"] == 4


@pytest.mark.parametrize("change", [
    {"title": "Other"},
    {"description": "Other"},
    {"description": ""},
    {"description": None},
    {"completed": True},
    {"title": "Other", "completed": True},
    {"title": "Other", "description": None, "completed": True},
])
def test_put_changes_only_the_keys_that_are_sent(user, change):
    task = user.create("Title", description="Description")
    changed = user.call("PUT", task["id"], json_body=change).expect(200).json()
    assert changed == {**task, **change, "updated_at": changed["updated_at"]}
    assert moment(changed["updated_at"]) > moment(task["updated_at"])
    assert user.read(task["id"]) == changed


@pytest.mark.parametrize("change", [{"title": None}, {"completed": None}, {"title": None, "completed": None}])
def test_put_leaves_a_title_and_a_state_that_are_null(user, change):
    task = user.create("Title", description="Description", completed=True)
    changed = user.call("PUT", task["id"], json_body=change).expect(200).json()
    assert {**changed, "updated_at": None} == {**task, "updated_at": None}


def test_put_of_nothing_is_200_and_changes_nothing(user):
    task = user.create("Title", description="Description")
    assert user.call("PUT", task["id"], json_body={}).expect(200).json() == task


def test_put_of_a_whole_task_ignores_what_it_cannot_change(user):
    task = user.create("Title", description="Description")
    sent = {**task, "id": 999, "user_id": "someone", "created_at": "2000-01-01T00:00:00Z", "title": "Other"}
    changed = user.call("PUT", task["id"], json_body=sent).expect(200).json()
    assert changed == {**task, "title": "Other", "updated_at": changed["updated_at"]}


def test_delete_is_204_and_empty_and_the_task_is_gone(user):
    keep, task = user.create("Stays"), user.create("Goes")
    answer = user.call("DELETE", task["id"]).expect(204)
    assert answer.body == b""
    assert user.call("GET", task["id"]).expect(404).detail == "Task not found"
    assert user.list() == [keep]


def test_a_task_is_deleted_once(user):
    task = user.create()
    user.call("DELETE", task["id"]).expect(204)
    assert user.call("DELETE", task["id"]).expect(404).detail == "Task not found"


@pytest.mark.parametrize("how", [
    {},
    {"headers": {"Content-Type": "application/json"}},
    {"headers": {"Content-Type": "application/json", "Content-Length": "0"}},
    {"body": b"{}", "headers": {"Content-Type": "application/json"}},
    {"body": b"null", "headers": {"Content-Type": "application/json"}},
    {"body": b'{"title":"ignored"}', "headers": {"Content-Type": "application/json"}},
    {"body": b'{"completed":null}', "headers": {"Content-Type": "application/json"}},
], ids=str)
def test_patch_without_a_state_toggles(user, how):
    task = user.create()
    first = user.call("PATCH", f"{task['id']}/complete", **how).expect(200).json()
    assert first == {**task, "completed": True, "updated_at": first["updated_at"]}
    assert user.call("PATCH", f"{task['id']}/complete", **how).expect(200).json()["completed"] is False
    assert user.read(task["id"])["completed"] is False


@pytest.mark.parametrize("key", ["completed", "is_completed"])
@pytest.mark.parametrize("state", [True, False])
def test_patch_with_a_state_sets_it_however_often(user, key, state):
    task = user.create(completed=not state)
    for _ in range(3):
        answer = user.call("PATCH", f"{task['id']}/complete", json_body={key: state}).expect(200)
        assert answer.json()["completed"] is state


@pytest.mark.parametrize("key", ["completed", "is_completed"])
@pytest.mark.parametrize("value", ["true", 1, 0, [], {}, 1.5])
def test_patch_with_a_state_of_another_type_is_422(user, key, value):
    task = user.create()
    answer = user.call("PATCH", f"{task['id']}/complete", json_body={key: value}).expect(422)
    assert answer.json()["errors"][0]["loc"] == ["body", key]
    assert user.read(task["id"]) == task


def test_patch_toggles_a_title_and_a_description_never(user):
    task = user.create("Title", description="Description")
    toggled = user.call("PATCH", f"{task['id']}/complete").expect(200).json()
    assert (toggled["title"], toggled["description"]) == ("Title", "Description")


@pytest.mark.parametrize("method, suffix, body", [
    ("GET", "7", None), ("PUT", "7", {"title": "x"}), ("PUT", "7", {}), ("DELETE", "7", None),
    ("PATCH", "7/complete", None), ("PATCH", "7/complete", {"completed": True}),
])
def test_a_missing_task_is_404(user, method, suffix, body):
    assert user.call(method, suffix, json_body=body).expect(404).detail == "Task not found"
