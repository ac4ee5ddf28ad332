# Sourced by the Harper scenarios: installs harperdb once, outside the repository, and lays the suite
# of examples/harper beside it in the scratch directory.
#
#   NSLAUNCH_HARPER_CACHE  where harperdb is installed (default: /var/cache/nslaunch/harper-4.7.29 for
#                          root, whose copy everybody uses, else the same below ~/.cache)

# shellcheck shell=bash
# shellcheck disable=SC2034  # some of this is for the scenarios
source "$(dirname -- "${BASH_SOURCE[0]}")/../support/scenario.sh"
source "$(dirname -- "${BASH_SOURCE[0]}")/../support/npm.sh"

harper_example=$scenario_root/examples/harper
boot_limit=130 # seconds; the example itself gives up after 120

choose_cache() {
  local version
  version=$(node -p 'require(process.argv[1]).dependencies.harperdb' "$harper_example/package.json")
  harper_cache=${NSLAUNCH_HARPER_CACHE:-$(npm_place "$harper_example" "harper-$version")}
}

begin_harper() {
  command -v node >/dev/null || fail "there is no Node.js: run scripts/setup"
  command -v npm >/dev/null || fail "there is no npm: run scripts/setup"
  (($(node -p 'process.versions.node.split(".")[0]') >= 18)) ||
    skip "Node $(node --version) is too old for harperdb and its suite, which need 18 or newer"
  choose_cache
  begin
  npm_install_once "$harper_example" "$harper_cache" ||
    fail "harperdb could not be installed (no way to the npm registry?)"
  mkdir -- "$scratch/suite"
  cp -R -- "$harper_example"/{package.json,.npmrc,lib,kennel,test} "$scratch/suite"
  ln -s -- "$harper_cache/node_modules" "$scratch/suite/node_modules"
  cd -- "$scratch/suite" || exit
  shard_options+=(--private "$HOME/.harperdb")
  if [[ $harper_cache == /tmp/* ]]; then shard_options+=(--keep "$harper_cache"); fi
}

# Runs npm's script `$1` in a shard and leaves its output in $scratch/out.log, nslaunch's words in
# $scratch/err.log. Fails when the script does.
suite_in_shard() {
  local status=0
  (shard npm run --silent "$1") >"$scratch/out.log" 2>"$scratch/err.log" || status=$?
  ((status == 0)) || fail "'npm run $1' ended with $status"
}

# Forwards a free port to 9925 in shard $1, in the background (its pid: $forwarder), and asks the Harper there for
# its root directory, which becomes $answer.
ask_from_outside() {
  local port
  "$NSLAUNCH" port-forward "$1" 0:9925 >"$scratch/ways" 2>"$scratch/forward.log" &
  forwarder=$!
  within 10 test -s "$scratch/ways" || fail "'nslaunch port-forward' does not say where it listens"
  port=$(sed -nE 's/^127\.0\.0\.1:([0-9]+)\t.*/\1/p' "$scratch/ways")
  # shellcheck disable=SC2016  # ${...} is JavaScript's
  answer=$(node -e '
    const { ask } = require("./lib/client.js");
    ask(Number(process.argv[1]), "/", { method: "POST", body: { operation: "get_configuration" } })
      .then((reply) => console.log(reply.body.rootPath));
  ' "$port")
  say "   asked through 127.0.0.1:$port outside: its root is $answer"
}

passed_tests() { sed -nE 's/^(# |ℹ )pass ([0-9]+)$/   tests passed: \2/p' -- "$1"; }
