"""`todo-fcgi check` and `todo-fcgi token`: their output on keys and tokens, and that it has no secrets."""

import re
import time

import pytest

import stack
import tokens
from issuer import Answer, Issuer, Key, follow, restart_pool, run
from tokens import claims

SECRET = "k33p-this-secret-for-the-tests-only-0123456789"


@pytest.fixture
def issuer():
    issuer = Issuer()
    issuer.keys = [Key("first"), Key("second", "ES256")]
    yield issuer
    issuer.stop()


def check(**settings: str):
    return run("check", settings={"DATABASE_URL": stack.SETTINGS["DATABASE_URL"], **settings})


def inspect(token: str, **settings: str):
    done = run("token", "--inspect", settings=settings, text=token)
    signature = token.strip().rpartition(".")[2]
    assert len(signature) < 20 or signature not in done.stdout + done.stderr
    return done


# ---- check ----

def test_check_lists_the_key_set(issuer):
    bad = Key("weak", "RS256")
    bad.jwk["e"] = "AQ"
    issuer.keys.append(bad)
    done = check(BETTER_AUTH_URL=issuer.base)
    assert done.returncode == 0, done.stderr
    for line in (f"keys: {issuer.base}/api/auth/jwks, fetched just now", '  key "first": EdDSA', '  key "second": ES256',
                 '  refused: key "weak": '):
        assert line in done.stdout
    assert "note: TODO_STATE_DIR is not set" in done.stdout


def test_check_fails_when_there_are_no_keys_at_all(issuer):
    issuer.answer = Answer(status=500)
    done = check(BETTER_AUTH_URL=issuer.base)
    assert done.returncode == 1
    assert "the server answered 500" in done.stdout and "keys: none of the issuer's" in done.stderr


def test_check_reports_the_age_of_a_file(issuer, tmp_path):
    (tmp_path / "jwks.json").write_bytes(issuer.set())
    done = check(JWKS_FILE=str(tmp_path / "jwks.json"))
    assert done.returncode == 0 and "written 0 s ago" in done.stdout
    assert "note: any iss is accepted" in done.stdout and "note: any aud is accepted" in done.stdout


def test_check_shows_no_credentials_of_a_url(issuer):
    url = f"http://user:{SECRET}@127.0.0.1:{issuer.port}/api/auth/jwks?token={SECRET}"
    done = check(JWKS_URL=url)
    assert done.returncode == 0 and f"keys: {issuer.base}/api/auth/jwks" in done.stdout
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize("settings,words", [
    ({}, "no keys to check tokens with"),
    ({"BETTER_AUTH_SECRET": "short"}, "BETTER_AUTH_SECRET: a shared secret needs at least 32 bytes"),
    ({"BETTER_AUTH_SECRET_PREVIOUS": SECRET, "BETTER_AUTH_URL": "https://a.example"},
     "BETTER_AUTH_SECRET_PREVIOUS is set without BETTER_AUTH_SECRET"),
    ({"BETTER_AUTH_URL": f"http://{SECRET}.example"}, "BETTER_AUTH_URL must begin with https://"),
    ({"BETTER_AUTH_URL": SECRET}, "BETTER_AUTH_URL must be an absolute URL"),
    ({"JWKS_URL": f"ftp://{SECRET}/"}, "JWKS_URL must begin with https://"),
    ({"JWKS_URL": "https://a.example/", "JWKS_FILE": f"/{SECRET}"}, "JWKS_URL and JWKS_FILE are both set"),
    ({"BETTER_AUTH_SECRET": SECRET, "TODO_STATE_DIR": f"/{SECRET}"}, "TODO_STATE_DIR must be an existing directory"),
])
def test_invalid_settings_are_refused_without_showing_them(settings, words):
    done = check(**settings)
    assert done.returncode == 1 and words in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_all_problems_are_reported_at_once():
    done = check(BETTER_AUTH_SECRET="short", JWKS_URL="http://a.example/", JWT_LEEWAY="x", TODO_STATE_DIR="/nowhere")
    assert done.returncode == 1
    for name in ("BETTER_AUTH_SECRET", "JWKS_URL", "JWT_LEEWAY", "TODO_STATE_DIR"):
        assert name in done.stderr


# ---- token ----

def test_inspect_explains_an_accepted_token(issuer):
    done = inspect("Authorization: Bearer " + issuer.token("ada") + "\n", BETTER_AUTH_URL=issuer.base)
    assert done.returncode == 0, done.stderr
    assert 'header: {"alg":"EdDSA","kid":"first","typ":"JWT"}' in done.stdout
    assert 'claims: {"sub":"ada"' in done.stdout and re.search(r"exp: 20\d\d-\S+Z \(in (9|10) min\)", done.stdout)
    assert 'accepted: the user is "ada"' in done.stdout


@pytest.mark.parametrize("change,words", [
    ({"exp": 1_000_000_000}, ["the token has expired"]), ({"nbf": 9_999_999_999}, ["not valid yet"]),
    ({"iss": "https://other.example"}, ["another issuer", "iss must be one of: http://127.0.0.1:"]),
    ({"aud": "https://other.example"}, ["another audience", "aud must hold one of: http://127.0.0.1:"]),
    ({"sub": ""}, ["names no user", "looked for in: sub, user_id, userId, id, user.id"]),
    ({"exp": "x"}, ["claims are malformed"]), ({"exp": None}, ["claims are malformed"]),
])
def test_inspect_says_why_a_token_would_be_refused(issuer, change, words):
    done = inspect(issuer.token("ada", **change), BETTER_AUTH_URL=issuer.base)
    assert done.returncode == 1 and "claims: {" in done.stdout
    assert all(word in done.stderr for word in ["refused: ", *words]), done.stderr


def test_inspect_lists_the_keys_when_none_fits(issuer):
    done = inspect(issuer.token("ada", Key("other")), BETTER_AUTH_URL=issuer.base)
    assert done.returncode == 1 and "no key fits" in done.stderr and '  key "first": EdDSA' in done.stdout


def test_inspect_distinguishes_a_wrong_signature_and_a_wrong_secret_from_an_unsupported_algorithm(issuer):
    token = tokens.mint(claims("ada"), secret="x" * 32)
    assert "signature is wrong" in inspect(token, BETTER_AUTH_SECRET=SECRET).stderr
    assert "BETTER_AUTH_SECRET is not set" in inspect(token, BETTER_AUTH_URL=issuer.base).stderr
    assert "only HS256 is accepted" in inspect(issuer.token("ada"), BETTER_AUTH_SECRET=SECRET).stderr
    assert inspect(tokens.mint(claims("ada"), secret=SECRET), BETTER_AUTH_SECRET=SECRET).returncode == 0


@pytest.mark.parametrize("text", ["x", "..", "a.b", "a.b.c", "{}", "\x1b[2J.x.y", "a" * 20_000, "é.é.é"])
def test_inspect_refuses_text_that_is_no_token(text):
    done = inspect(text, BETTER_AUTH_SECRET=SECRET)
    assert done.returncode == 1 and "refused: " in done.stderr and "\x1b" not in done.stdout


def test_inspect_writes_no_control_characters_of_a_token():
    done = inspect(tokens.signed(b'{"alg":"HS256"}', '{"sub":"\x1b[2J\u202e\u009b"}'.encode()), BETTER_AUTH_SECRET=SECRET)
    assert not any(mark in done.stdout for mark in "\x1b\u202e\u009b") and "\\u{" in done.stdout


@pytest.mark.parametrize("arguments,words", [
    ([], "either --user"), (["--user", "a", "--inspect"], "cannot be combined"), (["--inspect", "--expires-in", "1h"], "cannot be combined"),
])
def test_token_is_either_made_or_explained(arguments, words):
    done = run("token", *arguments, settings={"BETTER_AUTH_SECRET": SECRET})
    assert done.returncode == 64 and words in done.stderr and "Usage" in done.stderr


def test_empty_standard_input_is_reported():
    assert "no token on standard input" in inspect("\n", BETTER_AUTH_SECRET=SECRET).stderr


def test_minted_tokens_are_accepted():
    done = run("token", "--user", "ada", settings={"BETTER_AUTH_SECRET": SECRET})
    assert done.returncode == 0
    assert 'the user is "ada"' in inspect(done.stdout, BETTER_AUTH_SECRET=SECRET).stdout


def test_the_kept_keys_explain_tokens_while_the_issuer_is_down(issuer):
    follow(issuer)
    try:
        time.sleep(0.3)
        issuer.stop()
        # As the service's user, the file's owner: a file of another owner is refused.
        script = f"as_service env -i PATH=$PATH BETTER_AUTH_URL={issuer.base} TODO_STATE_DIR=$home/state $home/bin/todo-fcgi"
        done = stack.deploy(f"echo '{issuer.token('ada')}' | {script} token --inspect")
        assert "keys: using cached JWKS, " in done and 'accepted: the user is "ada"' in done
    finally:
        restart_pool()
