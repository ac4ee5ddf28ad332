#include "cli/common/topics.hpp"

namespace nslaunch::cli {
namespace {

constexpr Topic kTopics[] = {
    {"exit-status", R"(The exit status is the command's own, or:

  128+n  the command died of signal n; nslaunch then dies of the same signal
  1      of several shards (--shards), at least one failed or was cancelled
  123    it passed and left processes behind, and --leaks=fail was given
  124    it ran into --timeout, --silence or --total-timeout
  125    nslaunch itself failed: wrong usage, or no namespaces (worth a retry)
  126    the command can't be executed
  127    the command was not found

'nslaunch exec' ends as its command does, with 137 when the shard ends first;
'nslaunch wait --timeout' with 124 when the shards live on.
)"},
    {"environment", R"(The command gets the caller's environment and, in addition:

  NSLAUNCH=1
  NSLAUNCH_ID, NSLAUNCH_NAME         the shard's id and name
  NSLAUNCH_ISOLATION                 what the shard has of its own: net,pid,...
  NSLAUNCH_SHARD_INDEX, _INDEX0      which of the run's shards, from 1, from 0
  NSLAUNCH_SHARD_TOTAL               of how many: 1 without --shard, --shards
  NSLAUNCH_ATTEMPT                   from 1; more with --retries
  NSLAUNCH_ARTIFACTS                 the directory of --artifacts, if given
  TMPDIR, TMP, TEMP                  /tmp, unless --tmp host or --env says else

Read by nslaunch, and taken out of the command's environment:

  NSLAUNCH_OPT_<OPTION>              an option of run, except --isolation and
                                     --github; NSLAUNCH_OPT_TIMEOUT=5m; a switch
                                     takes 1 or 0, a repeatable option one value
                                     per line

Read by nslaunch: NSLAUNCH_STATE_DIR (where shards are recorded), NO_COLOR,
CLICOLOR_FORCE, XDG_RUNTIME_DIR.
)"},
    {"signals", R"(A signal to nslaunch reaches the command exactly once, even if the whole process
group receives it. On a terminal the command is in the caller's process group:
keys reach it directly, and Ctrl-C, Ctrl-Z, fg and bg work as usual. Without a
terminal it has a process group of its own.

  SIGTERM, --timeout, --silence, the end of an ancestor in the same process
  group (npm, a script), and the terminal's hangup end the command: SIGTERM,
  --grace (4s), then SIGKILL. Before a timeout's SIGTERM comes --dump-signal.
  SIGINT and any other SIGHUP are only passed on. Ctrl-C three times within 3 s
  kills at once; when the command has ended, one begins --grace for what it has
  left running.
  SIGKILL to nslaunch ends the shard: the kernel kills all of its processes.

With --shards, only nslaunch receives Ctrl-C: the first ends all shards, the
second kills them.

With nohup, in its own session, or with --orphan=ignore, it outlives its
ancestors.
A signal that the caller ignores is ignored.
)"},
    {"ci", R"(In a CI job, put nslaunch before the command that starts servers:

  nslaunch --timeout 20m --leaks fail -- npm test

A cancelled job ends its shards: when the step's shell ends, in any way, so does
nslaunch, and when that is killed the kernel ends the shard. The grace of 4 s
(--grace) fits what the usual engines leave between SIGTERM and SIGKILL.

If a container prevents isolation, nslaunch doctor says what is missing and what
to add to the configuration of the job or the runner. --require-proc turns a
missing /proc into an error. Status 125 is a failure of nslaunch itself, so
retry the job; any other status is the command's.

In a job that the engine has split into N, --shard auto reads the part and
passes it on: nslaunch run --shard auto -- npm test -- --shard={index}/{total}

Options may be set for all runs of a job: NSLAUNCH_OPT_TIMEOUT=20m.
For a machine-readable result: --report-json FILE, --report-junit FILE. --ci
selects the log format of GitHub or GitLab. nslaunch merge-reports joins the
reports of several machines.
)"},
};

}  // namespace

std::span<const Topic> topics() {
  return kTopics;
}

}  // namespace nslaunch::cli
