"""Lists: filters, order and pages, in every spelling that clients use; both shapes; long lists."""

import urllib.parse

import pytest

import web


@pytest.fixture
def tasks(user) -> dict[str, dict]:
    """Five tasks; made in this order, the second and the fourth completed, the first changed last."""
    made = {name: user.create(title, description=description, completed=completed) for name, title, description, completed in (
        ("one", "Banana bread", "Flour, EGGS", False),
        ("two", "apple pie", None, True),
        ("three", "Cherry cake", "100% cherries_", False),
        ("four", "Äpfel kaufen", "grün", True),
        ("five", "date", "apple", False),
    )}
    made["one"] = user.call("PUT", made["one"]["id"], json_body={"description": "Flour, EGGS, milk"}).json()
    return made


def names(user, tasks, query: str) -> list[str]:
    by_id = {task["id"]: name for name, task in tasks.items()}
    return [by_id[task["id"]] for task in user.list(query)]


NEWEST_FIRST = ["five", "four", "three", "two", "one"]
PENDING, COMPLETED = ["five", "three", "one"], ["four", "two"]


@pytest.mark.parametrize("query, expected", [
    ("", NEWEST_FIRST), ("?", NEWEST_FIRST), ("?&&", NEWEST_FIRST), ("?=", NEWEST_FIRST), ("?status=all", NEWEST_FIRST),
    *((f"?{q}", PENDING) for q in ("completed=false", "status=pending", "status=active", "status=todo", "status=open")),
    *((f"?{q}", COMPLETED) for q in ("completed=true", "status=completed", "status=done")),
])
def test_tasks_are_filtered_by_state(user, tasks, query, expected):
    assert names(user, tasks, query) == expected


@pytest.mark.parametrize("text, expected", [
    ("apple", ["five", "two"]), ("APPLE", ["five", "two"]), ("eggs", ["one"]), ("ä", ["four"]), ("Ä", ["four"]), ("GRÜN", ["four"]),
    ("pie", ["two"]), ("a p", []), ("%", ["three"]), ("_", ["three"]), ("\\", []), ("'", []), ("banana bread", ["one"]),
    ("nowhere", []), ("100%", ["three"]), ("s_", ["three"]), ("e_p", []),
])
@pytest.mark.parametrize("name", ["search", "q"])
def test_a_search_finds_a_part_of_title_or_description_whatever_its_case(user, tasks, name, text, expected):
    assert names(user, tasks, f"?{name}={urllib.parse.quote(text)}") == expected


def test_a_space_in_a_search_is_a_plus_or_an_escape(user, tasks):
    assert names(user, tasks, "?search=banana+bread") == names(user, tasks, "?q=banana%20bread") == ["one"]


def test_an_empty_search_finds_everything(user, tasks):
    assert names(user, tasks, "?search=") == NEWEST_FIRST


OLDEST_FIRST = NEWEST_FIRST[::-1]
BY_UPDATE = ["one", "five", "four", "three", "two"]


@pytest.mark.parametrize("query, expected", [
    *((f"?{by}={name}&{direction}={word}", expected)
      for by in ("sort", "sort_by", "sortBy")
      for name in ("created_at", "created", "createdAt")
      for direction in ("order", "sort_order", "sortOrder")
      for word, expected in (("asc", OLDEST_FIRST), ("desc", NEWEST_FIRST))),
    *((f"?sort={name}&order=desc", BY_UPDATE) for name in ("updated_at", "updated", "updatedAt")),
    *((f"?sort={name}&order=asc", BY_UPDATE[::-1]) for name in ("updated_at", "updated", "updatedAt")),
    ("?sort=created_at_desc", NEWEST_FIRST), ("?sort=created_at_asc", OLDEST_FIRST), ("?sort_by=updated_at_desc", BY_UPDATE),
    ("?order=asc", OLDEST_FIRST), ("?order=desc", NEWEST_FIRST), ("?sort=created_at", NEWEST_FIRST),
])
def test_tasks_are_sorted_by_time(user, tasks, query, expected):
    assert names(user, tasks, query) == expected


@pytest.mark.parametrize("query, turned", [("?sort=title&order=asc", False), ("?sort=title&order=desc", True), ("?sort=title_desc", True), ("?sort_by=title&sort_order=asc", False)])
def test_tasks_are_sorted_by_title(user, query, turned):
    for title in ("cherry", "apple", "date", "banana"):
        user.create(title)
    titles = [task["title"] for task in user.list(query)]
    assert titles == sorted(titles, reverse=turned) and len(titles) == 4


@pytest.mark.parametrize("query, expected", [
    ("?limit=2", ["five", "four"]), ("?limit=2&offset=2", ["three", "two"]), ("?limit=2&skip=4", ["one"]), ("?offset=3", ["two", "one"]),
    ("?skip=5", []), ("?limit=100", NEWEST_FIRST), ("?page=1&page_size=2", ["five", "four"]), ("?page=3&page_size=2", ["one"]),
    ("?page=2&limit=3", ["two", "one"]), ("?page=4&page_size=2", []), ("?page=1", NEWEST_FIRST), ("?page=1&pageSize=1", ["five"]),
    ("?limit=2&order=asc", ["one", "two"]), ("?limit=1&status=completed", ["four"]), ("?limit=1&offset=1&q=apple", ["two"]),
])
def test_a_page_is_cut_from_the_list(user, tasks, query, expected):
    assert names(user, tasks, query) == expected


@pytest.mark.parametrize("query", [
    "?completed=maybe", "?status=unknown", "?sort=colour", "?order=sideways", "?limit=many", "?limit=-1", "?limit=1.5", "?offset=x", "?offset=-1",
    "?page=x", "?page=0", "?page=-3", "?unknown=1", "?status", "?limit=", "?completed=", "?%00=1", "?%ff=%fe", "?limit=%zz", "?a=b?c=d", "?;", "?[]=",
    "?limit=99999999999999999999999999", "?" + "x" * 3000, "?sort=title'--", "?search=%00",
])
def test_unknown_filters_and_values_are_ignored(user, tasks, query):
    assert set(names(user, tasks, query)) == set(NEWEST_FIRST)


@pytest.mark.parametrize("query", ["?offset=99999999999999999999", "?page=99999999999999999&page_size=99999999999999999", "?search=" + "a" * 2000])
def test_filters_beyond_any_task_find_none(user, tasks, query):
    assert user.list(query) == []


def test_filters_combine(user, tasks):
    assert names(user, tasks, "?status=pending&sort=title&order=desc&q=e&limit=2") == ["five", "three"]


@pytest.mark.parametrize("query, count, total", [("", 5, 5), ("?limit=2", 2, 5), ("?status=completed&limit=1", 1, 2), ("?offset=10", 0, 5), ("?q=nothing", 0, 0)])
def test_a_location_may_ask_for_the_object_shape(special_locations, make_user, query, count, total):
    user = make_user("object-")
    for n in range(5):
        user.create(f"Task {n}", completed=n < 2)
    answer = user.call("GET", query).expect(200).json()
    assert set(answer) == {"tasks", "total", "count"}
    assert (len(answer["tasks"]), answer["count"], answer["total"]) == (count, count, total)


def test_a_list_of_thousands_is_whole_and_in_order(user):
    """Longer than every buffer on its way: 3,000 tasks, about 7 MB."""
    description = "ü" * 1000
    for start in range(0, 3000, 250):
        requests = [web.request("POST", user.tasks, token=user.token, json_body={"title": f"Task {n}", "description": description})
                    for n in range(start, start + 250)]
        assert {answer.status for answer in web.at_once(requests)} == {201}
    plain = user.call("GET").expect(200)
    tasks = plain.json()
    assert len(plain.body) > 6_000_000
    assert sorted(task["id"] for task in tasks) == list(range(1, 3001))
    order = [(task["created_at"], task["id"]) for task in tasks]
    assert order == sorted(order, reverse=True)
    zipped = user.call("GET", headers={"Accept-Encoding": "gzip"}).expect(200)
    assert zipped.header("Content-Encoding") == "gzip"
    assert len(zipped.body) < len(plain.body) / 10 and zipped.json() == tasks
    assert [task["id"] for task in user.list("?limit=10&offset=1000")] == [task["id"] for task in tasks[1000:1010]]


def test_a_client_that_stops_reading_does_not_delay_others(user):
    """nginx takes a long answer at once, so the worker does not wait for the client."""
    for start in range(0, 500, 250):
        requests = [web.request("POST", user.tasks, token=user.token, json_body={"title": "x" * 200, "description": "y" * 1000})] * 250
        web.at_once(requests)
    sleepers = [web.Connection() for _ in range(20)]
    for sleeper in sleepers:
        sleeper.send(web.request("GET", user.tasks, token=user.token))
    for _ in range(20):
        user.call("GET", 1).expect(200)
    assert len(sleepers[0].read().json()) == 500
    for sleeper in sleepers:
        sleeper.close()
