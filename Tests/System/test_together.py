"""Concurrent requests: none is lost, none is done twice."""

import threading

import web


def test_300_creates_at_once_make_300_tasks(user):
    requests = [web.request("POST", user.tasks, token=user.token, json_body={"title": f"Task {n}"}) for n in range(300)]
    answers = web.at_once(requests)
    assert {answer.status for answer in answers} == {201}
    created = [answer.json() for answer in answers]
    assert sorted(task["id"] for task in created) == list(range(1, 301))
    assert sorted(task["title"] for task in created) == sorted(f"Task {n}" for n in range(300))
    stored = user.list()
    assert sorted(stored, key=lambda task: task["id"]) == sorted(created, key=lambda task: task["id"])
    assert [task["created_at"] for task in stored] == sorted((task["created_at"] for task in stored), reverse=True)


def test_101_toggles_of_one_task_at_once_all_count(user):
    id = user.create()["id"]
    answers = web.at_once([web.request("PATCH", f"{user.tasks}/{id}/complete", token=user.token)] * 101)
    assert {answer.status for answer in answers} == {200}
    states = [answer.json()["completed"] for answer in answers]
    assert (states.count(True), states.count(False)) == (51, 50)
    assert user.read(id)["completed"] is True
    # Each toggle has a time of its own.
    assert len({answer.json()["updated_at"] for answer in answers}) == 101


def test_one_of_100_deletes_at_once_succeeds(user):
    id = user.create()["id"]
    answers = web.at_once([web.request("DELETE", f"{user.tasks}/{id}", token=user.token)] * 100)
    assert sorted(answer.status for answer in answers) == [204] + [404] * 99


def test_changes_of_different_keys_at_once_do_not_undo_each_other(user):
    id = user.create("old", description="old")["id"]
    for round_ in range(20):
        changes = [{"title": f"new {round_}"}, {"description": f"new {round_}"}, {"completed": round_ % 2 == 0}]
        answers = web.at_once([web.request("PUT", f"{user.tasks}/{id}", token=user.token, json_body=change) for change in changes])
        assert {answer.status for answer in answers} == {200}
        task = user.read(id)
        assert (task["title"], task["description"], task["completed"]) == (f"new {round_}", f"new {round_}", round_ % 2 == 0)


def test_a_task_can_be_read_as_soon_as_it_is_answered(user):
    """On another connection, which any worker may serve."""
    for _ in range(50):
        task = user.create()
        assert web.call("GET", f"{user.tasks}/{task['id']}", token=user.token).expect(200).json() == task


def test_bad_requests_do_not_affect_good_ones_beside_them(user):
    """They may share a batch with good ones."""
    user.create()
    good = web.request("POST", user.tasks, token=user.token, json_body={"title": "good"})
    bad = [
        web.request("POST", user.tasks, token=user.token, json_body={"title": "a\0b"}), web.request("PUT", f"{user.tasks}/999", token=user.token, json_body={"title": "x"}),
        web.request("POST", user.tasks, token="x", json_body={"title": "x"}), web.request("DELETE", f"{user.tasks}/998", token=user.token),
        web.request("POST", user.tasks, token=user.token, body=b"[" * 50_000, headers={"Content-Type": "application/json"}),
    ]
    answers = web.at_once([good, *bad] * 30)
    assert [answer.status for answer in answers] == [201, 422, 404, 401, 404, 400] * 30
    assert len(user.list()) == 31


def test_concurrent_users_see_only_their_own_tasks(make_user):
    """Writes of many users, which the workers commit in groups, from several threads at once."""
    users = [make_user() for _ in range(20)]
    failures: list[object] = []

    def work(part: int):
        try:
            for answer in web.at_once([
                web.request("POST", user.tasks, token=user.token, json_body={"title": user.name}) for user in users for _ in range(3)
            ]):
                answer.expect(201)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    for user in users:
        tasks = user.list()
        assert sorted(task["id"] for task in tasks) == list(range(1, 13))
        assert {task["title"] for task in tasks} == {user.name}
