#!/bin/sh
# Tells the later steps which part of the run this job is: as outputs, and to every nslaunch as its --shard.
#
#   INPUT_INDEX, INPUT_TOTAL  from 1; where they are empty, the job's place in the matrix:
#   JOB_INDEX, JOB_TOTAL      GitHub's strategy.job-index, from 0, and strategy.job-total
set -eu
. "$(dirname -- "$0")/lib.sh"

case ${INPUT_INDEX:+index}${INPUT_TOTAL:+total} in
  indextotal) index=$INPUT_INDEX total=$INPUT_TOTAL ;;
  '') index=$((JOB_INDEX + 1)) total=$JOB_TOTAL ;;
  *)
    die "'index' and 'total' belong together, and only one of them was given" \
      "Give both, or neither to count the jobs of the matrix."
    ;;
esac
printf 'index=%s\ntotal=%s\n' "$index" "$total" >>"$GITHUB_OUTPUT"
printf 'NSLAUNCH_OPT_SHARD=%s/%s\n' "$index" "$total" >>"$GITHUB_ENV"
