"""The private stack that deploy/bench has started: paths, SQL, requests."""

import http.client
import os
import subprocess
from pathlib import Path

from arguments import CHECKOUT

HOME = Path(CHECKOUT, os.environ.get("TODO_HOME", ".local-bench")).resolve()
RESULTS = CHECKOUT / ".local-bench-results"
PORT = int(os.environ.get("TODO_PORT", "0"))
CONSTANT_PORT = int(os.environ.get("BENCH_CONSTANT_PORT", "0"))
# The secret is passed by value below; a worker refuses both at once.
os.environ.pop("BETTER_AUTH_SECRET_FILE", None)


def shell(*command: object, text: str | None = None, **how) -> str:
    """Runs a command that must succeed."""
    done = subprocess.run([str(part) for part in command], input=text, text=True, capture_output=True, **how)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))[:300]}\n{done.stdout}{done.stderr}")
    return done.stdout


def _settings() -> dict[str, str]:
    out = shell("bash", "-c", 'set -a; . "$1"; env -0', "bash", HOME / "env")
    return dict(line.split("=", 1) for line in out.split("\0") if "=" in line)


SETTINGS = _settings() if (HOME / "env").exists() else {}
SOCKETS = Path(SETTINGS["LISTEN_SOCKET"]).parent if SETTINGS else None


def deploy(commands: str, **environment: str) -> str:
    """Runs functions of the deploy scripts for this copy."""
    script = f'. "{CHECKOUT}/deploy/lib/all.sh"; resolve_paths; {commands}'
    return shell("bash", "-c", script, env={**os.environ, **SETTINGS, **environment})


def restart_pool(workers: int):
    """Replaces the pool by one of another size."""
    deploy("pool_stop; export DATABASE_URL BETTER_AUTH_SECRET; pool_start; wait_until_ready", TODO_WORKERS=str(workers))


def write_nginx_file(name: str, text: str):
    """Writes a file among the parts of nginx.conf and restarts nginx: its processes are measured from their start."""
    (HOME / "nginx/todo-fcgi" / name).write_text(text)
    deploy("nginx_check; nginx_stop; nginx_start")


def sql(text: str, database: str = "todo") -> str:
    """Runs SQL as the superuser; one value a column, `|` between them."""
    return shell("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", SOCKETS, "-U", "postgres", "-d", database, "-f", "-", text=text)


def pgbench() -> Path:
    """The newest installed pgbench."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), key=lambda path: int(path.parts[4]))
    if not found:
        raise RuntimeError("pgbench is not installed")
    return found[-1]


def roots() -> dict[str, int]:
    """The root process of each part."""
    files = {"nginx": "NGINX_PID_FILE", "workers": "WORKERS_PID_FILE", "postgres": "POSTGRES_PID_FILE"}
    return {part: int(Path(SETTINGS[name]).read_text().split()[0]) for part, name in files.items()}


def call(method: str, path: str, token: str, body: str | None = None, headers: dict | None = None, port: int = PORT):
    """One request: status, headers, body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    headers = {"Authorization": f"Bearer {token}", **(headers or {})}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content
