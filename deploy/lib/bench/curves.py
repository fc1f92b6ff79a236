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

# A name, the axis's label, its values, its workloads.
CURVES = [
    ("connections", "connections", [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024], ["one", "list", "create"]),
    ("tasks", "tasks per owner", [1, 10, 100, 1000, 10_000], ["one", "list", "page"]),
    ("owners", "owners (3 tasks each)", [1000, 10_000, 100_000, 1_000_000], ["one", "list", "create"]),
    ("workers", "workers", [1, 2, 4], ["one", "list", "create", "mixed"]),
]
QUICK = {"connections": [1, 32, 256], "tasks": [1, 100], "owners": [1000, 10_000], "workers": [1, 2]}
# Enough to keep both cores busy, few enough for short queues.
CONNECTIONS = 32
# The most rows that are loaded for a number of tasks per owner.
ROWS = 200_000


def chosen(options) -> list[tuple]:
    found = []
    for name, title, values, workloads in CURVES:
        if options.only and name not in options.only:
            continue
        if options.quick:
            values = QUICK[name]
        found.append((name, title, values, workloads))
    return found


def plan(options) -> str:
    points = sum(len(values) * len(workloads) for _, _, values, workloads in chosen(options))
    # Loading: about 10 µs a row, sorting and vacuum included, and tokens.
    rows = sum(3 * owners for name, _, values, _ in chosen(options) if name == "owners" for owners in values)
    setting_up = sum(len(values) * 3 for _, _, values, _ in chosen(options)) + rows * 20e-6
    seconds = 20 + options.rounds * (setting_up + points * (options.seconds + 1.3))
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
        found.append({"name": name, "title": title[0].upper() + title[1:], "points": curve(name, values, workloads, options)})
        if name == "workers":
            stack.restart_pool(options.workers)
    everything = [point for curve in found for point in curve["points"]]
    result = {"about": about, "curves": found, "doubts": report.doubts(everything, options.rounds)}
    print("\n" + (f"UNRELIABLE on this occasion: {'; '.join(result['doubts'])}." if result["doubts"] else "The machine was quiet and the rounds agree."))
    rounds.save(result, "curves", picture.curves(result), options.publish)


def curve(name: str, values: list[int], workloads: list[str], options) -> list[dict]:
    """All points of one curve, measured in rounds: a slow minute of the machine affects all points alike."""
    runs = {(value, workload): [] for value in values for workload in workloads}
    for number in range(options.rounds):
        print(f"    round {number + 1} of {options.rounds}", flush=True)
        for value in values:
            place = set_up(name, value, options)
            for workload in workloads:
                runs[value, workload].append(measure(place, workload, options.seconds))
    points = []
    for (value, workload), measured in runs.items():
        points.append(point(value, workload, measured))
        tell(points[-1])
    return points


def set_up(name: str, value: int, options) -> dict:
    """Data and workers for one point of a curve."""
    place = {"connections": CONNECTIONS, "owners": 1000, "tasks": 20, "workers": options.workers}
    if name == "tasks":
        place |= {"owners": max(1, min(1000, ROWS // value)), "tasks": value}
    elif name == "owners":
        place |= {"owners": value, "tasks": 3}
    else:
        place[name] = value
    if name == "workers":
        stack.restart_pool(value)
    data.load(place["owners"], place["tasks"])
    return {**place, "tokens": data.write_tokens(place["owners"], 1000), "roots": stack.roots()}


def measure(place: dict, workload: str, seconds: int) -> dict:
    """One measurement, after a warm-up."""
    def wrk(duration: int) -> dict:
        return load.wrk(stack.PORT, workload, place["connections"], duration, place["tokens"], place["tasks"])

    wrk(1)
    # The warm-up's last requests end meanwhile; else a thousand connections more would exceed a worker's limit.
    time.sleep(0.3)
    before, started = machine.Usage(place["roots"]), time.monotonic()
    run = wrk(seconds)
    used = machine.Usage(place["roots"]).since(before, time.monotonic() - started)
    requests = max(run["requests"], 1)
    cpu = {part: spent / requests * 1e6 for part, spent in used.pop("cpu").items()}
    return {**run, **used, "rate": requests / run["seconds"], "cpu_us": cpu, "worker_mib": machine.worker_memory(place["roots"]["workers"]),
            **{key: place[key] for key in ("connections", "owners", "tasks", "workers")}}


def point(value: int, workload: str, runs: list[dict]) -> dict:
    """The medians of the runs at one point."""
    rates = [run["rate"] for run in runs]
    medians = {key: statistics.median(run[key] for run in runs) for key in ("p50", "p99", "p999", "others_share", "steal_share", "load_share", "worker_mib")}
    return {"x": value, "workload": workload, **{key: runs[0][key] for key in ("connections", "owners", "tasks", "workers")},
            "rate": statistics.median(rates), "spread": (max(rates) - min(rates)) / statistics.median(rates), **medians,
            "cpu_us": {part: statistics.median(run["cpu_us"][part] for run in runs) for part in runs[0]["cpu_us"]},
            "errors": sum(run["refused"] + run["broken"] for run in runs), "rounds": runs}


def tell(point: dict):
    cpu = point["cpu_us"]
    print(f"    {point['x']:9,} {point['workload']:8} {point['rate']:9,.0f}/s  p50 {point['p50']:.2f}  p99 {point['p99']:.2f} ms  "
          f"CPU {cpu['nginx']:.0f} + {cpu['workers']:.0f} + {cpu['postgres']:.0f} µs  {point['errors']} errors"
          + ("  ! " + "; ".join(why) if (why := report.cell_doubts(point)) else ""), flush=True)
