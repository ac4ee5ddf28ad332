# shellcheck shell=sh
# Sourced by the steps of action.yml.

# The message stands in the job's annotations; the advice only in the log.
die() {
  printf '::error::nslaunch: %s\n' "$1"
  shift
  printf '%s\n' "$@"
  exit 125
}
