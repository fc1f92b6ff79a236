"""Tokens of an independent signer, PyJWT, and hand-made ones."""

import base64
import hashlib
import hmac
import json
import time

import jwt

import stack


def claims(user: object, **more) -> dict:
    now = int(time.time())
    return {"sub": user, "iat": now, "exp": now + 600, **more}


def mint(payload: dict, secret: str = stack.SECRET, algorithm: str = "HS256", **header) -> str:
    return jwt.encode(payload, secret, algorithm=algorithm, headers=header or None)


def token_of(user: str) -> str:
    return mint(claims(user))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: bytes, payload: bytes, secret: str = stack.SECRET) -> str:
    """A token of any bytes, with a valid HS256 signature."""
    body = f"{encoded(header)}.{encoded(payload)}"
    return f"{body}.{encoded(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest())}"


def by_hand(payload: object, header: object = None) -> str:
    return signed(json.dumps(header or {"alg": "HS256"}).encode(), json.dumps(payload).encode())
