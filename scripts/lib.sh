# shellcheck shell=bash
# Shared by the scripts in this directory: sourced, never run. Leaves the caller in the root of the
# project, so every script works from any directory.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd -- "$root" || exit

# `su` without a dash leaves root without these, and apt and useradd need them.
PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s\n' "$*" >&2; }

die() {
  say "$(basename -- "$0"): $*"
  exit 1
}

# version_at_least HAVE WANT: compares dotted versions.
version_at_least() { printf '%s\n%s\n' "$2" "$1" | sort -VC; }

cmake_version() { cmake --version | awk 'NR == 1 { print $3 }'; }

# configure PRESET: makes or refreshes build/PRESET. Our presets need CMake 3.25; an older one gets the same settings by
# naming the profile. With CI=true the release's warnings are errors, too.
configure() {
  local options=()
  # Only there it is known which compiler that is.
  [[ $1 != release || ${CI:-} != true ]] || options=(-DNSLAUNCH_WERROR=ON)
  if version_at_least "$(cmake_version)" 3.25; then
    cmake --log-level=NOTICE --preset "$1" "${options[@]}" >/dev/null
  else
    cmake --log-level=NOTICE -S . -B "build/$1" -G Ninja -DNSLAUNCH_PROFILE="$1" "${options[@]}"
  fi
}

# build PRESET [TARGET...]: all of it, or these targets. One at a time, as two would write the same files.
build() {
  local lock preset=$1
  shift
  mkdir -p build
  exec {lock}>"build/$preset.lock"
  flock "$lock"
  configure "$preset"
  cmake --build "build/$preset" -j "$(nproc)" --target "${@:-all}"
  exec {lock}>&-
}
