"""Tokens of an independent signer, and invalid tokens of every kind."""

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import stack
import web
from tokens import by_hand, claims, encoded, mint, signed, token_of


def ask(user, token, scheme="Bearer "):
    return web.call("GET", user.tasks, headers={"Authorization": scheme + token})


def expect_invalid(answer):
    assert answer.expect(401).detail == "Invalid token"
    assert answer.header("WWW-Authenticate") == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "}, {"Authorization": "Basic dTpw"}, {"Authorization": "Token x"},
    {"Cookie": "better-auth.session_token=x"}, {"X-Authorization": "Bearer x"},
], ids=str)
def test_no_token_is_401_not_authenticated(user, headers):
    answer = web.call("GET", user.tasks, headers=headers).expect(401)
    assert answer.detail == "Not authenticated"
    assert answer.header("WWW-Authenticate") == "Bearer"


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
def test_the_scheme_may_be_written_in_any_case(user, scheme):
    ask(user, user.token, scheme).expect(200)


def test_a_token_in_the_query_does_not_count(user):
    web.call("GET", f"{user.tasks}?access_token={user.token}&token={user.token}").expect(401)


@pytest.mark.parametrize("ago", [0.5, 61, 3600, 10**9])
def test_an_expired_token_is_401_token_expired(user, ago):
    token = mint({"sub": user.name, "exp": int(time.time() - ago)})
    if ago < 60:
        # Within the leeway both answers are right.
        assert ask(user, token).status in (200, 401)
        return
    answer = ask(user, token).expect(401)
    assert answer.detail == "Token expired"
    assert answer.header("WWW-Authenticate") == 'Bearer error="invalid_token"'


def test_a_cached_token_expires(user):
    """The cache of verified tokens checks the expiry on each hit."""
    token = mint({"sub": user.name, "exp": int(time.time()) + 1})
    ask(user, token).expect(200)
    stack.eventually("the token expires", lambda: ask(user, token).status == 401, seconds=10, pause=0.5)
    assert ask(user, token).detail == "Token expired"


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_token_of_the_future_is_invalid(user, claim):
    expect_invalid(ask(user, mint({**claims(user.name), claim: int(time.time()) + 300})))


@pytest.mark.parametrize("extra", [
    {"nbf": 0}, {"iat": 0}, {"exp": 2**53 - 1}, {"exp": 2_000_000_000.5}, {"iss": "http://localhost:3000", "aud": "http://localhost:3000"}, {"aud": ["a", "b"]},
    {"email": "ada@example.com", "name": "Ada", "image": None, "user": {"nested": [1, {"x": None}]}}, {"jti": "x" * 500}, {"sid": "😀"},
], ids=str)
def test_other_claims_do_not_matter(user, extra):
    ask(user, mint({**claims(user.name), **extra})).expect(200)


@pytest.mark.parametrize("shape", [
    lambda name: {"sub": name}, lambda name: {"user_id": name}, lambda name: {"userId": name}, lambda name: {"id": name}, lambda name: {"user": {"id": name}},
    lambda name: {"sub": name, "user_id": "other", "id": "third"}, lambda name: {"sub": None, "user_id": name}, lambda name: {"id": name, "user": {"id": "other"}},
], ids=["sub", "user_id", "userId", "id", "user.id", "the first", "not null", "id before user.id"])
def test_the_user_is_the_first_claim_that_is_present(user, shape):
    ask(user, by_hand({"exp": int(time.time()) + 60, **shape(user.name)})).expect(200)


def test_a_number_as_user_is_its_decimal_text():
    number = int(time.time() * 1000)
    web.call("GET", f"/api/{number}/tasks", token=by_hand(claims(number))).expect(200)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512", "none"])
def test_the_token_does_not_choose_its_algorithm(user, algorithm):
    secret = "" if algorithm == "none" else stack.SECRET
    expect_invalid(ask(user, jwt.encode(claims(user.name), secret or None, algorithm=algorithm)))


@pytest.mark.parametrize("algorithm, key", [
    ("RS256", rsa.generate_private_key(65537, 2048)), ("ES256", ec.generate_private_key(ec.SECP256R1())), ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
], ids=["RS256", "ES256", "EdDSA"])
def test_a_token_of_an_unconfigured_key_is_refused(user, algorithm, key):
    expect_invalid(ask(user, jwt.encode(claims(user.name), key, algorithm=algorithm)))


def bad_tokens() -> dict[str, object]:
    """Kinds of invalid tokens, each with a function of the user's name."""
    def parts(name):
        return token_of(name).split(".")

    return {
        "other secret": lambda name: mint(claims(name), secret="x" * 32),
        "empty secret": lambda name: signed(b'{"alg":"HS256"}', json.dumps(claims(name)).encode(), secret=""),
        "two parts": lambda name: ".".join(parts(name)[:2]),
        "four parts": lambda name: token_of(name) + ".x",
        "no signature": lambda name: ".".join(parts(name)[:2]) + ".",
        "one letter": lambda name: "x",
        "dots": lambda name: "..",
        "signature cut": lambda name: token_of(name)[:-2],
        "signature with an unused bit set": lambda name: other_last_letter(token_of(name)),
        "padded": lambda name: token_of(name) + "=",
        "standard base64": lambda name: signed(b'{"alg":"HS256","x":"???>>>"}', b"{}").replace("-", "+").replace("_", "/"),
        "white space within": lambda name: token_of(name).replace(".", " .", 1),
        "payload changed": lambda name: ".".join([parts(name)[0], encoded(json.dumps(claims("root")).encode()), parts(name)[2]]),
        "header is no object": lambda name: signed(b'"HS256"', json.dumps(claims(name)).encode()),
        "header is no JSON": lambda name: signed(b"{", json.dumps(claims(name)).encode()),
        "payload is no object": lambda name: signed(b'{"alg":"HS256"}', b'["x"]'),
        "payload is no JSON": lambda name: signed(b'{"alg":"HS256"}', b"x"),
        "payload is empty": lambda name: signed(b'{"alg":"HS256"}', b""),
        "payload is no UTF-8": lambda name: signed(b'{"alg":"HS256"}', b'{"sub":"\xff","exp":9999999999}'),
        "no alg": lambda name: by_hand(claims(name), {"typ": "JWT"}),
        "alg in small letters": lambda name: by_hand(claims(name), {"alg": "hs256"}),
        "alg is a list": lambda name: by_hand(claims(name), {"alg": ["HS256"]}),
        "alg twice": lambda name: signed(b'{"alg":"none","alg":"HS256"}', json.dumps(claims(name)).encode()),
        "sub twice": lambda name: signed(b'{"alg":"HS256"}', f'{{"sub":"x","sub":"{name}","exp":9999999999}}'.encode()),
        "crit": lambda name: by_hand(claims(name), {"alg": "HS256", "crit": ["exp"], "exp": 1}),
        "no exp": lambda name: by_hand({"sub": name}),
        "exp is null": lambda name: by_hand({"sub": name, "exp": None}),
        "exp is a text": lambda name: by_hand({"sub": name, "exp": "9999999999"}),
        "exp is a list": lambda name: by_hand({"sub": name, "exp": [9999999999]}),
        "nbf is a text": lambda name: by_hand({**claims(name), "nbf": "0"}),
        "no user": lambda name: by_hand({"exp": 9999999999}),
        "user is empty": lambda name: by_hand({"exp": 9999999999, "sub": ""}),
        "user is an object": lambda name: by_hand({"exp": 9999999999, "sub": {"id": name}}),
        "user is a boolean": lambda name: by_hand({"exp": 9999999999, "sub": True}),
        "deep": lambda name: signed(b'{"alg":"HS256"}', b'{"x":' + b"[" * 500 + b"]" * 500 + b',"sub":"x","exp":9999999999}'),
        "encrypted": lambda name: "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA",
        "a secret's own text": lambda name: stack.SECRET,
    }


def other_last_letter(token: str) -> str:
    """The same signature bytes, with a bit set that base64url leaves unused."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) | 1 if alphabet.index(token[-1]) % 4 == 0 else 1]


@pytest.mark.parametrize("make", bad_tokens().values(), ids=bad_tokens().keys())
def test_an_invalid_token_is_401_invalid_token(user, make):
    expect_invalid(ask(user, make(user.name)))
    # Once more: a refusal must not be cached as a success.
    expect_invalid(ask(user, make(user.name)))


def test_no_answer_holds_a_part_of_a_token(user):
    token = mint(claims(user.name, email="secret@example.com"), secret="y" * 32)
    answer = ask(user, token)
    for part in token.split("."):
        assert part not in answer.body.decode() and part not in str(answer.headers)


def test_logs_hold_no_token_and_no_text_of_a_task(user):
    user.create("Nobody but me reads this title", description="nor this description")
    user.call("GET", "?search=nor+this")
    web.call("GET", user.tasks, token=user.token + "x")
    stack.eventually("the access log is written", lambda: user.name in (stack.HOME / "nginx/access.log").read_text())
    logs = [*(stack.HOME / "log").iterdir(), stack.HOME / "nginx/access.log", stack.HOME / "nginx/error.log"]
    for log in logs:
        text = log.read_text(errors="replace")
        for secret in (user.token, user.token.split(".")[2], "Nobody but me", "nor this", "nor+this", stack.SECRET):
            assert secret not in text, log
