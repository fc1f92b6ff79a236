"""Fixtures: each test has users of its own, so that tests run in any order and at once."""

import resource
import sys
import urllib.parse
import uuid
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import stack  # noqa: E402
import tokens  # noqa: E402
import web  # noqa: E402


class User:
    """A user with a token and a kept connection."""

    def __init__(self, name: str):
        self.name = name
        self.token = tokens.token_of(name)
        self.tasks = f"/api/{urllib.parse.quote(name, safe='')}/tasks"
        self._connection: web.Connection | None = None

    def call(self, method: str, suffix: object = "", **how) -> web.Answer:
        """A request below this user's tasks: `""`, an id, `3/complete`, `?limit=1`."""
        return self.request(method, self.path(suffix), **how)

    def request(self, method: str, path: str, **how) -> web.Answer:
        how.setdefault("token", self.token)
        if self._connection:
            try:
                return self._use(method, path, how)
            except (web.NoAnswer, OSError):
                # nginx closes a kept connection after some errors; only then a new one is opened.
                pass
        self._connection = web.Connection()
        return self._use(method, path, how)

    def _use(self, method, path, how):
        answer = self._connection.call(method, path, **how)
        if answer.header("Connection") == "close":
            self.close()
        return answer

    def path(self, suffix: object = "") -> str:
        suffix = str(suffix)
        return self.tasks + (suffix if suffix.startswith("?") or not suffix else f"/{suffix}")

    def create(self, title: str = "A task", **more) -> dict:
        return self.call("POST", json_body={"title": title, **more}).expect(201).json()

    def list(self, query: str = "") -> list[dict]:
        return self.call("GET", query).expect(200).json()

    def read(self, id: int) -> dict:
        return self.call("GET", id).expect(200).json()

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None


@pytest.fixture
def make_user():
    """Makes users with unique names."""
    users: list[User] = []

    def make(prefix: str = "user-", suffix: str = "") -> User:
        users.append(User(prefix + uuid.uuid4().hex[:12] + suffix))
        return users[-1]

    yield make
    for user in users:
        user.close()


@pytest.fixture
def user(make_user) -> User:
    return make_user()


@pytest.fixture
def other(make_user) -> User:
    return make_user("other-")


@pytest.fixture(scope="session", autouse=True)
def thousands_of_files():
    """Each connection of a test is a descriptor; the usual limit of a login, 1024, is too low."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536), most))


@pytest.fixture(scope="session")
def special_locations():
    """Locations for some tests, by the user's name: the switches, a rate limit, a missing socket, no buffer on disk."""
    zone, locations = "limit_req_zone $binary_remote_addr zone=tests:64k rate=1r/s;\n", """
location ~ ^/api/object- { set $todo_list_shape object; fastcgi_pass tasks; }
location ~ ^/api/array- { set $todo_list_shape array; fastcgi_pass tasks; }
location ~ ^/api/message- { set $todo_delete_status 200; fastcgi_pass tasks; }
location ~ ^/api/limited- { limit_req zone=tests burst=1 nodelay; fastcgi_pass tasks; }
location ~ ^/api/unconnected- { fastcgi_pass unix:/nowhere.sock; }
location ~ ^/api/unbuffered- { fastcgi_max_temp_file_size 0; fastcgi_pass tasks; }
location /denied { deny all; fastcgi_pass tasks; }
"""
    with stack.nginx_file("http.d/tests.conf", zone), stack.nginx_file("server.d/tests.conf", locations):
        yield


@pytest.fixture
def impatient_nginx():
    with stack.nginx_file("location.d/tests.conf", stack.IMPATIENT):
        yield
