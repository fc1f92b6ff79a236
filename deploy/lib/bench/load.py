"""The load: wrk against a port, and pgbench against the database."""

import json
import re
import tempfile
from pathlib import Path

import machine
import stack
from statements import Script

MIX = {"list": 70, "one": 15, "toggle": 10, "create": 5}


def wrk(port: int, workload: str, connections: int, seconds: int, tokens: Path, tasks: int = 20, as_browser: bool = False) -> dict:
    """One run over HTTP; latencies in milliseconds."""
    threads = min(2, connections, machine.CORES)
    out = stack.shell(
        "wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "15s", "-s", Path(__file__).with_name("requests.lua"),
        f"http://127.0.0.1:{port}", "--", workload, tokens, tasks, *(["browser"] if as_browser else []))
    found = json.loads(out.strip().splitlines()[-1])
    for name in ("p50", "p99", "p999"):
        found[name] /= 1e3
    return found


def pgbench(workload: str, connections: int, seconds: int | None, scripts: dict[str, Script], owners: int = 1000, tasks: int = 20) -> dict:
    """One run of the database alone, with the workers' role; without seconds, one transaction a client."""
    mix = MIX if workload == "mixed" else {workload: 1}
    with tempfile.TemporaryDirectory() as folder:
        command = [stack.pgbench(), "-n", "-M", "prepared", "-h", stack.SOCKETS, "-U", "todo_runtime", "-c", connections,
                   "-j", min(2, connections, machine.CORES), *(["-T", seconds] if seconds else ["-t", 1]),
                   "-D", f"owners={owners}", "-D", f"tasks={tasks}"]
        for name, weight in mix.items():
            for variable in scripts[name].variables:
                command += ["-D", variable]
            command += ["-f", f"{scripts[name].path}@{weight}"]
        # Logs the time of each transaction, or of a fifth of them.
        command += ["-l", "--log-prefix", f"{folder}/log", *(["--sampling-rate", "0.2"] if connections > 1 else []), "todo"]
        out = stack.shell(*command)
        times = sorted(int(line.split()[2]) / 1e3 for log in Path(folder).iterdir() for line in log.open())
    done = int(re.search(r"actually processed: (\d+)", out)[1])
    rate = float(re.search(r"tps = ([\d.]+) \(without", out)[1])
    failed = re.search(r"failed transactions: (\d+)", out)
    at = lambda share: times[min(len(times) - 1, int(len(times) * share))] if times else 0.0
    return {"requests": done, "seconds": done / rate, "bytes": 0, "p50": at(0.5), "p99": at(0.99), "p999": at(0.999),
            "refused": int(failed[1]) if failed else 0, "broken": 0}


def constants(answers: dict[str, tuple]) -> str:
    """An nginx server that returns the service's recorded answers as constants.

    - Parameter answers: status, headers and body of each workload's sample.
    """
    lines = [f"server {{ listen 127.0.0.1:{stack.CONSTANT_PORT} backlog=4096; default_type application/json;"]
    for name in ("Cache-Control", "Vary", "ETag"):
        if value := answers["list"][1][name]:
            lines.append(f"add_header {name} '{value}';")
    lines.append("add_header X-Request-ID $request_id;")

    def answer(name: str) -> str:
        status, _, body = answers[name]
        text = body.decode()
        # nginx allows no word of more than 4 KB.
        parts = [text[at:at + 1000] for at in range(0, len(text), 1000)]
        for number, part in enumerate(parts):
            lines.append(f"set ${name}_{number} '{part}';")
        value = "".join(f"${name}_{number}" for number in range(len(parts)))
        return f'return {status} "{value}";'

    by_place = {name: answer(name) for name in answers if name != "revalidated"}
    if "revalidated" in answers:
        lines.append("if ($http_if_none_match) { return 304; }")
    lines.append(f"location ~ /complete$ {{ {by_place.get('toggle', 'return 404;')} }}")
    lines.append("location ~ /tasks/\\d+$ {")
    if "update" in by_place:
        lines.append(f"if ($request_method = PUT) {{ {by_place['update']} }}")
    lines.append(f"{by_place.get('one', 'return 404;')} }}")
    lines.append("location / {")
    if "create" in by_place:
        lines.append(f"if ($request_method = POST) {{ {by_place['create']} }}")
    lines.append(f"{by_place['list']} }} }}")
    return "\n".join(lines) + "\n"
