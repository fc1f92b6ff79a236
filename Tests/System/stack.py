"""The running stack under test: paths, settings, processes, SQL, nginx's configuration."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
HOME = Path(CHECKOUT, os.environ.get("TODO_HOME", ".local")).resolve()


def _settings() -> dict[str, str]:
    """The settings that deploy/up wrote for scripts."""
    command = 'set -a; . "$1"; env -0'
    out = subprocess.run(["bash", "-c", command, "bash", HOME / "env"], check=True, capture_output=True).stdout
    return dict(line.split("=", 1) for line in out.decode().split("\0") if "=" in line)


SETTINGS = _settings()
BASE_URL = SETTINGS["BASE_URL"]
PORT = int(BASE_URL.rpartition(":")[2])
SECRET = SETTINGS["BETTER_AUTH_SECRET"]
LISTEN_SOCKET = SETTINGS["LISTEN_SOCKET"]
PROGRAM = HOME / "bin" / "todo-fcgi"


def deploy(commands: str, stdin: str | None = None) -> str:
    """Runs functions of the deploy scripts for this copy."""
    script = f'. "{CHECKOUT}/deploy/lib/all.sh"; resolve_paths; {commands}'
    done = subprocess.run(["bash", "-c", script], input=stdin, text=True, capture_output=True, env={**os.environ, **SETTINGS})
    assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
    return done.stdout


def sql(text: str) -> str:
    """Runs SQL in the copy's database, as its superuser."""
    return deploy("psql_as_superuser -d todo -f -", stdin=text)


def insert_tasks(owner: str, count: int, title: str, description: str):
    """Gives a new owner that many tasks at once; title and description are SQL, `n` is the task's number."""
    sql(f"""
        insert into todo.owners (owner_user_id, last_task_id, change) values ('{owner}', {count}, {count});
        insert into todo.tasks (owner_user_id, id, title, description, completed, created_at, updated_at, change)
        select '{owner}', n, {title}, {description}, false, now(), now(), n from generate_series(1, {count}) as n;
        analyze todo.tasks;
    """)


def remove_owner(owner: str):
    sql(f"delete from todo.tasks where owner_user_id = '{owner}'; delete from todo.owners where owner_user_id = '{owner}'")


def eventually(what: str, condition, seconds: float = 15, pause: float = 0.05):
    """The first true value of a condition, or a failure that names it."""
    until = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(pause)


def is_running(pid: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def workers() -> list[int]:
    """The pids of the pool's workers."""
    return [int(pid) for pid in deploy("pool_workers").split()]


def pool_size() -> int:
    return int(os.environ.get("TODO_WORKERS", "2"))


def wait_for_pool() -> list[int]:
    """The workers' pids, once all of them run."""
    return eventually("all workers", lambda: len(pids := workers()) == pool_size() and pids)


def send_signal(pid: int, name: signal.Signals):
    os.kill(pid, name)


def memory(pid: int) -> int:
    """A process's own resident memory, in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise AssertionError(f"no memory of {pid}")


def forget_peak_memory(pid: int):
    """Resets the measurement of `peak_memory`."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_memory(pid: int) -> int:
    """The peak resident memory of a process since `forget_peak_memory`, in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise AssertionError(f"no memory of {pid}")


NGINX_PARTS = HOME / "nginx" / "todo-fcgi"


# nginx waits a second for a worker instead of twelve.
IMPATIENT = "fastcgi_read_timeout 1s;\n"


@contextlib.contextmanager
def nginx_file(name: str, text: str):
    """Runs nginx with another file among the parts of its configuration."""
    path = NGINX_PARTS / name
    before = path.read_text() if path.exists() else None
    path.write_text(text)
    try:
        reload_nginx()
        yield
    finally:
        path.write_text(before) if before is not None else path.unlink()
        reload_nginx()


def reload_nginx():
    """Reloads nginx, and waits until its old processes have ended."""
    deploy("nginx_check")
    master = int((HOME / "nginx" / "nginx.pid").read_text())
    before = _children(master)
    os.kill(master, signal.SIGHUP)
    eventually("new nginx processes", lambda: (now := _children(master)) and not now & before)


def _children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def database(sql: str) -> str:
    """The result of a query, run as the superuser."""
    return deploy(f'psql_as_superuser -d todo -Atc "{sql}"').strip()


@contextlib.contextmanager
def own_worker(name: str, **settings: str):
    """A worker outside of the pool, with settings of its own: its socket and its pid."""
    folder = os.path.dirname(LISTEN_SOCKET)
    socket_path, pid_file = f"{folder}/{name}.sock", f"{folder}/{name}.pid"
    exports = " ".join(f"{key}='{value}'" for key, value in settings.items())
    deploy(f"export DATABASE_URL BETTER_AUTH_SECRET {exports}; "
           f"as_service setsid --fork sh -c 'echo $$ >\"$2\"; exec \"$1\" serve --listen \"$3\"' sh \"$(pool_program)\" '{pid_file}' '{socket_path}' >/dev/null 2>&1 </dev/null")
    eventually("its socket", lambda: os.path.exists(socket_path))
    pid = int(Path(pid_file).read_text())
    try:
        yield socket_path, pid
    finally:
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGTERM)
        eventually("it ends", lambda: not is_running(pid))
        subprocess.run(["rm", "-f", socket_path, pid_file], check=True)


def start_pool():
    """Starts the pool as deploy/up does."""
    deploy("export DATABASE_URL BETTER_AUTH_SECRET; pool_start")
    wait_for_pool()
