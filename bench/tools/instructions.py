#!/usr/bin/env python3
"""Counts the instructions of one event and of one life in the simulated world, under callgrind.

    instructions.py PROGRAM           compares with bench/instructions.json; exit code 1 beyond ± 10 %
    instructions.py PROGRAM --update  writes what was counted there

PROGRAM is bench_instructions of a g++ build of the preset dev. It runs with two counts, and the difference is divided
by how many more the second were, so that what starting takes cancels.
"""

import json
import os
import re
import subprocess
import sys

BAND = 0.10
COUNTS = {"events": (4096, 12288), "lives": (50, 150)}
FILE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "instructions.json")


def instructions(program: str, what: str, count: int) -> int:
    ran = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, what, str(count)],
                         capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", ran.stderr)
    if ran.returncode != 0 or not found:
        sys.exit(f"{program} {what} {count} under callgrind: exit code {ran.returncode}\n{ran.stderr}")
    return int(found.group(1))


def of_each(program: str, what: str) -> int:
    few, many = COUNTS[what]
    return round((instructions(program, what, many) - instructions(program, what, few)) / (many - few))


def main() -> int:
    if len(sys.argv) not in (2, 3) or (len(sys.argv) == 3 and sys.argv[2] != "--update"):
        print(__doc__, file=sys.stderr)
        return 2
    counted = {what: of_each(sys.argv[1], what) for what in COUNTS}
    if len(sys.argv) == 3:
        with open(FILE, "w", encoding="utf-8") as file:
            file.write(json.dumps(counted, indent=1) + "\n")
    with open(FILE, encoding="utf-8") as file:
        expected = json.load(file)
    outside = False
    for what, count in counted.items():
        change = count / expected[what] - 1 if expected[what] else 1.0
        print(f"{what}: {count} instructions each, {expected[what]} expected: {change:+.1%}")
        outside = outside or abs(change) > BAND
    if outside:
        print(f"beyond ± {BAND:.0%}. If it is meant to be so: bench/tools/instructions.py {sys.argv[1]} --update")
    return 1 if outside else 0


if __name__ == "__main__":
    sys.exit(main())
