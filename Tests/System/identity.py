"""Assertions of the tests of tokens: accepted or refused."""

import web


def get(token: str, user: str) -> web.Answer:
    """GET of a list on a new connection: any worker may answer."""
    return web.call("GET", f"/api/{user}/tasks", token=token)


def not_admitted(token: str, user: str = "mallory"):
    """Not accepted: 401, or 503 while the issuer's keys may not be fetched again for the token's key."""
    answer = get(token, user)
    if answer.status != 503:
        return refused(token, user)
    assert answer.detail == "The token's key is not known yet"
    assert 1 <= int(answer.header("Retry-After")) <= 30 and answer.header("WWW-Authenticate") is None


def refused(token: str, user: str = "mallory", detail: str = "Invalid token"):
    answer = get(token, user).expect(401)
    assert answer.detail == detail
    assert answer.header("WWW-Authenticate") == 'Bearer error="invalid_token"'
