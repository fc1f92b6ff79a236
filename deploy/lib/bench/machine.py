"""Processor time and memory from /proc: of our processes, of other programs and of the hypervisor."""

import os
import platform
import resource
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1


def _fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat, beginning with the state."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def trees(roots: dict[str, int]) -> dict[str, list[int]]:
    """The processes of each tree."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _fields(int(entry))):
            children.setdefault(int(fields[1]), []).append(int(entry))

    def below(pid: int) -> list[int]:
        return [pid] + [p for child in children.get(pid, []) for p in below(child)]
    return {part: below(root) for part, root in roots.items()}


class Usage:
    """Processor seconds up to now: of each part with its ended children, of the machine, of our load generators."""

    def __init__(self, roots: dict[str, int]):
        self.parts = {part: sum(sum(map(int, f[11:15])) for pid in pids if (f := _fields(pid))) / TICK
                      for part, pids in trees(roots).items()}
        times = [int(n) / TICK for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        user, nice, system, idle, iowait, irq, softirq, self.steal = times
        self.busy = user + nice + system + irq + softirq
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        mine = resource.getrusage(resource.RUSAGE_SELF)
        self.load = children.ru_utime + children.ru_stime + mine.ru_utime + mine.ru_stime

    def since(self, before: "Usage", seconds: float) -> dict:
        """Usage since then: seconds of the parts, shares of the machine for the rest."""
        parts = {part: used - before.parts.get(part, 0) for part, used in self.parts.items()}
        load = self.load - before.load
        others = max(0.0, self.busy - before.busy - load - sum(parts.values()))
        machine = seconds * CORES
        return {"cpu": parts, "load_share": load / machine, "others_share": others / machine,
                "steal_share": max(0.0, self.steal - before.steal) / machine}


def worker_memory(root: int) -> float:
    """The resident memory of the largest worker, in MiB; shared memory counts in full."""
    sizes = [0.0]
    for pid in trees({"workers": root})["workers"][1:]:
        try:
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    sizes.append(int(line.split()[1]) / 1024)
        except OSError:
            pass
    return max(sizes)


def description() -> dict:
    """A description of this machine."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1024
    return {"cpu": model, "cores": CORES, "memory_mb": memory, "kernel": platform.release(), "load_before": os.getloadavg()[0]}
