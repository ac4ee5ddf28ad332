# Sourced by the scenario scripts (bash): a scratch directory of their own, a mark by which every
# process they start is found again, gates that hold a run in its middle, and the final check
# that nothing is left. Leaves through `fail` with one sentence; always cleans up behind itself.
#
#   NSLAUNCH       the program under test (default: the release build, else the dev build)
#   SCENARIO_MARK  set here, carried in the environment of everything that the script starts

# shellcheck shell=bash

scenario_root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
scenario_name=$(basename -- "$0")

say() { printf '%s\n' "$*"; }
skip() { say "SKIP: $*"; exit 77; }

# What the shards have printed lies in $scratch/*.log; it is shown first.
fail() {
  local log
  for log in "${scratch:-/nonexistent}"/*.log; do
    if [[ -s $log ]]; then show "$log" "$(basename -- "$log")" >&2; fi
  done
  say "$scenario_name FAILED: $*" >&2
  exit 1
}

# Prints the file `$1` under the title `$2`, indented.
show() {
  say "   --- $2"
  sed 's/^/   | /' -- "$1"
}

find_nslaunch() {
  local build
  for build in release dev; do
    [[ -n ${NSLAUNCH:-} ]] && break
    if [[ -x $scenario_root/build/$build/nslaunch ]]; then
      NSLAUNCH=$scenario_root/build/$build/nslaunch
    fi
  done
  [[ -n ${NSLAUNCH:-} ]] || fail "there is no nslaunch to try: set NSLAUNCH or run 'scripts/build release'"
  NSLAUNCH=$(realpath -e -- "$NSLAUNCH") || fail "there is no program at \$NSLAUNCH"
}

# The scratch directory lies in /tmp itself, so that --keep can name it; home and registry lie in it, so
# that the caller's own are neither read nor changed.
begin() {
  find_nslaunch
  scratch=$(mktemp -d /tmp/nsl-XXXXXX)
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  mkdir -m 700 -- "$scratch/home" "$scratch/state" "$scratch/tmp"
  SCENARIO_MARK=scenario-$(basename -- "$scratch")-$$
  export SCENARIO_MARK HOME=$scratch/home NSLAUNCH_STATE_DIR=$scratch/state
  export npm_config_cache=$scratch/npm npm_config_update_notifier=false npm_config_logs_max=0
}

finish() {
  end_marked
  rm -rf -- "$scratch"
}

end_marked() {
  local pid
  for pid in $(marked); do kill -KILL "$pid" 2>/dev/null || true; done
}

# The pids of all processes that carry the mark: launchers, inits, and whatever runs in the shards.
# (The environment is the one a process was started with, so this shell is not among them.)
marked() {
  local file
  for file in $(env -u SCENARIO_MARK grep -lsF "SCENARIO_MARK=$SCENARIO_MARK" /proc/[0-9]*/environ); do
    file=${file#/proc/}
    say "${file%/environ}"
  done
}

# Waits until `"${@:2}"` succeeds, at most `$1` seconds.
within() {
  local deadline=$((SECONDS + $1))
  until "${@:2}"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}

none_marked() { [[ -z $(marked) ]]; }

# Sets `networks` to the network namespaces of the marked processes, without our own, and holds them: the number of
# one that has gone is given to the next one, whosever that is.
hold_networks() {
  local pid held name
  networks=()
  for pid in $(marked); do
    { exec {held}<"/proc/$pid/ns/net"; } 2>/dev/null || continue
    name=$(readlink "/proc/self/fd/$held")
    if [[ $name == "$(readlink /proc/self/ns/net)" || " ${networks[*]} " == *" $name "* ]]; then
      exec {held}<&-
    else
      networks+=("$name")
    fi
  done
}

# A gate named `$1`: the directory that the example's gate variable is set to.
make_gate() {
  mkdir -- "$scratch/$1"
  mkfifo -- "$scratch/$1/ready" "$scratch/$1/go"
  exec {gate_ready}<>"$scratch/$1/ready"
  gate_fds+=("$gate_ready")
  gate=$scratch/$1
}
gate_fds=()

# Waits until the next run arrives at the gate, at most `$1` seconds, and prints what it said about
# itself. Gives up at once when one of the processes "${@:2}" has ended: none should before the gate opens.
await_gate() {
  local deadline=$((SECONDS + $1)) line='' part pid
  until read -r -t 1 -u "$gate_ready" part; do
    line+=$part # the second may end in the middle of a line
    ((SECONDS < deadline)) || return 1
    for pid in "${@:2}"; do kill -0 "$pid" 2>/dev/null || return 1; done
  done
  say "$line$part"
}

open_gate() {
  exec {gate_go}<>"$gate/go"
  gate_fds+=("$gate_go")
}

# Becomes the launcher of a shard that runs "$@", so that `shard ... &` has the launcher's pid as $!
# and `(shard ...)` its status. The caller's array `shard_options` is added.
shard_options=()
shard() {
  local fd
  for fd in "${gate_fds[@]}"; do exec {fd}>&-; done
  exec "$NSLAUNCH" --name "${scratch##*/}-$BASHPID" --timeout 3m --keep "$scratch" "${shard_options[@]}" -- "$@"
}

# How many shards of this scenario `nslaunch list` knows.
listed() {
  "$NSLAUNCH" list --json | { grep -o "\"${scratch##*/}-[0-9]*\"" || true; } | sort -u | wc -l
}

nothing_listed() {
  "$NSLAUNCH" list >"$scratch/list" 2>&1 && (($(listed) == 0)) && (($(wc -l <"$scratch/list") <= 1))
}

# Waits for the background jobs "$@", the shards 1, 2 and so on; returns how many of them have failed.
wait_all() {
  local index=0 failed=0 status pid
  for pid in "$@"; do
    index=$((index + 1))
    status=0
    wait "$pid" || status=$?
    if ((status == 0)); then
      say "   shard $index: passed"
    else
      say "   shard $index: FAILED with status $status"
      failed=$((failed + 1))
    fi
  done
  return "$failed"
}

# `$1`: a namespace as readlink shows it. Says which process is still in it, if any.
in_network() {
  local file
  for file in /proc/[0-9]*/ns/net; do
    [[ $(readlink "$file" 2>/dev/null) == "$1" ]] || continue
    file=${file#/proc/}
    say "${file%/ns/net}"
  done
}

# Fails unless processes, listeners, files, mounts and records are gone. The arguments are paths in
# the shards' /tmp that must not exist here, and network namespaces (net:[...]) that must be empty.
# shellcheck disable=SC2120
expect_nothing_left() {
  local thing
  within 10 none_marked || {
    ps -o pid,ppid,stat,args -p "$(marked | paste -sd,)" >&2
    fail "processes of a shard have survived it"
  }
  for thing in "$@"; do
    if [[ $thing == net:* ]]; then
      [[ -z $(in_network "$thing") ]] || fail "somebody still listens in the shard's network $thing"
    else
      [[ ! -e $thing ]] || fail "a file of the shard is left: $thing"
    fi
  done
  ! grep -F "$scratch" /proc/self/mountinfo || fail "a mount of the shard is left"
  # The init of a killed launcher's shard may be on its way out for a moment after the last of the others.
  within 10 nothing_listed || fail "'nslaunch list' still shows something: $(cat -- "$scratch/list")"
  thing=$(find "$NSLAUNCH_STATE_DIR" -mindepth 1 ! -type d -print -quit)
  [[ -z $thing ]] || fail "a record is left: $thing"
  rm -f -- "$scratch"/*.log
  say "   nothing is left: no process, listener, file, mount or record"
}
