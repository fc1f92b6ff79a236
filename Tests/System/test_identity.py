"""Tokens of an issuer that publishes its keys, and of the shared secret beside them: accepted and refused."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from cryptography.hazmat.primitives import serialization

import stack
import tokens
import web
from issuer import ALGORITHMS, PATH, Issuer, Key, follow, log_position, log_since, restart_pool
from identity import get, not_admitted, refused
from tokens import claims, encoded


@pytest.fixture(scope="module")
def issuer():
    """An issuer with a key of each kind, and a pool that uses it; the pool's settings are restored at the end."""
    issuer = Issuer()
    issuer.keys = [Key(f"{algorithm}-key", algorithm) for algorithm in ALGORITHMS]
    follow(issuer, JWT_LEEWAY="0")
    yield issuer
    issuer.stop()
    restart_pool()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_tokens_of_each_algorithm_are_accepted(issuer, algorithm):
    key = next(key for key in issuer.keys if key.algorithm == algorithm)
    token = issuer.token("ada", key)
    for _ in range(3):
        get(token, "ada").expect(200)
    get(token, "bob").expect(403)


def test_tokens_of_the_shared_secret_are_accepted_beside_them_and_need_no_issuer(issuer):
    get(tokens.token_of("ada"), "ada").expect(200)
    get(tokens.mint(claims("ada", iss="https://elsewhere.example", aud="x")), "ada").expect(200)


def test_a_fetch_names_the_service_in_user_agent(issuer):
    assert all(agent.startswith("todo-fcgi/") for agent in issuer.agents) and issuer.agents
    assert set(issuer.requests) == {PATH}


def test_a_token_with_the_whole_user_object_of_better_auth_is_accepted(issuer):
    now = int(time.time())
    payload = {"id": "ada", "email": "ada@example.com", "emailVerified": True, "name": "Ada", "image": None,
               "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
               "iat": now, "exp": now + 900, "sub": "ada", "iss": issuer.base, "aud": issuer.base}
    get(issuer.keys[0].sign(payload), "ada").expect(200)
    payload |= {"aud": ["https://other.example", issuer.base + "/"], "iss": issuer.base + "/"}
    get(issuer.keys[0].sign(payload), "ada").expect(200)


# ---- attacks ----

def parts(token: str) -> list[str]:
    return token.split(".")


def with_header(token: str, **changes) -> str:
    """The same payload and signature under another header."""
    header, payload, signature = parts(token)
    old = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    new = {name: value for name, value in {**old, **changes}.items() if value is not ...}
    return ".".join([encoded(json.dumps(new).encode()), payload, signature])


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", " none", "none ", "none\u0000", "", None, "n\u006fne"])
@pytest.mark.parametrize("signature", ["", "AAAA", "own"])
def test_attack_alg_none_in_every_spelling(issuer, name, signature):
    token = with_header(issuer.token("mallory"), alg=name)
    refused(".".join(parts(token)[:2] + [parts(token)[2] if signature == "own" else signature]))


@pytest.mark.parametrize("signature", ["", "A", "AA", "A" * 86, "A" * 342, "null", "AAAA.AAAA"])
def test_attack_stripped_and_null_signatures(issuer, signature):
    for key in issuer.keys:
        refused(".".join(parts(issuer.token("mallory", key))[:2] + [signature]))


def test_attack_no_third_part(issuer):
    refused(".".join(parts(issuer.token("mallory"))[:2]))


@pytest.mark.parametrize("form", ["PEM", "PEM without its last line break", "DER", "raw", "base64url", "JWK"])
@pytest.mark.parametrize("named", [True, False])
def test_attack_hs256_with_a_public_key_as_secret(issuer, form, named):
    for key in issuer.keys:
        secret = {
            "PEM": lambda: key.public(serialization.Encoding.PEM),
            "PEM without its last line break": lambda: key.public(serialization.Encoding.PEM).rstrip(),
            "DER": lambda: key.public(serialization.Encoding.DER),
            "raw": lambda: key.raw_public() if key.algorithm == "EdDSA" else key.jwk.get("n", key.jwk.get("x")).encode(),
            "base64url": lambda: key.jwk.get("n", key.jwk.get("x")).encode(),
            "JWK": lambda: json.dumps(key.jwk).encode(),
        }[form]()
        header = {"alg": "HS256", **({"kid": key.kid} if named else {})}
        body = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(issuer.claims('mallory')).encode())}"
        refused(f"{body}.{encoded(hmac.new(secret, body.encode(), hashlib.sha256).digest())}")


def test_attack_key_of_the_attacker_embedded_as_jwk(issuer):
    for kid in ("EdDSA-key", None, "mine"):
        own = Key(kid)
        not_admitted(own.sign(issuer.claims("mallory"), jwk=own.jwk))


@pytest.mark.parametrize("member", ["jku", "x5u"])
def test_attack_key_of_the_attacker_by_url(issuer, member):
    other = Issuer()
    try:
        for kid in ("EdDSA-key", "mine"):
            other.keys = [Key(kid)]
            not_admitted(other.keys[0].sign(issuer.claims("mallory"), **{member: other.base + PATH}))
        assert other.requests == []
    finally:
        other.stop()


def test_attack_certificate_of_the_attacker(issuer):
    own = Key("EdDSA-key")
    refused(own.sign(issuer.claims("mallory"), x5c=[base64.b64encode(own.raw_public()).decode()]))


@pytest.mark.parametrize("kid", [
    "../../../../dev/null", "/dev/null", "file:///etc/passwd", "x' UNION SELECT 'secret", "'; DROP TABLE todo.tasks; --",
    "EdDSA-key\u0000", "EdDSA-key ", "EDDSA-KEY", "", "a" * 5000, "\ud83d\ude00", 'x"\nlevel=error msg=forged', "$(id)", "%s%n",
])
def test_attack_kid_with_a_path_sql_and_control_characters(issuer, kid):
    own = Key(None)
    position = log_position()
    not_admitted(own.sign(issuer.claims("mallory"), kid=kid))
    assert "msg=forged" not in log_since(position).replace("\\n", "")
    get(issuer.token("ada"), "ada").expect(200)


@pytest.mark.parametrize("kid", [1, None, ["EdDSA-key"], {"kid": "EdDSA-key"}, True])
def test_attack_kid_of_another_type(issuer, kid):
    refused(with_header(issuer.token("mallory"), kid=kid))


@pytest.mark.parametrize("header", [
    {"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"b64": False}, {"b64": True}, {"crit": None},
])
def test_attack_crit_and_b64(issuer, header):
    payload = json.dumps(issuer.claims("mallory")).encode()
    for body in (encoded(payload), payload.decode()):
        full = encoded(json.dumps({"alg": "EdDSA", "kid": "EdDSA-key", **header}).encode()) + "." + body
        refused(f"{full}.{encoded(issuer.keys[0].private.sign(full.encode()))}")


@pytest.mark.parametrize("header,payload", [
    ('{"alg":"none","alg":"EdDSA","kid":"EdDSA-key"}', None), ('{"alg":"EdDSA","kid":"x","kid":"EdDSA-key"}', None),
    ('{"alg":"EdDSA","\\u0061lg":"EdDSA","kid":"EdDSA-key"}', None), (None, '{"sub":"bob","sub":"mallory",%s}'),
    (None, '{"sub":"mallory","exp":1,%s}'), (None, '{"\\u0073ub":"bob","sub":"mallory",%s}'),
])
def test_attack_duplicate_members(issuer, header, payload):
    rest = json.dumps({name: value for name, value in issuer.claims("x").items() if name != "sub"})[1:-1]
    head = header or '{"alg":"EdDSA","kid":"EdDSA-key"}'
    body = payload % rest if payload else json.dumps(issuer.claims("mallory"))
    full = f"{encoded(head.encode())}.{encoded(body.encode())}"
    refused(f"{full}.{encoded(issuer.keys[0].private.sign(full.encode()))}")


@pytest.mark.parametrize("change", [
    {"aud": "https://other.example"}, {"aud": ["https://other.example"]}, {"aud": []}, {"aud": ...}, {"aud": None},
    {"iss": "https://other.example"}, {"iss": ...}, {"iss": None}, {"iss": ["%s"]},
    {"exp": ...}, {"exp": None}, {"exp": "9999999999"}, {"nbf": 9999999999}, {"iat": 9999999999},
    {"sub": ["mallory"]}, {"sub": {"id": "mallory"}}, {"sub": ""},
])
def test_attack_token_for_others(issuer, change):
    payload = {name: value for name, value in {**issuer.claims("mallory"), **change}.items() if value is not ...}
    refused(issuer.keys[0].sign(payload))


def test_attack_issuer_with_a_look_alike_name(issuer):
    for other in (issuer.base + ".example", issuer.base + "/x", issuer.base.upper(), issuer.base + "//", " " + issuer.base):
        refused(issuer.keys[0].sign(issuer.claims("mallory") | {"iss": other}))


def test_attack_one_algorithms_key_for_anothers_token(issuer):
    by_name = {key.algorithm: key for key in issuer.keys}
    for algorithm in ALGORITHMS:
        for other in ALGORITHMS:
            if other != algorithm:
                token = issuer.token("mallory", by_name[algorithm])
                refused(with_header(token, alg=other))
                refused(with_header(token, alg=other, kid=by_name[other].kid))


def test_attack_payload_of_another_user_under_a_good_signature(issuer):
    header, _, signature = parts(issuer.token("mallory"))
    refused(f"{header}.{encoded(json.dumps(issuer.claims('ada')).encode())}.{signature}", "ada")


def test_attack_ecdsa_signature_in_other_forms(issuer):
    key = next(key for key in issuer.keys if key.algorithm == "ES256")
    header, payload, signature = parts(issuer.token("mallory", key))
    raw = base64.urlsafe_b64decode(signature + "==")
    order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    for other in (encode_dss_signature(r, s), b"\0" * 64, raw + b"\0", raw[:63], b"\0" + raw,
                  r.to_bytes(32, "big") + b"\0" * 32, order.to_bytes(32, "big") + raw[32:],
                  raw[:32] + (s + order if s + order < 1 << 256 else order).to_bytes(32, "big")):
        refused(f"{header}.{payload}.{encoded(other)}")


def test_attack_token_of_20_kilobytes(issuer):
    """nginx allows header lines of 8 KiB; the answer has the error shape, and the next request is served."""
    token = issuer.token("ada", padding="x" * 15_000)
    assert len(token) > 20_000
    get(token, "ada").expect(431)
    get(issuer.token("ada"), "ada").expect(200)


def test_a_token_as_long_as_nginx_allows_is_accepted(issuer):
    token = issuer.token("ada", padding="x" * 5_700)
    assert 7_800 < len(token) < 8_150
    get(token, "ada").expect(200)


def test_attack_expired_in_cache(issuer):
    """A cached token is refused after its expiry."""
    token = issuer.token("ada", exp=int(time.time()) + 3)
    for _ in range(20):
        get(token, "ada").expect(200)
    time.sleep(3.2)
    for _ in range(10):
        refused(token, "ada", "Token expired")


def test_a_refused_token_is_logged_with_its_reason_and_never_with_the_token(issuer):
    position = log_position()
    time.sleep(1.1)
    token = issuer.token("mallory", iss="https://other.example")
    answer = get(token, "mallory").expect(401)
    line = stack.eventually("a line", lambda: [
        line for line in log_since(position).splitlines() if answer.header("X-Request-ID") in line])[0]
    assert 'msg="token refused"' in line and 'reason="the token comes from another issuer"' in line
    assert not any(part in log_since(position) for part in parts(token)) and "mallory" not in line


@pytest.mark.parametrize("change", [
    {"exp": 1}, {"iss": "https://other.example"}, {"aud": "https://other.example"}, {"sub": None}, {"exp": None},
])
def test_a_token_that_would_be_refused_anyway_causes_no_fetch(issuer, change):
    payload = {name: value for name, value in {**issuer.claims("mallory"), **change}.items() if value is not None}
    fetches = len(issuer.requests)
    start = time.monotonic()
    refused(Key("never seen").sign(payload), detail="Token expired" if change.get("exp") == 1 else "Invalid token")
    assert time.monotonic() - start < 0.5 and len(issuer.requests) == fetches
