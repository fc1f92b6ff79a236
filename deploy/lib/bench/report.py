"""The report on the terminal."""

import subprocess
import time

import stack
import unequal
from arguments import CHECKOUT

# Beyond these a figure measures the machine's other work rather than the service.
OTHERS, STEAL, SPREAD = 0.04, 0.01, 0.15


def duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def versions() -> dict:
    """The date, and the versions measured."""
    git = subprocess.run(["git", "-C", CHECKOUT, "describe", "--always", "--dirty"], text=True, capture_output=True)
    nginx = subprocess.run(["nginx", "-v"], text=True, capture_output=True).stderr.strip().rpartition("/")[2]
    return {"date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "commit": git.stdout.strip() or "unknown",
            "nginx": nginx, "postgresql": stack.sql("show server_version").split()[0]}


def typical(connections) -> int:
    """32 connections, or the number nearest to it."""
    return min(connections, key=lambda number: abs(number - 32))


def cell_doubts(cell: dict) -> list[str]:
    """Why one figure is unreliable."""
    found = []
    if cell["others_share"] > OTHERS:
        found.append(f"other programs took {cell['others_share']:.0%} of the machine")
    if cell["steal_share"] > STEAL:
        found.append(f"the hypervisor took {cell['steal_share']:.0%} of the machine")
    if len(cell["rounds"]) > 2 and cell.get("spread", 0) > SPREAD:
        found.append(f"rounds differ by {cell['spread']:.0%}")
    return found


def doubts(cells: list[dict], rounds: int) -> list[str]:
    """Why the whole report is unreliable; empty if it is reliable."""
    found = []
    if rounds < 3:
        found.append(f"{rounds} round{'s' if rounds > 1 else ''} cannot show how much they differ")
    for name, limit, words in (("others_share", OTHERS, "other programs took up to {:.0%} of the machine"),
                               ("steal_share", STEAL, "the hypervisor took up to {:.0%} of the machine")):
        worst = max(cell[name] for cell in cells)
        if worst > limit:
            found.append(words.format(worst) + f" ({sum(cell[name] > limit for cell in cells)} of {len(cells)} figures)")
    unsteady = [cell for cell in cells if len(cell["rounds"]) > 2 and cell.get("spread", 0) > SPREAD]
    if len(unsteady) * 5 > len(cells):
        found.append(f"rounds differ by more than {SPREAD:.0%} in {len(unsteady)} of {len(cells)} figures")
    return found


def text(result: dict) -> str:
    """The table."""
    about = result["about"]
    out = ["", f"{about['date']}, {about['commit']}: {about['cores']} cores of {about['cpu']}; {about['workers']} workers, nginx {about['nginx']}, "
           f"PostgreSQL {about['postgresql']}.",
           f"{about['owners']} owners × {about['tasks']} tasks; medians of {about['rounds']} rounds of {about['seconds']} s. `!`: unreliable."]
    if result["cells"]:
        out += equal_owners(result)
    if "unequal" in result:
        out += unequal_owners(result)
    out.append("")
    if result["doubts"]:
        out.append("UNRELIABLE on this occasion: " + "; ".join(result["doubts"]) + ".")
    else:
        out.append("The machine was quiet and the rounds agree.")
    return "\n".join(out)


def equal_owners(result: dict) -> list[str]:
    """Rates, latencies and processor time of every contender."""
    out = ["", f"{'workload':12}{'conn.':>5} {'contender':10}{'requests/s':>10} {'least–most':>16} {'p50':>7}{'p99':>8}{'p99.9':>8} ms "
           f"{'CPU µs':>7} = {'nginx':>5} + {'workers':>7} + {'database':>8} {'worker':>8} {'errors':>6}  of pgbench   of nginx"]
    last = None
    for cell in result["cells"]:
        place = (cell["workload"], cell["connections"])
        if last is not None and last[0] != place[0]:
            out.append("")
        shown = f"{place[0]:12}{place[1]:5}" if place != last else " " * 17
        last = place
        cpu = cell["cpu_us"]
        is_service = cell["contender"] in ("service", "browser")
        line = (f"{shown} {cell['contender']:10}{cell['rate']:10,.0f} {cell['least']:8,.0f}–{cell['most']:<7,.0f} {cell['p50']:7.2f}{cell['p99']:8.2f}{cell['p999']:8.2f}    "
                f"{cell['cpu_us_total']:7.1f}   {cpu['nginx']:5.1f}   {cpu['workers']:7.1f}   {cpu['postgres']:8.1f} "
                + (f"{cell['worker_mib']:4.1f} MiB" if is_service else " " * 8) + f" {cell['errors']:6}")
        if cell["contender"] == "browser":
            line += f"  {cell['ratios']['service']:4.2f} of service"
        elif ratios := cell.get("ratios"):
            target = result["targets"].get(place[0]) if place[1] == 32 else None
            verdict = "" if target is None else f" {'≥' if ratios['pgbench'] >= target else '<'} {target:.2f}"
            line += f"  {ratios['pgbench']:4.2f}{verdict:7} {ratios['constant']:9.2f}"
        if why := cell_doubts(cell):
            line += "  ! " + "; ".join(why)
        out.append(line.rstrip())
    for name, why in result["left_out"].items():
        out += ["", f"{name}: not measured, {why}"]
    return out


def unequal_owners(result: dict) -> list[str]:
    """How long other owners wait for one task, alone and beside each heavy owner."""
    out = ["", f"{'GET of one task, beside':50}{'p50':>9}{'p99':>9}{'longest':>9} ms {'errors':>7} {'worker':>10}   heavy owner: served, refused"]
    targets = ", ".join(f"{name} < {most:g} ms" for name, most in result["unequal_targets_ms"].items())
    for cell in result["unequal"]:
        line = f"{cell['words']:50}{cell['p50']:9.2f}{cell['p99']:9.2f}{cell['most']:9.1f}    {cell['errors']:7} {cell['worker_mib']:6.1f} MiB"
        if "its_rate" in cell:
            line += f"   {cell['its_rate']:,.1f}/s, {cell['its_refusals']:,.1f}/s   {'≤' if unequal.met(cell) else 'NOT WITHIN'} {targets}"
        if why := cell_doubts(cell):
            line += "  ! " + "; ".join(why)
        out.append(line)
    return out
