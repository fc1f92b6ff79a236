"""The benchmark: every workload at every number of connections, the service and its limits in turns, in rounds."""

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
from arguments import CHECKOUT

# The least share of pgbench's rate that the project asks of itself, at 32 connections.
TARGETS = {"one": 0.65, "list": 0.75, "create": 0.8, "toggle": 0.8}
CONTENDERS = ["service", "pgbench", "constant"]
OWNERS, TASKS = 1000, 20


def contenders(options) -> list[str]:
    return CONTENDERS[:1] if options.no_limits else CONTENDERS


def plan(options) -> str:
    """What will be done and how long it takes."""
    # Loading takes about a second, warming up one, and starting a load generator a part of one.
    each = {"service": options.seconds + 2.5, "pgbench": options.seconds + 1.5, "constant": options.seconds + 0.3}
    seconds = 20 + options.rounds * len(options.workloads) * len(options.connections) * sum(each[c] for c in contenders(options))
    return (f"{options.rounds} rounds of {options.seconds} s: {', '.join(options.workloads)}, at {', '.join(map(str, options.connections))} connections, "
            f"{options.workers} workers; {', '.join(contenders(options))} in turns. About {report.duration(seconds)}, after the build.")


class Bench:
    """The stack with its data, and one measurement of it."""

    def __init__(self, workloads: list[str], with_limits: bool = True):
        data.load(OWNERS, TASKS)
        self.left_out = {}
        if "revalidated" in workloads and not statements.revalidation_works():
            self.left_out["revalidated"] = "lists carry no ETag, or no 304 comes of it"
        self.workloads = [w for w in workloads if w not in self.left_out]
        self.tokens = data.write_tokens(OWNERS, OWNERS, with_etags="revalidated" in self.workloads)
        self.scripts = {}
        self.sizes = {}
        # What a mix is made of is needed as well.
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
        """One measurement on fresh data, warmed up."""
        started = time.monotonic()
        spent_before = {}
        if contender == "constant":
            before = machine.Usage(self.roots)
            run = load.wrk(stack.CONSTANT_PORT, workload, connections, seconds, self.tokens)
        elif contender == "pgbench":
            data.load(OWNERS, TASKS)
            # Also tells what connecting alone costs the server, which is none of the statements' business.
            start = machine.Usage(self.roots)
            load.pgbench(workload, connections, None, self.scripts)
            before = machine.Usage(self.roots)
            spent_before = before.since(start, 1)["cpu"]
            started = time.monotonic()
            run = load.pgbench(workload, connections, seconds, self.scripts)
        else:
            data.load(OWNERS, TASKS)
            load.wrk(stack.PORT, workload, connections, 1, self.tokens)
            before = machine.Usage(self.roots)
            started = time.monotonic()
            run = load.wrk(stack.PORT, workload, connections, seconds, self.tokens)
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
    bench = Bench(options.workloads, with_limits=not options.no_limits)
    names = contenders(options)
    measured: dict[tuple, list[dict]] = {}
    for number in range(options.rounds):
        print(f"==> Round {number + 1} of {options.rounds}")
        # Another goes first each time, so that none always follows the same one.
        order = names[number % len(names):] + names[:number % len(names)]
        for workload in bench.workloads:
            for connections in options.connections:
                rates = {}
                for contender in order:
                    one = bench.measure(contender, workload, connections, options.seconds)
                    measured.setdefault((workload, connections, contender), []).append(one)
                    rates[contender] = one["rate"]
                print(f"    {workload} at {connections}: " + ", ".join(f"{name} {rates[name]:,.0f}/s" for name in names), flush=True)

    cells = [cell(key, runs, measured) for key, runs in measured.items()]
    result = {"about": about, "left_out": bench.left_out, "bytes": bench.sizes,
              "statements": {name: script.sql for name, script in bench.scripts.items()}, "targets": TARGETS, "cells": cells}
    result["doubts"] = report.doubts(cells, options.rounds)
    print(report.text(result))
    save(result, "bench", picture.bench(result), options.publish)


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
    if contender == "service":
        found["ratios"] = {limit: statistics.median(mine["rate"] / its["rate"] for mine, its in zip(runs, measured[workload, connections, limit]))
                           for limit in CONTENDERS[1:] if (workload, connections, limit) in measured}
    return found


def save(result: dict, name: str, svg: str, publish: bool):
    stack.RESULTS.mkdir(exist_ok=True)
    (stack.RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    (stack.RESULTS / f"{name}.svg").write_text(svg)
    print(f"\n{stack.RESULTS}/{name}.json and {name}.svg")
    if publish:
        shutil.copyfile(stack.RESULTS / f"{name}.svg", CHECKOUT / f"deploy/{name}.svg")
        print(f"deploy/{name}.svg")
