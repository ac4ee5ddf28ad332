# shellcheck shell=bash
# Sourced by the scenarios of what is published: npm's packages of the program under test, a registry that has them,
# and a project that installs them from there.
source "$(dirname -- "${BASH_SOURCE[0]}")/../support/scenario.sh"
source "$(dirname -- "${BASH_SOURCE[0]}")/../support/npm.sh"

# The one for the other kind of machine has a program that only says it were for that.
begin_with_packages() {
  command -v npm >/dev/null || fail "there is no npm: run scripts/setup"
  begin
  cp -- "$NSLAUNCH" "$scratch/other"
  case $(node -p process.arch) in
    x64) printf '\267\0' ;;
    arm64) printf '\76\0' ;;
  esac | dd of="$scratch/other" bs=1 seek=18 conv=notrunc status=none
  pack_into packages "$NSLAUNCH" "$scratch/other"
  pack_into own-packages "$NSLAUNCH"
}

pack_into() {
  "$scenario_root/scripts/package-npm" --output "$scratch/$1" "${@:2}" >"$scratch/pack.log" 2>&1 ||
    fail "the packages can't be packed"
}

# Everything that asks npm's registry is answered by this one until end_registry.
start_registry() {
  node "$scenario_root/tests/packages/npm-registry.js" "$scratch/packages" >"$scratch/registry" 2>"$scratch/registry.log" &
  registry=$!
  within 10 test -s "$scratch/registry" || fail "the registry has not started"
  npm_config_registry=$(<"$scratch/registry")
  YARN_NPM_REGISTRY_SERVER=$npm_config_registry
  export npm_config_registry YARN_NPM_REGISTRY_SERVER
}

end_registry() {
  kill "$registry"
  wait "$registry" || true
}

# A copy of examples/collide at `$1`, whose tests nslaunch is to run; leaves the caller in it.
make_project() {
  cp -R -- "$scenario_root/examples/collide" "$1"
  cd -- "$1" || exit
  npm pkg set scripts.test="nslaunch -- node --test"
}

# Two runs of the script `test` at once, by the package manager "$@": both hold 127.0.0.1:9926 and 9925.
two_at_once() {
  local pids=() index
  make_gate "gate-$((++gates))"
  for index in 1 2; do
    COLLIDE_GATE=$gate NSLAUNCH_OPT_NAME=${scratch##*/}-$index "$@" test >"$scratch/run-$index.log" 2>&1 &
    pids+=($!)
  done
  for index in 1 2; do
    await_gate 60 "${pids[@]}" >/dev/null || fail "only $((index - 1)) of 2 runs have started their server"
  done
  (($(listed) == 2)) || fail "'nslaunch list' does not show two shards: $("$NSLAUNCH" list)"
  open_gate
  wait_all "${pids[@]}" || fail "not both runs have passed"
  expect_nothing_left
}
gates=0

# Prints the YAML file `$1` as JSON. PyYAML comes from a package of the system, and so does its Python.
as_json() { /usr/bin/python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' "$1"; }

# The tools of tools/package.json; their place is $tools.
install_tools() {
  local directory=$scenario_root/tests/packages/tools place
  place=$(npm_place "$directory" package-tools)
  npm_install_once "$directory" "$place" || skip "the npm registry does not give the tools"
  # shellcheck disable=SC2034  # for the scenarios
  tools=$place/node_modules
}
