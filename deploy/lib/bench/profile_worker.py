"""Where a worker's instructions go for one request of the whole path: one worker behind nginx, under callgrind.

Unlike the budget this is no fixed number: how many requests share a wake-up, a send and a commit depends on the moment.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path

import data
import load
import stack

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import budget  # noqa: E402

WORKLOADS = ["one", "list", "create", "toggle", "update"]


def plan(options) -> str:
    return f"Instructions of a worker by function, for {', '.join(options.profile)}. About {30 + 40 * len(options.profile)} seconds, after the build."


def run(options):
    data.load()
    tokens = data.write_tokens(1000, 1000)
    socket = stack.SOCKETS / "profiled.sock"
    stack.write_nginx_file("upstream.conf", f'server "unix:{socket}";\n')
    # The cost of start and end is measured first and subtracted.
    idle, _ = profile(socket, None, tokens)
    for workload in options.profile:
        busy, requests = profile(socket, workload, tokens)
        show(workload, idle, busy, requests, options.most)


def profile(socket: Path, workload: str | None, tokens: Path) -> tuple[budget.Profile, int]:
    """Runs a worker under callgrind, with load or without."""
    socket.unlink(missing_ok=True)
    out = stack.HOME / "log/callgrind"
    # With the user's hash, as in the systemd unit, so that production's costs are included.
    command = ('export DATABASE_URL BETTER_AUTH_SECRET; as_service env "${worker_environment[@]}" TODO_USER_HASH=on "TODO_STATE_DIR=$home/state" valgrind -q --tool=callgrind '
               f'"--callgrind-out-file={out}" "$(pool_program)" serve --listen "{socket}"')
    script = f'. "{stack.CHECKOUT}/deploy/lib/all.sh"; resolve_paths; {command}'
    with (stack.HOME / "log/profiled.log").open("w") as log:
        worker = subprocess.Popen(["bash", "-c", script], env={**stack.os.environ, **stack.SETTINGS}, stdout=log, stderr=log, start_new_session=True)
    requests = 0
    try:
        until = time.monotonic() + 30
        while not (socket.exists() and is_ready()):
            if time.monotonic() > until or worker.poll() is not None:
                raise RuntimeError("the worker under callgrind did not start:\n" + (stack.HOME / "log/profiled.log").read_text())
            time.sleep(0.2)
        if workload:
            found = load.wrk(stack.PORT, workload, 32, 15, tokens)
            if found["refused"] + found["broken"]:
                raise RuntimeError(f"{workload}: {found['refused'] + found['broken']} requests failed")
            requests = found["requests"]
    finally:
        end(worker)
    return budget.Profile(out), requests


def end(worker: subprocess.Popen):
    """Ends the worker and waits for its process group: the counts are written at its exit."""
    until = time.monotonic() + 60
    stack.os.killpg(worker.pid, signal.SIGTERM)
    worker.wait(60)
    while time.monotonic() < until:
        try:
            stack.os.killpg(worker.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    stack.os.killpg(worker.pid, signal.SIGKILL)
    raise RuntimeError("the worker under callgrind did not end")


def is_ready() -> bool:
    try:
        return stack.call("GET", "/ready", "-")[0] == 200
    except OSError:
        return False


def show(workload: str, idle: budget.Profile, busy: budget.Profile, requests: int, most: int):
    """The functions that cost most, themselves and with all that they call."""
    total = (busy.total - idle.total) / requests
    print(f"\n{workload}: {total:,.0f} instructions and {(busy.allocations - idle.allocations) / requests:.1f} allocations a request ({requests:,} requests)")
    for title, mine, its in (("own", busy.own, idle.own), ("inclusive", busy.inclusive, idle.inclusive)):
        costs = sorted((((count - its[name]) / requests, name) for name, count in mine.items()), reverse=True)
        # Leaves out the functions that contain everything.
        top = [(count, name) for count, name in costs if count < 0.99 * total][:most]
        for (count, _), text in zip(top, budget.demangled([name for _, name in top])):
            print(f"  {title:9} {count:9,.0f} {count / total:6.1%}  {text[:140]}")
