"""An issuer for tests: keys of every kind, and an HTTP server on loopback that publishes them, or fails to. The signer
is PyJWT, which shares no code with the service."""

import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives import serialization

import stack
from tokens import claims, encoded

PATH = "/api/auth/jwks"
ALGORITHMS = ["EdDSA", "ES256", "ES512", "RS256", "PS256"]


def number(value: int, size: int | None = None) -> str:
    return encoded(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Key:
    """A private key and its public JWK."""

    def __init__(self, kid: str | None, algorithm: str = "EdDSA"):
        self.kid, self.algorithm = kid, algorithm
        match algorithm:
            case "EdDSA":
                self.private = ed25519.Ed25519PrivateKey.generate()
                self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": encoded(self.raw_public())}
            case "ES256" | "ES512":
                curve, size = (ec.SECP256R1(), 32) if algorithm == "ES256" else (ec.SECP521R1(), 66)
                self.private = ec.generate_private_key(curve)
                point = self.private.public_key().public_numbers()
                self.jwk = {"kty": "EC", "crv": "P-256" if algorithm == "ES256" else "P-521",
                            "x": number(point.x, size), "y": number(point.y, size)}
            case _:
                self.private = rsa.generate_private_key(65537, 2048)
                numbers = self.private.public_key().public_numbers()
                self.jwk = {"kty": "RSA", "alg": algorithm, "n": number(numbers.n), "e": number(numbers.e)}
        if kid is not None:
            self.jwk["kid"] = kid

    def raw_public(self) -> bytes:
        return self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def public(self, encoding: serialization.Encoding) -> bytes:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(encoding, form)

    def sign(self, payload: dict, **header) -> str:
        if self.kid is not None:
            header = {"kid": self.kid, **header}
        return jwt.encode(payload, self.private, algorithm=self.algorithm, headers=header)


@dataclass
class Answer:
    """The server's answer to a request."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0
    """Whether the body is sent repeatedly until the client disconnects."""
    endless: bool = False


class Issuer:
    """Publishes the public halves of its keys, or whatever `answer` says."""

    def __init__(self):
        self.keys: list[Key] = []
        self.answer: Answer | None = None
        self.delay = 0.0
        self.requests: list[str] = []
        self.agents: set[str] = set()
        self.port = 0
        self._server: ThreadingHTTPServer | None = None
        self.start()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def set(self) -> bytes:
        return json.dumps({"keys": [key.jwk for key in self.keys]}).encode()

    def start(self):
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.requests.append(self.path)
                issuer.agents.add(self.headers.get("User-Agent", ""))
                answer = issuer.answer or Answer(body=issuer.set(), seconds=issuer.delay)
                time.sleep(answer.seconds)
                try:
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    if not answer.endless:
                        self.send_header("Content-Length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)
                    while answer.endless:
                        self.wfile.write(answer.body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def claims(self, user: str, **more) -> dict:
        return claims(user, **{"iss": self.base, "aud": self.base, **more})

    def token(self, user: str, key: Key | None = None, **more) -> str:
        return (key or self.keys[0]).sign(self.claims(user, **more))


def restart_pool(**settings: str):
    """The stack's workers with other settings; an empty one counts as not set."""
    exports = " ".join(f"{name}='{value}'" for name, value in settings.items())
    unset = " ".join(name for name in ("BETTER_AUTH_URL", "JWKS_URL", "JWKS_FILE", "JWT_LEEWAY", "TODO_LOG_LEVEL"))
    stack.deploy(f"unset {unset}; {f'export {exports};' if exports else ''} pool_stop; pool_start; wait_until_ready")


def follow(issuer: Issuer, **settings: str):
    """Configures the pool for an issuer."""
    restart_pool(BETTER_AUTH_URL=issuer.base, **settings)


def log_position() -> int:
    return (stack.HOME / "log/workers.log").stat().st_size


def log_since(position: int) -> str:
    with open(stack.HOME / "log/workers.log", "rb") as log:
        log.seek(position)
        return log.read().decode()


def run(*arguments: str, settings: dict[str, str], text: str = "") -> subprocess.CompletedProcess:
    """The program itself, with these settings and no others."""
    environment = {"PATH": os.environ["PATH"], **settings}
    return subprocess.run([stack.PROGRAM, *arguments], env=environment, input=text, text=True, capture_output=True,
                          timeout=30)
