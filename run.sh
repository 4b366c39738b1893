#!/bin/bash
# Builds drydock and replays the recorded traces through the real client.
set -euo pipefail

usage() {
  cat <<'END'
usage: ./run.sh [OPTION… of drydock replay] [TRACE.jsonl…]

Installs the Debian packages that are missing, builds the drydock command (build/release) and runs

    drydock replay scenarios/traces/*.jsonl --out out

with whatever is given added. Traces that are given (paths from the repository's root) are replayed instead of the
recorded ones. `./run.sh --speed 1x` keeps the recorded pace; drydock replay --help has all options.

Exit code: 0 every guarantee held, 1 one was broken, 2 wrong usage, 3 it could not be judged or set up.
END
}

for argument in "$@"; do
  if [[ $argument == -h || $argument == --help ]]; then
    usage
    exit 0
  fi
done

. "$(dirname "${BASH_SOURCE[0]}")/.ci/setup.sh"
mkdir -p build

if ! install_packages; then
  say 'the packages could not be installed'
  exit 3
fi
[[ -x build/release/scenarios/drydock ]] || say 'building drydock: some minutes, the first time'
if ! configure_preset release || ! cmake --build --preset release >build/release.log 2>&1; then
  [[ -f build/release.log ]] && tail -n 60 build/release.log >&2
  say 'the build failed (build/release.log)'
  exit 3
fi

traces=(scenarios/traces/*.jsonl)
out=(--out out)
for argument in "$@"; do
  case $argument in
    *.jsonl) traces=() ;;
    --out | --out=*) out=() ;;
  esac
done
exec build/release/scenarios/drydock replay "${traces[@]}" "${out[@]}" "$@"
