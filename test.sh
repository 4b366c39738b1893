#!/bin/bash
# Builds everything and runs every check. Goes on after a failure, so that one run shows all of them.
set -euo pipefail

usage() {
  cat <<'END'
usage: ./test.sh [--all]

Installs the Debian packages that are missing, then:
  build        everything with g++, warnings are errors
  tests        all of them (ctest, build/dev)
  sanitizers   clang, AddressSanitizer and UndefinedBehaviorSanitizer, on what needs no gRPC (build/asan)
  tidy         clang-tidy on what changed since the merge base with main; without a change, a tenth of all
  format       clang-format

  --all        also: everything with clang (build/clang), ThreadSanitizer (build/tsan), the fuzz targets' tests and
               half a minute of each (build/fuzz), clang-tidy on everything

Exit code: 0 all passed, 1 something failed, 2 wrong usage.
END
}

all=false
for argument in "$@"; do
  case $argument in
    --all) all=true ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done

. "$(dirname "${BASH_SOURCE[0]}")/.ci/setup.sh"
mkdir -p build

summary=()
failed=false

# stage NAME COMMAND…: runs it and notes how it went; false if it failed.
stage() {
  local name=$1 begin=$SECONDS result=passed
  shift
  say "--- $name"
  "$@" || result=FAILED
  summary+=("$(printf '%-10s %-6s %4d s' "$name" "$result" $((SECONDS - begin)))")
  [[ $result == passed ]] || { failed=true; return 1; }
}

build() {
  configure_preset "$1" && cmake --build --preset "$1" -- -k 0
}

# ctest without its line for each test that passed; its closing lines stay.
run_tests() {
  ctest --preset "$1" 2>&1 | { grep -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ Test +#.* Passed )' || true; }
}

build_and_test() {
  build "$1" && run_tests "$1"
}

format() {
  git ls-files -z --cached --others --exclude-standard '*.h' '*.cc' |
    xargs -0 -r clang-format-14 --dry-run --Werror
}

# Their tests (the corpora, a short search, the canaries), then half a minute of search for each target.
smoke_fuzz() {
  build_and_test fuzz || return 1
  local source name found
  for source in fuzz/*_fuzz.cc; do
    name=$(basename "$source" .cc)
    [[ $name != canary_fuzz ]] || continue
    found=build/fuzz/found/$name  # new inputs go here; one that fails is named crash-…
    mkdir -p "$found"
    "build/fuzz/fuzz/$name" -max_total_time=30 -entropic=0 -verbosity=0 -artifact_prefix="$found/" "$found" "fuzz/corpus/$name" ||
      return 1
  done
}

if ! install_packages test; then
  say 'the packages could not be installed'
  exit 1
fi

stage format format || true
tests_log=build/dev.ctest.log
if stage build build dev; then
  stage tests run_tests dev > >(tee "$tests_log") || true
  if $all; then
    stage tidy .ci/tidy --all || true
  else
    stage tidy .ci/tidy || true
  fi
fi
stage sanitizers build_and_test asan || true
if $all; then
  stage clang build clang || true
  stage tsan build_and_test tsan || true
  stage fuzz smoke_fuzz || true
fi

wait
say '--- all stages'
printf '%s\n' "${summary[@]}" >&2
if [[ -f $tests_log ]]; then
  grep -E '^[0-9]+% tests passed' "$tests_log" || true
fi
$failed && exit 1
exit 0
