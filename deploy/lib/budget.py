#!/usr/bin/python3
"""Counts the instructions and allocations of each operation of the request path and compares them with the budget.

The program hot-path (Tests/HotPath) runs under callgrind, whose counts are the same on every run and on every machine
of one architecture. They depend only on the versions of the compiler and the libraries: instructions may exceed the
budget by a few per cent. Allocations are calls of malloc and similar functions, and may not exceed it.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

BUDGETS = Path(__file__).resolve().parents[2] / "Tests/HotPath/budgets.json"
# Instructions may exceed the budget by this share.
TOLERANCE = 0.03
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}

# The program's result must not depend on the machine or the caller's environment. Valgrind emulates the real
# processor's features, so glibc and OpenSSL must not use the newer ones: every x86-64 processor runs the same code.
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    "SWIFT_DETERMINISTIC_HASHING": "1",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX2,-AVX,-AVX_Fast_Unaligned_Load,-BMI1,-BMI2,-LZCNT,"
    "-MOVBE,-ERMS,-FSRM,-RTM",
    "OPENSSL_ia32cap": "~0x1000000000000000:~0xffffffff",
}


class Profile:
    """callgrind's counts between two marks: instructions by function, and calls of allocators."""

    def __init__(self, path: Path):
        self.own, self.inclusive, self.allocations, self.total = Counter(), Counter(), 0, 0
        names: dict[str, str] = {}

        def name(text: str) -> str:
            number, _, word = text.partition(") ")
            return names.setdefault(number.rstrip(")"), word) if word else names[number.rstrip(")")]

        function = callee = ""
        is_call = False
        for line in path.read_text(errors="replace").splitlines():
            if line.startswith("fn="):
                function = name(line[3:])
            elif line.startswith("cfn="):
                callee = name(line[4:])
            elif line.startswith("calls="):
                is_call = True
                if callee in ALLOCATORS:
                    self.allocations += int(line[6:].split()[0])
            elif line[:1] in "+-*0123456789" and line:
                cost = int(line.split()[1])
                if is_call:
                    self.inclusive[callee] += cost
                else:
                    self.own[function] += cost
                    self.total += cost
                is_call = False


class Operation:
    """One operation: the difference of running it 2 n times and n times, divided by n."""

    def __init__(self, times: int, once: Profile, twice: Profile):
        self.instructions = round((twice.total - once.total) / times)
        self.allocations = round((twice.allocations - once.allocations) / times, 2)
        self.own = {f: (n - once.own[f]) / times for f, n in twice.own.items()}
        self.inclusive = {f: (n - once.inclusive[f]) / times for f, n in twice.inclusive.items()}


def measure(program: Path) -> dict[str, Operation]:
    """Runs the program under callgrind."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "counts")
        command = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}", "--dump-before=*hot_path4mark*", str(program)]
        done = subprocess.run(command, env=ENVIRONMENT, cwd=folder, text=True, capture_output=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        # The file of each number has the counts before that mark: preparation, n times, 2 n times.
        operations = {}
        for at, line in enumerate(done.stdout.splitlines()):
            times, _, name = line.partition(" ")
            once, twice = (Profile(Path(f"{out}.{3 * at + part}")) for part in (2, 3))
            operations[name] = Operation(int(times), once, twice)
        return operations


def compare(measured: dict[str, Operation], budget: dict[str, dict]) -> list[str]:
    """Prints both numbers for every operation, and returns those over the budget."""
    wrong = []
    print(f"{'operation':34} {'instructions':>12} {'budget':>9} {'':>7}  {'allocations':>11} {'budget':>6}")
    for name in [*measured, *(n for n in budget if n not in measured)]:
        if name not in measured or name not in budget:
            wrong.append(f"{name}: {'no longer measured' if name in budget else 'has no budget'}")
            continue
        now, then = measured[name], budget[name]
        change = now.instructions / then["instructions"] - 1
        words = []
        if change > TOLERANCE:
            words.append(f"{now.instructions} instructions, the budget is {then['instructions']} ({change:+.1%})")
        if now.allocations > then["allocations"]:
            words.append(f"{now.allocations:g} allocations, the budget is {then['allocations']:g}")
        wrong += [f"{name}: {word}" for word in words]
        print(f"{name:34} {now.instructions:12,} {then['instructions']:9,} {change:+7.1%}  {now.allocations:11g} {then['allocations']:6g}"
              + ("  TOO MUCH" if words else "  could be lowered" if change < -TOLERANCE else ""))
    return wrong


def demangled(names: list[str]) -> list[str]:
    try:
        done = subprocess.run(["swift", "demangle", "--compact"], input="\n".join(names), text=True, capture_output=True)
    except FileNotFoundError:
        return names
    lines = done.stdout.splitlines()
    return [line.replace("Swift.", "") for line in lines] if done.returncode == 0 and len(lines) == len(names) else names


def show(name: str, operation: Operation, most: int):
    """Prints the functions that take an operation's instructions."""
    print(f"\n{name}: {operation.instructions:,} instructions, {operation.allocations:g} allocations")
    for title, counts in (("own", operation.own), ("inclusive", operation.inclusive)):
        # Leaves out the functions that contain everything.
        top = sorted(((n, f) for f, n in counts.items() if 1 <= n < 0.99 * operation.instructions), reverse=True)[:most]
        for (count, _), text in zip(top, demangled([f for _, f in top])):
            print(f"  {title:9} {count:9,.0f} {count / operation.instructions:6.1%}  {text[:140]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path, help="the built hot-path, release mode")
    parser.add_argument("--update", action="store_true", help="write the measured counts as the budget")
    parser.add_argument("--profile", metavar="TEXT", help="show the functions that take the instructions of operations with this in their name")
    parser.add_argument("--most", type=int, default=25, help="number of functions in a profile")
    arguments = parser.parse_args()

    measured = measure(arguments.program.resolve())
    if not measured:
        sys.exit("the program printed no operation")
    if arguments.profile is not None:
        for name, operation in measured.items():
            if arguments.profile in name:
                show(name, operation, arguments.most)
        return
    budgets = json.loads(BUDGETS.read_text())
    machine = platform.machine()
    if arguments.update:
        budgets[machine] = {name: {"instructions": o.instructions, "allocations": o.allocations} for name, o in measured.items()}
        BUDGETS.write_text(json.dumps(budgets, indent=2) + "\n")
    if machine not in budgets:
        sys.exit(f"there is no budget for {machine} in {BUDGETS}: check the figures, then --update")
    wrong = compare(measured, budgets[machine])
    if wrong:
        print("\nMore than the budget (a few per cent are allowed). If it is worth it: deploy/lib/budget.py PROGRAM --update")
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
