"""Every malformed request is answered in the error shape, and never 5xx. (web.py checks the shape of every answer.)"""

import urllib.parse
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stack
import web
from tokens import mint, signed, token_of

# The same examples each time: a failure is caused by a change.
thorough = settings(max_examples=200, deadline=None, database=None, derandomize=True,
                    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

USER = f"fuzz-{uuid.uuid4().hex[:12]}"
TOKEN = token_of(USER)
TASKS = f"/api/{USER}/tasks"

METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
# Bytes that are allowed in a header or a request line; the others are in test_edge.py.
HEADER_TEXT = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, blacklist_characters="\x7f"), max_size=300)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=20), values, max_size=4), max_leaves=20)
TASK_LIKE = st.dictionaries(
    st.sampled_from(["title", "description", "completed", "is_completed", "id", "user_id", "Title", "title ", ""]), JSON_VALUES, max_size=5)


@pytest.fixture(scope="module")
def connection():
    return Patient()


class Patient:
    """A kept connection that reconnects when nginx closes it."""

    def __init__(self):
        self.kept = None

    def call(self, method, path, **how) -> web.Answer:
        if self.kept is None:
            self.kept = web.Connection()
        try:
            answer = self.kept.call(method, path, **how)
        except (web.NoAnswer, OSError):
            self.kept = web.Connection()
            answer = self.kept.call(method, path, **how)
        if answer.header("Connection") == "close":
            self.kept = None
        assert answer.status < 500, answer
        return answer


@thorough
@given(method=st.sampled_from([("POST", ""), ("PUT", "/1"), ("PATCH", "/1/complete")]), body=st.binary(max_size=300))
def test_any_bytes_as_a_body(connection, method, body):
    connection.call(method[0], TASKS + method[1], token=TOKEN, body=body, headers={"Content-Type": "application/json"})


@thorough
@given(method=st.sampled_from([("POST", ""), ("PUT", "/1"), ("PATCH", "/1/complete")]), value=JSON_VALUES | TASK_LIKE)
def test_any_json_as_a_body(connection, method, value):
    answer = connection.call(method[0], TASKS + method[1], token=TOKEN, json_body=value)
    assert answer.status in (200, 201, 400, 404, 422)
    if answer.status in (200, 201) and isinstance(value, dict) and isinstance(value.get("title"), str):
        assert method[0] == "PATCH" or answer.json()["title"] == value["title"]


@thorough
@given(method=METHODS, path=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=200))
def test_any_path(connection, method, path):
    connection.call(method, "/" + path, token=TOKEN)


@thorough
@given(method=METHODS, segments=st.lists(st.text(max_size=20) | st.sampled_from(["api", USER, "tasks", "1", "complete", ".", "..", ""]), max_size=7))
def test_any_segments(connection, method, segments):
    connection.call(method, "/" + "/".join(urllib.parse.quote(s.encode("utf-8", "surrogatepass"), safe="") for s in segments), token=TOKEN)


@thorough
@given(id=st.text(max_size=40) | st.integers().map(str) | st.floats().map(str))
def test_any_id(connection, id):
    answer = connection.call("GET", f"{TASKS}/{urllib.parse.quote(id.encode('utf-8', 'surrogatepass'), safe='')}", token=TOKEN)
    assert answer.status in (200, 400, 404, 422)


@thorough
@given(pairs=st.lists(st.tuples(
    st.sampled_from(["completed", "status", "search", "q", "sort", "sort_by", "order", "limit", "offset", "page", "page_size", "x"]) | st.text(max_size=10),
    st.text(max_size=60) | st.integers().map(str) | st.sampled_from(["title", "desc", "true", "created_at"])), max_size=6))
def test_any_query(connection, pairs):
    query = urllib.parse.urlencode([(n.encode("utf-8", "surrogatepass"), v.encode("utf-8", "surrogatepass")) for n, v in pairs])
    answer = connection.call("GET", f"{TASKS}?{query}", token=TOKEN)
    assert answer.status == 200 and isinstance(answer.json(), list)


@thorough
@given(query=st.binary(max_size=100))
def test_any_bytes_as_a_query(connection, query):
    escaped = "".join(f"%{byte:02x}" if byte <= 0x20 or byte >= 0x7F or byte == 0x23 else chr(byte) for byte in query)
    connection.call("GET", f"{TASKS}?search={escaped}", token=TOKEN).expect(200)


@thorough
@given(value=HEADER_TEXT)
def test_any_authorization(connection, value):
    connection.call("GET", TASKS, headers={"Authorization": value}).expect(401)


@thorough
@given(header=st.binary(max_size=80), payload=st.binary(max_size=200))
def test_any_signed_bytes_as_a_token(connection, header, payload):
    connection.call("GET", TASKS, token=signed(header, payload)).expect(401)


@thorough
@given(payload=st.dictionaries(st.sampled_from(["sub", "exp", "nbf", "iat", "iss", "aud", "user", "id", "x"]), JSON_VALUES, max_size=6))
def test_any_claims(connection, payload):
    answer = connection.call("GET", TASKS, token=signed(b'{"alg":"HS256"}', __import__("json").dumps(payload).encode()))
    assert answer.status in (401, 403)


@thorough
@given(position=st.integers(0, 10_000), letter=st.sampled_from("AZaz09-_.=+/ %"))
def test_any_letter_of_a_token_changed(connection, position, letter):
    position %= len(TOKEN)
    changed = TOKEN[:position] + letter + TOKEN[position + 1:]
    answer = connection.call("GET", TASKS, token=changed)
    assert answer.status == (200 if changed == TOKEN else 401)


@thorough
@given(accept=HEADER_TEXT, origin=HEADER_TEXT, type=HEADER_TEXT)
def test_any_headers(connection, accept, origin, type):
    headers = {"Accept": accept, "Origin": origin, "Content-Type": type}
    answer = connection.call("POST", TASKS, token=TOKEN, body=b'{"title":"x"}', headers=headers)
    assert answer.status in (201, 415)
    assert answer.header("Access-Control-Allow-Origin") in (None, "http://localhost:3000")


@thorough
@given(data=st.binary(min_size=1, max_size=400))
def test_any_bytes_on_a_connection(data):
    """Either an answer in the error shape, or nginx is still waiting, or has closed."""
    with web.Connection(timeout=0.05) as connection:
        connection.send(data)
        try:
            assert connection.read().status < 500
        except (web.NoAnswer, ValueError, IndexError):
            # ValueError: HTTP/0.9, which has no head.
            pass


def test_none_of_these_requests_ended_a_worker_or_was_logged_as_an_error():
    stack.wait_for_pool()
    assert web.call("GET", TASKS, token=TOKEN).expect(200)
    words = (stack.HOME / "log" / "workers.log").read_text()
    assert "status=500" not in words and "Fatal" not in words
    assert web.call("GET", TASKS, token=mint({"sub": USER, "exp": 2**40})).expect(200)
