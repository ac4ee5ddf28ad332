#!/bin/sh
# Becomes nslaunch, so that what GitHub sends to the step's process when the job is cancelled reaches it.
#
#   INPUT_COMMAND  a script for sh -e
#   INPUT_OPTIONS  options of nslaunch run, divided by blanks
set -euf
command=$INPUT_COMMAND options=$INPUT_OPTIONS
unset INPUT_COMMAND INPUT_OPTIONS # the command's environment is the step's
artifacts=$(mktemp -d "$RUNNER_TEMP/nslaunch-artifacts-XXXXXX")
printf 'artifacts=%s\n' "$artifacts" >>"$GITHUB_OUTPUT"
# shellcheck disable=SC2086  # they are divided by blanks
exec nslaunch run --artifacts "$artifacts" --report-json "$artifacts/report-${NSLAUNCH_OPT_SHARD%/*}.json" $options \
  -- sh -ec "$command"
