#!/usr/bin/env python3
"""Joins what the suites wrote and draws it.

    report.py DIRECTORY PART.json…

Writes DIRECTORY/bench.json, bench.md (the table of docs/performance.md) and the plots: throughput-*.svg (events
against containers, the floors drawn in), latency*.svg and memory.svg. Prints the table, and what was not reached.
"""

import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import figures  # noqa: E402
import plot  # noqa: E402


def table(content: dict) -> str:
    lines = ["| suite/case | subject | floor | ratio | spread | must reach |", "|---|---|---|---|---|---|"]
    for figure in content["figures"]:
        floor = ""
        if "floor" in figure:
            floor = f"{figure['floor']} {figures.rounded(figure['floor_median'])}"
        reach = ", ".join(f"{words} {'✓' if holds else '✗'}" for words, holds in figures.reach_words(figure))
        spread = "refused: " if figure["refused"] else ""
        ratio = figures.rounded(figure["ratio"]) if "floor" in figure else ""
        lines.append(f"| {figure['suite']}/{figure['case']} | {figures.rounded(figure['subject'])} {figure['unit']} "
                     f"| {floor} | {ratio} | {spread}{figure['spread']:.0%} | {reach} |")
    machine = content["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in content["versions"].items())
    lines += ["", f"{machine['processor']}, {machine['cores']} cores, kernel {machine['kernel']}, load up to "
              f"{machine['load']:.1f}; {versions}; {content['mode']} run."]
    return "\n".join(lines) + "\n"


def throughput(content: dict, suite: str) -> list:
    """Lines of (containers, events/s): the subject's and each floor's."""
    lines: dict = {}
    for figure in content["figures"]:
        if figure["suite"] != suite or not figure["case"].isdigit():
            continue
        containers = int(figure["case"])
        lines.setdefault("subject", {})[containers] = figure["subject"]
        if "floor" in figure and figure["floor"] != "steps":
            lines.setdefault(f"floor: {figure['floor']}", {})[containers] = figure["floor_median"]
    return [plot.Line(name, sorted(points.items()), dashed=name != "subject") for name, points in lines.items()]


def series(content: dict, suite: str, case=None) -> list:
    return [plot.Line(one["name"], [tuple(point) for point in one["points"]], dashed=one["name"] == "ping")
            for one in content["series"] if one["suite"] == suite and case in (None, one["case"])]


def plots(content: dict) -> dict:
    """SVG texts by file name."""
    drawn = {}
    for suite in ("events-simulated", "events-socket", "events-in-process"):
        lines = throughput(content, suite)
        if lines:
            drawn[f"throughput-{suite}.svg"] = plot.draw(
                f"{suite}: throughput against containers", "containers", "events/s", lines, log_x=True)
    for case, name, title in (("p99", "latency.svg", "one event at a time"),
                              ("10000-a-second-p99", "latency-10000-a-second.svg", "10 000 events a second")):
        latency = series(content, "latency", case)
        if latency:
            tail = [plot.Line(line.name, [(1 / (1 - x), y) for x, y in line.points], line.dashed) for line in latency]
            drawn[name] = plot.draw(f"latency: {title}", "quantile: 1 of so many is slower", "µs", tail,
                                    log_x=True, log_y=True)
    memory = series(content, "memory")
    if memory:
        drawn["memory.svg"] = plot.draw("memory: live bytes while lives come and go", "lives", "bytes", memory)
    return drawn


def main() -> int:
    if len(sys.argv) < 3 or sys.argv[1] in ("-h", "--help"):
        print(__doc__, file=sys.stderr)
        return 2
    directory = sys.argv[1]
    try:
        content = figures.join([figures.load(path) for path in sys.argv[2:]])
    except ValueError as error:
        print(f"report.py: {error}", file=sys.stderr)
        return 2
    files = {"bench.json": json.dumps(content, indent=1, ensure_ascii=False) + "\n", "bench.md": table(content),
             **plots(content)}
    for name, text in files.items():
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write(text)
    print(files["bench.md"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
