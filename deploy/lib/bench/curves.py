"""Scaling curves: throughput and p99 against connections, tasks per owner, owners and workers."""

import shutil
import statistics
import time

import data
import load
import machine
import picture
import report
import rounds
import stack

# A name, what stands on the axis, its values, its workloads.
CURVES = [
    ("connections", "connections", [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024], ["one", "list", "create"]),
    ("tasks", "tasks per owner", [1, 10, 100, 1000, 10_000], ["one", "list", "page"]),
    ("owners", "owners (3 tasks each)", [1000, 10_000, 100_000, 1_000_000], ["one", "list", "create"]),
    ("workers", "workers", [1, 2, 4], ["one", "list", "create", "mixed"]),
]
# Enough to keep both cores busy, few enough that nothing waits long.
CONNECTIONS = 32
# So many rows are loaded at most to have that many tasks per owner.
ROWS = 200_000


def chosen(options) -> list[tuple]:
    found = []
    for name, title, values, workloads in CURVES:
        if options.only and name not in options.only:
            continue
        if options.quick:
            values = [v for v in values if v in (1, 2, 32, 256, 1000)][:3]
        found.append((name, title, values, workloads))
    return found


def plan(options) -> str:
    points = sum(len(values) * len(workloads) for _, _, values, workloads in chosen(options))
    # Loading: about 10 µs a row, sorting and vacuum included, and tokens.
    rows = sum(3 * owners for name, _, values, _ in chosen(options) if name == "owners" for owners in values)
    setting_up = sum(len(values) * 4 for _, _, values, _ in chosen(options)) + rows * 20e-6
    seconds = 20 + setting_up + options.rounds * points * (options.seconds + 1.7)
    what = ", ".join(f"{name} {values[0]:,}…{values[-1]:,}" for name, _, values, _ in chosen(options))
    return f"Curves: {what}; {options.rounds} rounds of {options.seconds} s at each of {points} points. About {report.duration(seconds)}, after the build."


def run(options):
    if any(name == "owners" for name, *_ in chosen(options)) and not options.quick:
        free = shutil.disk_usage(stack.HOME).free / 1e9
        if free < 8:
            raise SystemExit(f"error: a million owners need 8 GB while they are loaded, {free:.1f} GB are free; leave them out with --only")
    about = {"what": "todo-fcgi", **report.versions(), **machine.description(), "rounds": options.rounds, "seconds": options.seconds,
             "workers": options.workers}
    found = []
    for name, title, values, workloads in chosen(options):
        print(f"==> Against {title}", flush=True)
        points = [point for value in values for point in measure(name, value, workloads, options)]
        found.append({"name": name, "title": title[0].upper() + title[1:], "points": points})
        if name == "workers":
            stack.restart_pool(options.workers)
    everything = [point for curve in found for point in curve["points"]]
    result = {"about": about, "curves": found, "doubts": report.doubts(everything, options.rounds)}
    print("\n" + (f"NOT TO BE BELIEVED on this occasion: {'; '.join(result['doubts'])}." if result["doubts"] else "The machine was quiet and the rounds agree."))
    rounds.save(result, "curves", picture.curves(result), options.publish)


def measure(name: str, value: int, workloads: list[str], options) -> list[dict]:
    """All workloads at one place of a curve."""
    owners, tasks, connections, workers = 1000, 20, CONNECTIONS, options.workers
    if name == "connections":
        connections = value
    elif name == "tasks":
        owners, tasks = max(1, min(1000, ROWS // value)), value
    elif name == "owners":
        owners, tasks = value, 3
    else:
        workers = value
        stack.restart_pool(value)
    data.load(owners, tasks)
    tokens = data.write_tokens(owners, 1000)
    roots = stack.roots()
    points = []
    for workload in workloads:
        runs = []
        for number in range(options.rounds):
            if number == 0:
                load.wrk(stack.PORT, workload, connections, 1, tokens, tasks)
            before, started = machine.Usage(roots), time.monotonic()
            one = load.wrk(stack.PORT, workload, connections, options.seconds, tokens, tasks)
            used = machine.Usage(roots).since(before, time.monotonic() - started)
            requests = max(one["requests"], 1)
            one["rate"] = requests / one["seconds"]
            one["cpu_us"] = {part: spent / requests * 1e6 for part, spent in used.pop("cpu").items()}
            runs.append({**one, **used})
        rates = [one["rate"] for one in runs]
        median = {key: statistics.median(one[key] for one in runs) for key in ("p50", "p99", "p999", "others_share", "steal_share", "load_share")}
        point = {"x": value, "workload": workload, "connections": connections, "owners": owners, "tasks": tasks, "workers": workers,
                 "rate": statistics.median(rates), "spread": (max(rates) - min(rates)) / statistics.median(rates), **median,
                 "cpu_us": {part: statistics.median(one["cpu_us"][part] for one in runs) for part in runs[0]["cpu_us"]},
                 "worker_mib": machine.worker_memory(roots["workers"]),
                 "errors": sum(one["refused"] + one["broken"] for one in runs), "rounds": runs}
        points.append(point)
        cpu = point["cpu_us"]
        print(f"    {value:9,} {workload:8} {point['rate']:9,.0f}/s  p50 {point['p50']:.2f}  p99 {point['p99']:.2f} ms  "
              f"CPU {cpu['nginx']:.0f} + {cpu['workers']:.0f} + {cpu['postgres']:.0f} µs  {point['errors']} errors"
              + ("  ! " + "; ".join(why) if (why := report.cell_doubts(point)) else ""), flush=True)
    return points
