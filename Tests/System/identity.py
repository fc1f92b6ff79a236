"""What the tests of tokens share: to get in, and not to."""

import web


def get(token: str, user: str) -> web.Answer:
    """A list, asked for on a new connection: any worker may answer."""
    return web.call("GET", f"/api/{user}/tasks", token=token)


def not_admitted(token: str, user: str = "mallory"):
    """Not let in: 401, or 503 while the issuer may not be asked again whether the token's key is its own."""
    answer = get(token, user)
    if answer.status != 503:
        return refused(token, user)
    assert answer.detail == "The token's key is not known yet"
    assert 1 <= int(answer.header("Retry-After")) <= 30 and answer.header("WWW-Authenticate") is None


def refused(token: str, user: str = "mallory", detail: str = "Invalid token"):
    answer = get(token, user).expect(401)
    assert answer.detail == detail
    assert answer.header("WWW-Authenticate") == 'Bearer error="invalid_token"'
