"""coverage_report.py LCOV OUT: a table of lines and branches by file, and what was not reached, into OUT.

LCOV is what `llvm-cov export -format=lcov` writes. A branch has two outcomes, each of which counts.
"""

import collections
import os
import sys

FOLDERS = ("lib/core", "fake_containerd/world")


class File:
    def __init__(self):
        self.lines = {}  # line -> how often
        self.branches = collections.Counter()  # (line, number within it) -> how often

    def add(self, tag, value):
        if tag == "DA":
            line, count = value.split(",")[:2]
            self.lines[int(line)] = self.lines.get(int(line), 0) + int(count)
        elif tag == "BRDA":
            line, block, branch, count = value.split(",")
            self.branches[(int(line), int(block), int(branch))] += 0 if count == "-" else int(count)

    def figures(self):
        return (
            sum(1 for count in self.lines.values() if count), len(self.lines),
            sum(1 for count in self.branches.values() if count), len(self.branches),
        )


def read(path):
    files = collections.defaultdict(File)
    current = None
    with open(path, encoding="utf-8") as text:
        for record in text:
            tag, _, value = record.strip().partition(":")
            if tag == "SF":
                current = files[os.path.relpath(os.path.realpath(value))]
            elif current:
                current.add(tag, value)
    return files


def share(reached, whole):
    return f"{reached:6d}/{whole:<6d}{100 * reached / whole if whole else 100:6.1f} %"


def row(name, figures):
    return f"{name:45s}{share(*figures[:2])}  {share(*figures[2:])}"


def spans(lines):
    """[3, 4, 5, 9] as [(3, 5), (9, 9)]."""
    result = []
    for line in sorted(lines):
        if result and result[-1][1] == line - 1:
            result[-1][1] = line
        else:
            result.append([line, line])
    return result


def not_reached(path, file, out):
    with open(path, encoding="utf-8") as text:
        source = text.read().splitlines()
    dead = {line for line, count in file.lines.items() if not count}
    for first, last in spans(dead):
        for line in range(first, last + 1):
            out.write(f"{path}:{line}: {source[line - 1].rstrip()}\n")
    outcomes = collections.defaultdict(list)
    for key, count in sorted(file.branches.items()):
        if not count and key[0] not in dead:
            outcomes[key[0]].append("true" if key[2] % 2 == 0 else "false")
    for line, never in sorted(outcomes.items()):
        out.write(f"{path}:{line}: never {', '.join(never)}: {source[line - 1].strip()}\n")


def main():
    files = read(sys.argv[1])
    print(f"{'':45s}{'lines':>14s}{'':8s}  {'branches':>14s}")
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        for folder in FOLDERS:
            whole = [0] * 4
            for path in sorted(path for path in files if path.startswith(folder + "/")):
                figures = files[path].figures()
                print(row(path, figures))
                whole = [a + b for a, b in zip(whole, figures)]
                not_reached(path, files[path], out)
            print(row(folder, whole) + "\n")


if __name__ == "__main__":
    main()
