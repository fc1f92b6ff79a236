"""The arguments of deploy/bench."""

import argparse
import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
WORKLOADS = ["one", "list", "create", "toggle", "update", "mixed", "revalidated", "unequal"]

TEXT = """deploy/bench: measures the service on this machine, beside the limits of the machine itself.

It starts a stack of its own (.local-bench: PostgreSQL with fsync on, workers, nginx with the repository's
nginx.conf), loads 1,000 owners with 20 tasks each, and measures with wrk over HTTP with real tokens. In every round,
one after the other, it also measures the upper limits of this design: the database alone (pgbench, with the statements
that the service sends for the same requests) and nginx alone (a constant answer of the same size). At one number of
connections it also measures requests with the dozen headers that Chrome adds, so that lists are compressed. Figures are
medians over the rounds; ratios are taken within a round, so that a slower minute of the machine does not change them.
At the end the stack is removed, and the report is in .local-bench-results: bench.json and bench.svg.

workloads:
  one          GET of one task            create   POST of a task (1,000 more owners, so that lists keep their length)
  list         GET of an owner's 20       toggle   PATCH …/complete
  revalidated  GET with If-None-Match     update   PUT of title, description and completed
  mixed        70 % list, 15 % one, 10 % toggle, 5 % create
  unequal      how long others wait for one task, alone and beside an owner who searches 25,000 tasks over 8 connections,
               and beside one who lists 2,000 tasks of 1 KB over 16
"""


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="deploy/bench", description=TEXT, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="TODO_BINARY names a built todo-fcgi to measure instead of building here.")
    parser.add_argument("--quick", action="store_true", help="two minutes: one round of one second at 32 connections; only to see that everything works")
    parser.add_argument("--rounds", type=positive, help="number of rounds (5; with --curves 3)")
    parser.add_argument("--seconds", type=positive, help="seconds of each measurement (5; with --curves 3)")
    parser.add_argument("--workloads", type=words(WORKLOADS), help="some of the above, separated by commas (all)")
    parser.add_argument("--connections", type=numbers, help="numbers separated by commas (1,32,256); unequal has its own")
    parser.add_argument("--workers", type=positive, default=os.cpu_count(), help="worker processes (one a core)")
    parser.add_argument("--no-limits", action="store_true", help="the service alone, without pgbench and nginx's constant")
    parser.add_argument("--curves", action="store_true",
                        help="instead, throughput and p99 against connections, tasks per owner, owners and workers: curves.json and curves.svg")
    parser.add_argument("--only", type=words(["connections", "tasks", "owners", "workers"]), help="some of the curves, separated by commas (all)")
    parser.add_argument("--profile", type=words(["one", "list", "create", "toggle", "update"]), metavar="WORKLOADS",
                        help="instead, where a worker's instructions go for these requests (callgrind; also on a busy machine)")
    parser.add_argument("--most", type=positive, default=40, help="number of functions in a profile (40)")
    parser.add_argument("--publish", action="store_true", help="also write the README's picture: deploy/bench.svg, deploy/curves.svg")
    parser.add_argument("--plan", action="store_true", help="print what would be measured and how long it takes, and exit")
    parser.add_argument("--show-workers", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.only and not options.curves:
        parser.error("--only goes with --curves")
    if options.curves and (options.workloads or options.connections):
        parser.error("--curves has its own workloads and connections")
    options.rounds = options.rounds or (1 if options.quick else 3 if options.curves else 5)
    options.seconds = options.seconds or (1 if options.quick else 3 if options.curves else 5)
    options.workloads = options.workloads or WORKLOADS
    options.connections = options.connections or ([32] if options.quick else [1, 32, 256])
    return options


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def numbers(text: str) -> list[int]:
    found = [positive(part) for part in text.split(",")]
    if max(found) > 4096:
        raise argparse.ArgumentTypeError("at most 4096 connections")
    return found


def words(known: list[str]):
    def parse(text: str) -> list[str]:
        for word in text.split(","):
            if word not in known:
                raise argparse.ArgumentTypeError(f"{word!r} is not one of {', '.join(known)}")
        return text.split(",")
    return parse
