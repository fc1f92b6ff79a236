"""Request bodies: members, values, types and syntax."""

import json

import pytest

import web

GOOD_TITLES = {
    "one letter": "x",
    "200 letters": "x" * 200,
    "200 of two bytes": "é" * 200,
    "200 of four bytes": "😀" * 200,
    "200 code points in fewer graphemes": "e\u0301" * 100,
    "blank ends": "  kept as sent \t",
    "quotes, backslashes, slashes": '"\\/\\"',
    "control characters": "a\u0001b\u001fc\u007f\nd\te",
    "HTML": "<script>alert('x')</script>&amp;",
    "SQL": "'); drop table todo.tasks; --",
    "format characters": "%s %n {0} $1",
    "right to left": "\u202eשלום\u202c",
    "line separators": "a\u2028b\u2029c",
    "highest code point": "\U0010ffff",
    "byte order mark": "\ufeffx",
    "replacement character": "\ufffd",
    "zero width": "a\u200d\u200bb",
}


@pytest.mark.parametrize("title", GOOD_TITLES.values(), ids=GOOD_TITLES.keys())
def test_a_title_is_stored_as_sent(user, title):
    task = user.create(title)
    assert task["title"] == title
    assert user.read(task["id"])["title"] == title
    assert user.list()[0]["title"] == title


@pytest.mark.parametrize("title", GOOD_TITLES.values(), ids=GOOD_TITLES.keys())
def test_escapes_in_json_are_the_same_title(user, title):
    body = json.dumps({"title": title}, ensure_ascii=True).encode()
    answer = user.call("POST", body=body, headers={"Content-Type": "application/json"}).expect(201)
    assert answer.json()["title"] == title


BAD_TITLES = {
    "empty": "", "a space": " ", "blanks of all kinds": " \t\n\u00a0\u2003\u3000", "201 letters": "x" * 201,
    "201 of four bytes": "😀" * 201, "U+0000": "a\u0000b", "a number": 5, "a boolean": True, "an array": ["x"],
    "an object": {"x": 1},
}


@pytest.mark.parametrize("title", BAD_TITLES.values(), ids=BAD_TITLES.keys())
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_invalid_title_is_422(user, method, title):
    task = user.create()
    answer = user.call(method, "" if method == "POST" else task["id"], json_body={"title": title}).expect(422)
    assert answer.json()["errors"][0]["loc"] == ["body", "title"]
    assert user.list() == [task]


@pytest.mark.parametrize("body", [{}, {"title": None}, {"description": "x"}])
def test_a_new_task_needs_a_title(user, body):
    answer = user.call("POST", json_body=body).expect(422)
    assert answer.json()["errors"][0]["loc"] == ["body", "title"]


@pytest.mark.parametrize("description", ["", " ", "x" * 1000, "😀" * 1000, "a\nb", None], ids=lambda d: repr(d)[:12])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_description_is_stored_as_sent(user, method, description):
    id = user.create()["id"]
    body = {"title": "x", "description": description}
    answer = user.call("POST", json_body=body) if method == "POST" else user.call("PUT", id, json_body=body)
    assert answer.json()["description"] == description
    assert user.read(answer.json()["id"])["description"] == description


@pytest.mark.parametrize("description", ["x" * 1001, "😀" * 1001, "a\u0000", 5, False, [], {}], ids=lambda d: repr(d)[:12])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_invalid_description_is_422(user, method, description):
    id = user.create()["id"]
    body = {"title": "x", "description": description}
    answer = user.call("POST", json_body=body) if method == "POST" else user.call("PUT", id, json_body=body)
    assert answer.expect(422).json()["errors"][0]["loc"] == ["body", "description"]


@pytest.mark.parametrize("completed", ["true", 1, 0, [], {}], ids=repr)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_invalid_state_is_422(user, method, completed):
    id = user.create()["id"]
    body = {"title": "x", "completed": completed}
    answer = user.call("POST", json_body=body) if method == "POST" else user.call("PUT", id, json_body=body)
    assert answer.expect(422).json()["errors"][0]["loc"] == ["body", "completed"]


def test_all_invalid_members_are_reported_at_once(user):
    answer = user.call("POST", json_body={"title": "", "description": 5, "completed": "no"}).expect(422)
    assert {tuple(error["loc"]) for error in answer.json()["errors"]} == {
        ("body", "title"), ("body", "description"), ("body", "completed")}
    assert isinstance(answer.detail, str)


def test_unknown_keys_are_ignored(user):
    task = user.create("x", priority="high", due_date="2030-01-01", category=None, tags=["a", {"b": [1, 2.5e300]}])
    assert task["title"] == "x"
    user.call("PUT", task["id"], json_body={"priority": 1}).expect(200)


def test_id_user_and_times_in_a_body_are_ignored(user, other):
    task = user.create("x", id=77, user_id=other.name, created_at="2000-01-01T00:00:00Z", updated_at=None)
    assert task["id"] == 1 and task["user_id"] == user.name and not task["created_at"].startswith("2000")
    assert other.list() == []


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"5", b"true", b"null", b'[{"title":"x"}]'])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_json_that_is_no_object_is_422(user, method, body):
    path = "" if method == "POST" else user.create()["id"]
    user.call(method, path, body=body, headers={"Content-Type": "application/json"}).expect(422)


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"5", b"true"])
def test_a_completion_that_is_no_object_is_422(user, body):
    id = user.create()["id"]
    user.call("PATCH", f"{id}/complete", body=body, headers={"Content-Type": "application/json"}).expect(422)


BROKEN_JSON = {
    "cut": b'{"title":"x"', "cut text": b'{"title":"x', "no quotes": b"{title:1}", "single quotes": b"{'title':'x'}",
    "trailing comma": b'{"title":"x",}', "two values": b'{"title":"x"} {}', "words": b"hello", "a form": b"title=x",
    "a comment": b'{"title":"x"/**/}', "NaN": b'{"title":"x","n":NaN}', "a bare control": b'{"title":"a\nb"}',
    "bad escape": b'{"title":"\\x41"}', "byte order mark": b'\xef\xbb\xbf{"title":"x"}', "UTF-16": '{"title":"x"}'.encode("utf-16"),
    "lone continuation": b'{"title":"\x80"}', "overlong": b'{"title":"\xc0\xaf"}', "surrogate in UTF-8": b'{"title":"\xed\xa0\x80"}',
    "beyond the last code point": b'{"title":"\xf4\x90\x80\x80"}', "cut character": b'{"title":"\xe2\x82"}',
    "bad UTF-8 in an unknown key": b'{"title":"x","k\xff":1}', "bad UTF-8 in an unknown value": b'{"title":"x","k":"\xff"}',
    "leading zero": b'{"title":"x","n":01}', "white space only": b"  \n", "a null byte": b"\x00",
    "50,000 arrays": b"[" * 50_000, "50,000 objects": b'{"a":' * 50_000, "50,000 closed arrays": b"[" * 50_000 + b"]" * 50_000,
    "50,000 arrays in an unknown key": b'{"title":"x","k":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
}


@pytest.mark.parametrize("body", BROKEN_JSON.values(), ids=BROKEN_JSON.keys())
@pytest.mark.parametrize("method, suffix", [("POST", ""), ("PUT", "1"), ("PATCH", "1/complete")])
def test_what_is_not_json_is_400(user, method, suffix, body):
    task = user.create()
    user.call(method, suffix, body=body, headers={"Content-Type": "application/json"}).expect(400)
    assert user.list() == [task]


@pytest.mark.parametrize("body", [b'{"title":"\\ud800"}', b'{"title":"\\udc00x"}', b'{"title":"x","k":"\\ud800"}'])
def test_half_a_surrogate_pair_is_refused_or_harmless(user, body):
    assert user.call("POST", body=body, headers={"Content-Type": "application/json"}).status in (201, 400, 422)


@pytest.mark.parametrize("type", [
    "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON", " application/json ",
])
def test_json_is_known_by_its_type_however_it_is_written(user, type):
    user.call("POST", body=b'{"title":"x"}', headers={"Content-Type": type}).expect(201)


@pytest.mark.parametrize("type", [
    "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx",
    "application/xml", "application", "*/*", ";",
])
@pytest.mark.parametrize("method, suffix", [("POST", ""), ("PUT", "1"), ("PATCH", "1/complete")])
def test_a_body_of_another_type_is_415(user, method, suffix, type):
    user.create()
    user.call(method, suffix, body=b'{"title":"x"}', headers={"Content-Type": type}).expect(415)


@pytest.mark.parametrize("method, suffix, status", [("GET", "", 200), ("GET", "1", 200), ("PATCH", "1/complete", 200), ("DELETE", "1", 204)])
def test_a_type_without_a_body_is_not_parsed(user, method, suffix, status):
    user.create()
    user.call(method, suffix, headers={"Content-Type": "application/json"}).expect(status)


def test_a_body_may_arrive_in_chunks(user):
    body = b"7\r\n{\"title\r\n1\r\n\"\r\n5\r\n:\"x\"}\r\n0\r\n\r\n"
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    answer = web.raw(web.request("POST", user.tasks, token=user.token, headers=headers) + body)
    assert answer.expect(201).json()["title"] == "x"


def test_a_body_just_below_the_limit_is_read_whole(user):
    body = {"title": "x", "notes": "y" * (1024 * 1024 - 100), "description": "the end"}
    assert user.call("POST", json_body=body).expect(201).json()["description"] == "the end"
