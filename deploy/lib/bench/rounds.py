"""The benchmark: in rounds, every workload at every number of connections, for the service and its limits in turn."""

import json
import shutil
import statistics
import time

import data
import load
import machine
import picture
import report
import stack
import statements
import unequal
from arguments import CHECKOUT

# The targets: the least share of pgbench's rate at 32 connections.
TARGETS = {"one": 0.65, "list": 0.75, "create": 0.8, "toggle": 0.8}
# `browser` is the service with a browser's headers.
CONTENDERS = ["service", "browser", "pgbench", "constant"]
OWNERS, TASKS = 1000, 20


def contenders(options, connections: int) -> list[str]:
    """What is measured at a number of connections."""
    names = CONTENDERS[:2] if options.no_limits else CONTENDERS
    return names if connections == report.typical(options.connections) else [name for name in names if name != "browser"]


def together(options) -> list[str]:
    """The workloads of many equal owners."""
    return [workload for workload in options.workloads if workload != "unequal"]


def plan(options) -> str:
    """What will be measured and how long it takes."""
    # Loading takes about a second, warming up one, and starting a load generator a part of one.
    each = {"service": options.seconds + 2.5, "browser": options.seconds + 2.5, "pgbench": options.seconds + 1.5, "constant": options.seconds + 0.3}
    a_round = len(together(options)) * sum(each[name] for number in options.connections for name in contenders(options, number))
    if "unequal" in options.workloads:
        a_round += unequal.duration(options.seconds)
    seconds = 20 + options.rounds * a_round
    return (f"{options.rounds} rounds of {options.seconds} s: {', '.join(options.workloads)}, at {', '.join(map(str, options.connections))} connections, "
            f"{options.workers} workers; {', '.join(contenders(options, report.typical(options.connections)))} in turns. About {report.duration(seconds)}, after the build.")


class Bench:
    """The stack with its data, and its measurements."""

    def __init__(self, workloads: list[str], with_limits: bool = True):
        data.load(OWNERS, TASKS)
        self.left_out = {}
        if "revalidated" in workloads and not statements.revalidation_works():
            self.left_out["revalidated"] = "lists carry no ETag, or no 304 comes of it"
        self.workloads = [w for w in workloads if w not in self.left_out]
        self.tokens = data.write_tokens(OWNERS, OWNERS, with_etags="revalidated" in self.workloads)
        self.scripts = {}
        self.sizes = {}
        # `mixed` needs its parts as well.
        singles = [w for w in statements.SAMPLES if w in self.workloads or w == "list" or ("mixed" in self.workloads and w in load.MIX)]
        answers = {name: statements.SAMPLES[name].send() for name in singles}
        self.sizes = {name: len(body) for name, (_, _, body) in answers.items()}
        if with_limits:
            self.scripts = statements.observe(singles)
            stack.write_nginx_file("http.d/constant.conf", load.constants(answers))
            for name, (status, _, body) in answers.items():
                found = statements.SAMPLES[name].send(stack.CONSTANT_PORT) if name != "revalidated" else (status, None, body)
                assert len(found[2]) == len(body), f"nginx's constant for {name} has {len(found[2])} bytes instead of {len(body)}"
        self.roots = stack.roots()

    def measure(self, contender: str, workload: str, connections: int, seconds: int) -> dict:
        """One measurement on fresh data, after a warm-up."""
        started = time.monotonic()
        spent_before = {}
        if contender == "constant":
            before = machine.Usage(self.roots)
            run = load.wrk(stack.CONSTANT_PORT, workload, connections, seconds, self.tokens)
        elif contender == "pgbench":
            data.load(OWNERS, TASKS)
            # Also measures the server's cost of connecting, which is subtracted.
            start = machine.Usage(self.roots)
            load.pgbench(workload, connections, None, self.scripts)
            before = machine.Usage(self.roots)
            spent_before = before.since(start, 1)["cpu"]
            started = time.monotonic()
            run = load.pgbench(workload, connections, seconds, self.scripts)
        else:
            data.load(OWNERS, TASKS)
            load.wrk(stack.PORT, workload, connections, 1, self.tokens, as_browser=contender == "browser")
            before = machine.Usage(self.roots)
            started = time.monotonic()
            run = load.wrk(stack.PORT, workload, connections, seconds, self.tokens, as_browser=contender == "browser")
        used = machine.Usage(self.roots).since(before, time.monotonic() - started)
        requests = max(run["requests"], 1)
        run["rate"] = requests / run["seconds"]
        run["cpu_us"] = {part: max(0.0, spent - spent_before.get(part, 0)) / requests * 1e6 for part, spent in used.pop("cpu").items()}
        run["cpu_us_total"] = sum(run["cpu_us"].values())
        run["worker_mib"] = machine.worker_memory(self.roots["workers"])
        return {**run, **used}


def run(options):
    about = {"what": "todo-fcgi", **report.versions(), **machine.description(), "rounds": options.rounds, "seconds": options.seconds,
             "workers": options.workers, "owners": OWNERS, "tasks": TASKS}
    print("==> Loading data, watching the service's statements")
    bench = Bench(together(options), with_limits=not options.no_limits)
    others = unequal.Unequal(OWNERS, TASKS) if "unequal" in options.workloads else None
    beside = []
    measured: dict[tuple, list[dict]] = {}
    for number in range(options.rounds):
        print(f"==> Round {number + 1} of {options.rounds}")
        for workload in bench.workloads:
            for connections in options.connections:
                names = contenders(options, connections)
                # The order rotates, so that no contender always follows the same one.
                order = names[number % len(names):] + names[:number % len(names)]
                rates = {}
                for contender in order:
                    one = bench.measure(contender, workload, connections, options.seconds)
                    measured.setdefault((workload, connections, contender), []).append(one)
                    rates[contender] = one["rate"]
                print(f"    {workload} at {connections}: " + ", ".join(f"{name} {rates[name]:,.0f}/s" for name in names), flush=True)
        if others:
            beside.append(others.round(options.seconds))
            print("    unequal: p50 " + ", ".join(f"{one['p50']:,.1f} ms ({name})" for name, one in beside[-1].items()), flush=True)

    cells = [cell(key, runs, measured) for key, runs in measured.items()]
    result = {"about": about, "left_out": bench.left_out, "bytes": bench.sizes,
              "statements": {name: script.sql for name, script in bench.scripts.items()}, "targets": TARGETS, "cells": cells}
    if others:
        result |= {"unequal": unequal.cells(beside), "unequal_targets_ms": unequal.TARGETS}
    result["doubts"] = report.doubts(cells + result.get("unequal", []), options.rounds)
    print(report.text(result))
    save(result, "bench", picture.bench(result) if cells else None, options.publish)


def cell(key: tuple, runs: list[dict], measured: dict) -> dict:
    """The medians of one contender, workload and number of connections."""
    workload, connections, contender = key
    def median(name):
        return statistics.median(run[name] for run in runs)
    rates = [run["rate"] for run in runs]
    found = {"workload": workload, "connections": connections, "contender": contender,
             "rate": statistics.median(rates), "least": min(rates), "most": max(rates),
             "spread": (max(rates) - min(rates)) / statistics.median(rates),
             **{name: median(name) for name in ("p50", "p99", "p999", "cpu_us_total", "worker_mib", "others_share", "steal_share", "load_share")},
             "cpu_us": {part: statistics.median(run["cpu_us"][part] for run in runs) for part in runs[0]["cpu_us"]},
             "errors": sum(run["refused"] + run["broken"] for run in runs), "rounds": runs}
    if contender == "browser":
        found["ratios"] = {"service": statistics.median(mine["rate"] / its["rate"] for mine, its in zip(runs, measured[workload, connections, "service"]))}
    if contender == "service":
        found["ratios"] = {limit: statistics.median(mine["rate"] / its["rate"] for mine, its in zip(runs, measured[workload, connections, limit]))
                           for limit in CONTENDERS[2:] if (workload, connections, limit) in measured}
    return found


def save(result: dict, name: str, svg: str | None, publish: bool):
    """Writes the report, and the picture where there is one."""
    stack.RESULTS.mkdir(exist_ok=True)
    (stack.RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    if svg is None:
        return print(f"\n{stack.RESULTS}/{name}.json")
    (stack.RESULTS / f"{name}.svg").write_text(svg)
    print(f"\n{stack.RESULTS}/{name}.json and {name}.svg")
    if publish:
        shutil.copyfile(stack.RESULTS / f"{name}.svg", CHECKOUT / f"deploy/{name}.svg")
        print(f"deploy/{name}.svg")
