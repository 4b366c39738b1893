# Sourced by run.sh, test.sh and .ci/tidy: messages, and the packages of packages.txt.
# Sets `root` and goes there, so that every script works from any folder.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
export DEBIAN_FRONTEND=noninteractive

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

# The packages of packages.txt; with "test" those marked [test] too.
wanted_packages() {
  if [[ ${1-} == test ]]; then
    sed -e 's/#.*//' -e 's/\[test\]//' packages.txt
  else
    sed -e 's/#.*//' -e '/\[test\]/d' packages.txt
  fi | xargs -n1
}

# Which of its arguments are not installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  local package
  for package in "$@"; do
    grep -qx "installed $package" <<<"$installed" || echo "$package"
  done
}

# Installs what is missing; asks apt nothing when nothing is.
install_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say 'this is not a Debian system; install what packages.txt names by hand'
    return 1
  fi
  local missing as_root=()
  mapfile -t missing < <(missing_packages $(wanted_packages "${1-}"))
  [[ ${#missing[@]} -eq 0 ]] && return 0
  if [[ $(id -u) -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
      say "not root and no sudo; please install: ${missing[*]}"
      return 1
    fi
    as_root=(sudo --preserve-env=DEBIAN_FRONTEND)
  fi
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 -qq update
  "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 -qq install -y --no-install-recommends \
    "${missing[@]}" >/dev/null
}

# Configures a preset once, and again when the presets changed: what else changed, ninja sees by itself.
configure_preset() {
  local build=build/$1
  if [[ ! -f $build/build.ninja || CMakePresets.json -nt $build/build.ninja ]]; then
    say "configuring $build"
    if ! cmake --preset "$1" >"$build.configure.log" 2>&1; then
      cat "$build.configure.log" >&2
      return 1
    fi
  fi
}
