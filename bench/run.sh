#!/bin/bash
# Builds the benches, runs every suite, and writes figures, plots and a table.
set -euo pipefail

usage() {
  cat <<'END'
usage: bench/run.sh [--quick | --long] [--strict] [--out DIRECTORY] [--containerd unix:///PATH] [SUITE…]

Builds the programs that measure (build/bench) and runs them one after the other; with names of suites (events_socket,
lives, …) only those. Writes bench.json, bench.md and plots (*.svg) into DIRECTORY, by default out/bench. Under five
minutes; --quick, with smaller cases, under one; --long, with a million of what may be that many, takes as long as it takes.

--containerd: the suites that can measure a foreign daemon measure the containerd 0.2 at that socket, and only those
run.

Exit code: 0 measured, 1 a measurement failed, 2 wrong usage, 3 a figure was refused for its spread, 4 with --strict:
something that must be reached is not. docs/performance.md explains the figures.
END
}

out=out/bench
options=()
suites=()
foreign=0
while [[ $# -gt 0 ]]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --quick | --long | --strict) options+=("$1") ;;
    --out) out=${2:?--out needs a directory}; shift ;;
    --containerd) options+=("--containerd=${2:?--containerd needs an address}"); foreign=1; shift ;;
    -*) usage >&2; exit 2 ;;
    *) suites+=("$1") ;;
  esac
  shift
done

. "$(dirname "${BASH_SOURCE[0]}")/../.ci/setup.sh"
install_packages test
mkdir -p build "$out"
configure_preset bench
if ! cmake --build --preset bench >build/bench.log 2>&1; then
  tail -n 60 build/bench.log >&2
  say 'the build failed (build/bench.log)'
  exit 1
fi

if [[ ${#suites[@]} -eq 0 ]]; then
  if [[ $foreign -eq 1 ]]; then
    suites=(foreign)
  else
    mapfile -t suites <build/bench/bench/suites.txt
  fi
fi

parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT
worst=0
written=()
for suite in "${suites[@]}"; do
  program=build/bench/bench/bench_$suite
  if [[ ! -x $program ]]; then
    say "there is no suite $suite"
    exit 2
  fi
  code=0
  "$program" "${options[@]}" "--out=$parts/$suite.json" || code=$?
  if [[ $code -eq 1 || $code -eq 2 ]]; then
    say "suite $suite failed"
    exit "$code"
  fi
  [[ $code -gt $worst ]] && worst=$code
  written+=("$parts/$suite.json")
done
python3 -B bench/tools/report.py "$out" "${written[@]}"
say "written: $out/bench.json, bench.md and plots"
exit "$worst"
