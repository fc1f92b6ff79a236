"""What the tests of tokens share: to get in, and not to."""

import web


def get(token: str, user: str) -> web.Answer:
    """A list, asked for on a new connection: any worker may answer."""
    return web.call("GET", f"/api/{user}/tasks", token=token)


def refused(token: str, user: str = "mallory", detail: str = "Invalid token"):
    answer = get(token, user).expect(401)
    assert answer.detail == detail
    assert answer.header("WWW-Authenticate") == 'Bearer error="invalid_token"'
