#include "cli/common/topics.hpp"

namespace nslaunch::cli {
namespace {

constexpr Topic kTopics[] = {
    {"exit-status", R"(The exit status is the command's own, and besides:

  128+n  the command died of signal n; nslaunch then dies of the same signal
  1      of several shards (--shards), at least one failed
  123    it passed and left processes behind, and --leaks=fail was given
  124    it ran into --timeout or --silence
  125    nslaunch itself failed: wrong usage, or no namespaces (worth a retry)
  126    the command can't be executed
  127    the command was not found

'nslaunch exec' ends as its command does, with 137 when the shard ends first;
'nslaunch wait --timeout' with 124 when the shards live on.
)"},
    {"environment", R"(The command gets its caller's environment, and besides:

  NSLAUNCH=1
  NSLAUNCH_ID, NSLAUNCH_NAME         the shard's id and name
  NSLAUNCH_ISOLATION                 what it has of its own: net,pid,mnt,ipc,...
  NSLAUNCH_SHARD_INDEX, _INDEX0      which of the run's shards, from 1, from 0
  NSLAUNCH_SHARD_TOTAL               of how many: 1 without --shard, --shards
  NSLAUNCH_ATTEMPT                   from 1; more with --retries
  NSLAUNCH_ARTIFACTS                 the directory of --artifacts, if given
  TMPDIR, TMP, TEMP                  /tmp, unless --tmp host or --env says else

Read by nslaunch, and taken out of the command's environment:

  NSLAUNCH_OPT_<OPTION>              an option of run, but --isolation; for
                                     example NSLAUNCH_OPT_TIMEOUT=5m; a switch
                                     takes 1 or 0, a repeatable one a value
                                     a line

Read by nslaunch: NSLAUNCH_STATE_DIR (where shards are recorded), NO_COLOR,
CLICOLOR_FORCE, XDG_RUNTIME_DIR.
)"},
    {"signals", R"(A signal to nslaunch reaches the command exactly once, also when the whole
process group gets it. On a terminal the command is in the caller's process
group: what is typed reaches it directly, and Ctrl-C, Ctrl-Z, fg and bg are as
ever. Without a terminal it has a process group of its own.

  SIGTERM, --timeout, --silence, the end of an ancestor in the same process
  group (npm, a script), and the terminal's hangup end the command: SIGTERM,
  --grace (4s), then SIGKILL. Before a timeout's SIGTERM comes --dump-signal.
  SIGINT and any other SIGHUP are only handed on. Ctrl-C three times within 3 s
  kills at once.
  SIGKILL to nslaunch ends the shard: the kernel sees to it.

With --shards, Ctrl-C is nslaunch's alone: the first ends all shards, the second
kills them.

nohup, a session of its own, or --orphan=ignore: it outlives its ancestors.
A signal that the caller ignores is ignored.
)"},
    {"ci", R"(In a CI job put it before the command that starts servers:

  nslaunch --timeout 20m --leaks fail -- npm test

A cancelled job ends its shards: when the step's shell ends, in any way, so does
nslaunch, and when that is killed the kernel ends the shard. The grace of 4 s
(--grace) fits what the usual engines leave between SIGTERM and SIGKILL.

In a container something may be in the way: nslaunch doctor says what, and what
to write into the job's or the runner's configuration. --require-proc makes it
an error when something is missing. Status 125 is nslaunch's own failure, for
which a retry is in order; any other one is the command's.

A job that the engine has split into N learns its part with --shard auto, and
hands it on: nslaunch run --shard auto -- npm test -- --shard={index}/{total}

Options may be set for all runs of a job: NSLAUNCH_OPT_TIMEOUT=20m.
How a run ended, for a program to read: --report-json FILE, --report-junit
FILE. GitHub's and GitLab's logs get what they understand (--ci). nslaunch
merge-reports joins the reports of several machines.
)"},
};

}  // namespace

std::span<const Topic> topics() {
  return kTopics;
}

}  // namespace nslaunch::cli
