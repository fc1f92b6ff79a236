"""deploy/bench: its measurements, and that it leaves only its report."""

import json
import os
import subprocess
import xml.etree.ElementTree as tree

import pytest

import stack

RESULTS = stack.CHECKOUT / ".local-bench-results"


def bench(*arguments: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "TODO_BINARY": str(stack.PROGRAM)}
    return subprocess.run([stack.CHECKOUT / "deploy/bench", *arguments], env=environment, text=True, capture_output=True)


def test_a_short_run_measures_the_service_beside_both_limits():
    done = bench("--quick", "--workloads", "list,create,mixed")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((RESULTS / "bench.json").read_text())
    cells = {(cell["workload"], cell["contender"]): cell for cell in report["cells"]}
    assert set(cells) == {(w, c) for w in ("list", "create", "mixed") for c in ("service", "browser", "pgbench", "constant")}
    for place, cell in cells.items():
        assert cell["errors"] == 0 and cell["rate"] > 0 and 0 < cell["p50"] <= cell["p99"] <= cell["p999"], (place, cell)
    for workload in ("list", "create", "mixed"):
        service = cells[workload, "service"]
        assert all(service["cpu_us"][part] > 0 for part in ("nginx", "workers", "postgres")), service["cpu_us"]
        assert 0 < service["ratios"]["pgbench"] and 1 < service["worker_mib"] < 100
        assert 0 < cells[workload, "browser"]["ratios"]["service"] < 2
    def answer_bytes(contender: str) -> float:
        return cells["list", contender]["rounds"][0]["bytes"] / cells["list", contender]["rounds"][0]["requests"]
    assert answer_bytes("browser") != answer_bytes("service"), "what browsers send makes another answer"
    # A worker without requests has a timer once a second: one tick of processor time at most.
    assert cells["list", "pgbench"]["cpu_us"]["workers"] < 2, "the workers are idle while pgbench runs"
    # The statement is the service's own.
    assert "todo.tasks" in report["statements"]["list"][0] and "insert into todo.tasks" in report["statements"]["create"][0]
    assert "UNRELIABLE" in done.stdout and any("1 round" in doubt for doubt in report["doubts"])
    assert tree.parse(RESULTS / "bench.svg").getroot().tag.endswith("svg")
    assert not (stack.CHECKOUT / ".local-bench").exists()


def test_unequal_owners_are_measured_alone_and_beside_each_heavy_one():
    done = bench("--quick", "--workloads", "unequal", "--no-limits")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((RESULTS / "bench.json").read_text())
    assert report["cells"] == [] and [cell["beside"] for cell in report["unequal"]] == ["none", "search", "list"]
    for cell in report["unequal"]:
        assert cell["requests"] == 100 and 0 < cell["p50"] <= cell["p99"] <= cell["most"], cell
        assert cell["beside"] == "none" or cell["its_rate"] > 0, cell
    assert "p50 < 5 ms, p99 < 50 ms" in done.stdout


@pytest.mark.parametrize("arguments, words", [
    (["--plan"], "minutes"), (["--quick", "--workloads", "list", "--plan"], "seconds"), (["--curves", "--plan"], "owners 1,000…1,000,000"), (["--help"], "pgbench"),
])
def test_plan_prints_the_duration_without_measuring(arguments, words):
    done = bench(*arguments)
    assert done.returncode == 0 and words in done.stdout
    assert "Starting" not in done.stdout


@pytest.mark.parametrize("arguments", [["--rounds", "0"], ["--workloads", "delete"], ["--connections", "1,x"], ["--only", "owners"], ["now"]])
def test_a_wrong_argument_is_refused_before_anything_is_built(arguments):
    done = bench(*arguments)
    assert done.returncode == 2 and "deploy/bench: error" in done.stderr
    assert "Building" not in done.stdout
