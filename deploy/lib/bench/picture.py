"""The figures as pictures: plain SVG, readable on light and dark pages."""

import math
import textwrap
from html import escape

import report

INK, FAINT, GRID, PAPER = "#1b2330", "#66707f", "#e3e7ed", "#ffffff"
SERVICE, DATABASE, NGINX, WORKERS = "#2563c9", "#a9b4c2", "#7fb069", "#2563c9"
LINES = ["#2563c9", "#d1662b", "#3d8f58", "#8a4fbf"]
NAMES = {"one": "one task", "list": "list of 20", "create": "create", "toggle": "toggle", "update": "update", "mixed": "mixed",
         "revalidated": "list, revalidated", "page": "page of 20"}


class Drawing:
    """An SVG document that grows downwards."""

    def __init__(self, width: int, height: int):
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
                      'font-family="system-ui, -apple-system, \'Segoe UI\', \'DejaVu Sans\', sans-serif">',
                      f'<rect width="{width}" height="{height}" rx="8" fill="{PAPER}"/>']

    def text(self, x: float, y: float, text: str, size: float = 12, fill: str = INK, anchor: str = "start", weight: int = 400):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>')

    def bar(self, x: float, y: float, width: float, height: float, fill: str):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height}" fill="{fill}"/>')

    def line(self, points: list[tuple[float, float]], stroke: str, width: float = 1):
        at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{at}" fill="none" stroke="{stroke}" stroke-width="{width}" stroke-linejoin="round"/>')

    def dot(self, x: float, y: float, fill: str):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{fill}"/>')

    def svg(self) -> str:
        return "\n".join([*self.parts, "</svg>"]) + "\n"


def bench(result: dict) -> str:
    """Requests a second beside the database alone, latency, and where the processor's time goes."""
    cells = {(c["workload"], c["contender"]): c for c in result["cells"] if c["connections"] == connections(result)}
    workloads = [w for w in dict.fromkeys(w for w, _ in cells) if (w, "service") in cells]
    row, top = 50, 122
    notes = footnotes(result)
    height = top + row * len(workloads) + 18 + 17 * len(notes)
    sheet = Drawing(920, height)
    sheet.text(24, 34, "todo-fcgi: requests a second over HTTP, beside the database alone", 17, weight=600)
    about = result["about"]
    sheet.text(24, 55, f"{connections(result)} connection{'s' if connections(result) > 1 else ''}, {about['cores']} cores, {about['workers']} workers, {about['owners']:,} owners × {about['tasks']} tasks; "
               "JWT checked, fsync on; load generators on the same cores", 12, FAINT)
    bars, widest, latency, cpu = 130, 300, 560, 640
    legend(sheet, bars, 84, [("todo-fcgi", SERVICE), ("pgbench, the same SQL, no HTTP", DATABASE)])
    sheet.text(latency, 84, "p50 · p99", 12, FAINT, "middle")
    legend(sheet, cpu, 84, [("nginx", NGINX), ("workers", WORKERS), ("PostgreSQL", DATABASE)], "CPU µs ")
    sheet.line([(24, 98), (896, 98)], GRID)
    most = max(c["most"] for (_, contender), c in cells.items() if contender != "constant")
    longest = max(c["cpu_us_total"] for (_, contender), c in cells.items() if contender == "service")
    for number, workload in enumerate(workloads):
        y = top + number * row
        service, alone = cells[workload, "service"], cells.get((workload, "pgbench"))
        sheet.text(bars - 14, y + 16, NAMES[workload], 13, anchor="end", weight=600)
        spread(sheet, bars, y, widest / most, 15, SERVICE, service)
        sheet.text(bars + widest * service["most"] / most + 7, y + 12, f"{service['rate']:,.0f}", 12, weight=600)
        if alone:
            spread(sheet, bars, y + 17, widest / most, 11, DATABASE, alone)
            sheet.text(bars + widest * alone["most"] / most + 7, y + 27, f"{alone['rate']:,.0f}  ({service['ratios']['pgbench']:.0%})", 11, FAINT)
        sheet.text(latency, y + 16, f"{short(service['p50'])} · {short(service['p99'])} ms", 12, anchor="middle")
        x = cpu
        for part, colour in (("nginx", NGINX), ("workers", WORKERS), ("postgres", DATABASE)):
            width = 190 * service["cpu_us"][part] / longest
            sheet.bar(x, y + 3, width, 18, colour)
            x += width
        sheet.text(x + 7, y + 17, f"{service['cpu_us_total']:.0f}", 12)
    for number, note in enumerate(notes):
        sheet.text(24, height - 14 - 17 * (len(notes) - 1 - number), note, 11, INK if result["doubts"] and number < len(notes) - 1 else FAINT)
    return sheet.svg()


def connections(result: dict) -> int:
    """The cells that the picture shows."""
    return report.typical({c["connections"] for c in result["cells"]})


def footnotes(result: dict) -> list[str]:
    about = result["about"]
    first = f"{about['date']}, {about['commit']}, {about['cpu']}, medians of {about['rounds']} × {about['seconds']} s. "
    if memory := [c["worker_mib"] for c in result["cells"] if c.get("contender", "service") == "service"]:
        first += f"A worker is {max(memory):.0f} MiB large. "
    constant = [c["rate"] for c in result["cells"] if c.get("contender") == "constant" and c["connections"] == connections(result)]
    if constant:
        first += f"nginx alone: {min(constant):,.0f} to {max(constant):,.0f} a second."
    notes = [first]
    if unequal := result.get("unequal"):
        notes.append("One task, p50 · p99: " + "; ".join(
            f"{short(c['p50'])} · {short(c['p99'])} ms " + ("alone" if c["beside"] == "none" else f"beside {c['words']}") for c in unequal) + ".")
    if result["doubts"]:
        notes = textwrap.wrap("Not to be believed: " + "; ".join(result["doubts"]) + ".", 140) + notes
    return notes


def spread(sheet: Drawing, x: float, y: float, scale: float, height: float, colour: str, cell: dict):
    """A bar up to the median, and a line from the worst round to the best."""
    sheet.bar(x, y, cell["rate"] * scale, height, colour)
    middle = y + height / 2
    if cell["most"] > cell["least"]:
        sheet.line([(x + cell["least"] * scale, middle), (x + cell["most"] * scale, middle)], INK, 1.2)


def legend(sheet: Drawing, x: float, y: float, entries: list[tuple[str, str]], title: str = ""):
    sheet.text(x, y, title, 12, FAINT)
    x += 7 * len(title) + (4 if title else 0)
    for name, colour in entries:
        sheet.bar(x, y - 9, 10, 10, colour)
        sheet.text(x + 15, y, name, 12, FAINT)
        x += 24 + 6.3 * len(name)


def short(milliseconds: float) -> str:
    return f"{milliseconds:.2f}" if milliseconds < 1 else f"{milliseconds:.1f}" if milliseconds < 10 else f"{milliseconds:.0f}"


def curves(result: dict) -> str:
    """A column a curve: throughput above, p99 below."""
    width, height, left, top = 250, 170, 66, 128
    found = result["curves"]
    notes = footnotes({**result, "cells": [p for c in found for p in c["points"]]})
    total = top + 2 * (height + 62) + 17 * len(notes)
    sheet = Drawing(left + len(found) * (width + 54) - 14, total)
    sheet.text(24, 34, "todo-fcgi: where throughput and latency bend", 17, weight=600)
    about = result["about"]
    sheet.text(24, 55, f"{about['cores']} cores, load generator on the same cores; all axes but that of throughput are logarithmic", 12, FAINT)
    for number, curve in enumerate(found):
        x = left + number * (width + 54)
        names = list(dict.fromkeys(p["workload"] for p in curve["points"]))
        sheet.text(x, top - 42, curve["title"], 13, weight=600)
        words = {**NAMES, "list": {"tasks": "all of them", "owners": "list of 3"}.get(curve["name"], NAMES["list"])}
        legend(sheet, x, top - 23, [(words[n], LINES[at]) for at, n in enumerate(names)])
        for line, (value, title, logarithmic) in enumerate((("rate", "requests/s", False), ("p99", "p99, ms", True))):
            panel(sheet, x, top + 8 + line * (height + 62), width, height, curve["points"], names, value, title, logarithmic)
    for number, note in enumerate(notes):
        sheet.text(24, total - 14 - 17 * (len(notes) - 1 - number), note, 11, INK if result["doubts"] and number < len(notes) - 1 else FAINT)
    return sheet.svg()


def panel(sheet: Drawing, x: float, y: float, width: float, height: float, points: list[dict], names: list[str], value: str, title: str,
          logarithmic: bool):
    places = sorted({p["x"] for p in points})
    low_x, high_x = math.log10(places[0]), math.log10(places[-1])

    def across(place: float) -> float:
        return x + 8 + (width - 16) * ((math.log10(place) - low_x) / (high_x - low_x) if high_x > low_x else 0.5)

    values = [p[value] for p in points]
    if logarithmic:
        low, high = math.floor(math.log10(max(min(values), 0.01))), math.ceil(math.log10(max(max(values), 0.011)))
        ticks = [10.0**n for n in range(low, high + 1)]
        up = lambda v: y + height - height * (math.log10(max(v, 0.01)) - low) / (high - low)
    else:
        step = nice(max(values) / 4)
        ticks = [step * n for n in range(math.ceil(max(values) / step) + 1)]
        up = lambda v: y + height - height * v / ticks[-1]
    for tick in ticks:
        sheet.line([(x, up(tick)), (x + width, up(tick))], GRID)
        sheet.text(x - 6, up(tick) + 4, f"{tick:,.0f}" if tick >= 1 or tick == 0 else f"{tick:g}", 10, FAINT, "end")
    sheet.text(x, y - 8, title, 11, FAINT)
    shown = places if len(places) <= 6 else places[::2]
    for place in shown:
        sheet.text(across(place), y + height + 15, number_word(place), 10, FAINT, "middle")
    for at, name in enumerate(names):
        mine = sorted((p["x"], p[value]) for p in points if p["workload"] == name)
        sheet.line([(across(place), up(v)) for place, v in mine], LINES[at], 1.8)
        for place, v in mine:
            sheet.dot(across(place), up(v), LINES[at])


def nice(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(max(step, 1e-9)))
    return next(power * n for n in (1, 2, 5, 10) if power * n >= step)


def number_word(number: int) -> str:
    return f"{number // 1_000_000}M" if number >= 1_000_000 else f"{number // 1000}k" if number >= 1000 and number % 1000 == 0 else str(number)
