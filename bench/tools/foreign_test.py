#!/usr/bin/env python3
"""Runs the suite `foreign` against a daemon that is a program of its own, as somebody with a real one would.

    foreign_test.py FAKE_CONTAINERD BENCH_FOREIGN

Exit code 0 if everything could be measured over the socket that was given on the command line.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 60


def wait_until_served(path: str, daemon: subprocess.Popen) -> bool:
    """Until somebody accepts there; False if the daemon ended first, or patience did."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        with socket.socket(socket.AF_UNIX) as attempt:
            try:
                attempt.connect(path)
                return True
            except OSError:
                pass
        try:
            daemon.wait(timeout=0.02)
            return False
        except subprocess.TimeoutExpired:
            pass
    return False


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="drydock-bench-") as directory:
        path = os.path.join(directory, "c.sock")
        daemon = subprocess.Popen(
            [sys.argv[1], "--listen", f"unix://{path}", "--state-dir", os.path.join(directory, "state")])
        try:
            out = os.path.join(directory, "foreign.json")
            if not wait_until_served(path, daemon):
                print(f"nobody serves at {path}", file=sys.stderr)
                return 1
            bench = subprocess.run([sys.argv[2], "--tiny", f"--containerd=unix://{path}", f"--out={out}"],
                                   timeout=PATIENCE_S, check=False)
            if bench.returncode != 0:
                return bench.returncode
            with open(out, encoding="utf-8") as file:
                figures = json.load(file)
        finally:
            daemon.terminate()
            daemon.wait(timeout=PATIENCE_S)
    cases = [figure["case"] for figure in figures["figures"] if figure["subject"] > 0]
    print(f"{figures['containerd']}: {', '.join(cases)}")
    return 0 if figures["containerd"] == path and len(cases) == 4 else 1


if __name__ == "__main__":
    sys.exit(main())
