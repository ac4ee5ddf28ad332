#include "support/job_table.hpp"

namespace nslaunch::test {
namespace {

using Cases = std::vector<JobCase>;

const Cases& keys() {
  static const Cases cases = {
      {"Ctrl-C", {"> s w", "= up", "^C", "$"}},
      {"Ctrl-\\", {"> s w", "= up", "^\\", "$"}},
      {"Ctrl-C caught", {"> s caught", "= up", "^C", "= caught", "$"}},
      {"Ctrl-C in a script's command", {"> script", "= up", "^C", "$"}},
      {"Ctrl-Z, fg, Ctrl-C", {"> s w", "= up", "^Z", "$", "> fg", "= s w", "^C", "$"}},
      {"Ctrl-Z twice", {"> s w", "= up", "^Z", "$", "> fg", "= s w", "^Z", "$", "> fg", "= s w", "^C", "$"}},
      {"Ctrl-Z, jobs", {"> s w", "= up", "^Z", "$", "> jobs", "$"}},
      {"Ctrl-Z ignored", {"> s deaf", "= up", "^Z", "< word", "= got word", "$"}},
      {"Ctrl-Z, bg, fg, Ctrl-C", {"> s w", "= up", "^Z", "$", "> bg", "$", "> fg", "= s w", "^C", "$"}},
      {"type-ahead for the command", {"> s reader", "= up", "< word", "= got word", "$"}},
      {"fg lets a background reader read",
       {"> s reader & hold", "= up", "@stopped", "release", "$", "> fg", "= s reader", "@fg", "< word",
        "= got word", "$"}},
      {"stop STOP, fg", {"> s self STOP", "$", "> fg", "= resumed", "$"}},
      {"stop TSTP, fg", {"> s self TSTP", "$", "> fg", "= resumed", "$"}},
      {"stop TTIN, fg", {"> s self TTIN", "$", "> fg", "= resumed", "$"}},
      {"stop TTOU, fg", {"> s self TTOU", "$", "> fg", "= resumed", "$"}},
      {"pipeline, first stopped", {"> s w | cat", "= up", "^Z", "$", "> fg", "= s w", "^C", "$"}},
      {"pipeline, last stopped", {"> cat | s w", "= up", "^Z", "$", "> fg", "= s w", "^C", "$"}},
      {"pipeline, both, Ctrl-C", {"> s w | s cat", "= up", "^C", "$"}},
      {"and-list", {"> s true && echo a\"\"nd", "= and", "$"}},
      {"or-list", {"> s false || echo o\"\"r", "= or", "$"}},
      {"and-list, Ctrl-C", {"> s w && echo a\"\"nd", "= up", "^C", "$"}},
      {"a script's kill 0", {"> s group", "$"}},
      {"a script's kill 0 caught", {"> s group-caught", "= caught", "$"}},
      {"closed terminal, HUP caught", {"> s hangs", "= up", "close", "@gone"}},
      {"nohup, closed terminal",
       {"> nohup s outlast > out 2>&1 &", "$", "@out up", "close", "@no shell", "release", "@gone"}},
      {"closed terminal, HUP ignored by the command",
       {"> GRACE='--grace 100ms' s stays", "= up", "close", "@no shell", "shard: @gone", "release", "@gone"},
       true},
      {"timeout's command reads",
       {"> s timeout 1000 reader", "= up", "< word", "direct: = got word", "shard: @part", "direct: $"},
       true},
      {"stop STOP, then TSTP", {"> s twice", "$", "> fg", "= resumed", "$", "> fg", "= again", "$"}},
      {"a script's kill -INT 0", {"> s group INT", "$"}},
      {"a script's kill -HUP 0", {"> s group HUP", "$"}},
      {"a script's kill -TSTP 0", {"> s group TSTP", "$", "> fg", "= s group", "^C", "$"}},
      {"a script's trap", {"> trapping", "= up", "^C", "= after", "$"}},
      {"closed terminal", {"> s w", "= up", "close", "@gone"}},
      {"closed terminal, stopped job", {"> s w", "= up", "^Z", "$", "close", "@gone"}},
  };
  return cases;
}

/// Which signals a shell lets a stopped job hear at once: a SIGCONT follows.
bool wakes(Shell shell, const std::string& signal) {
  if (signal == "KILL") return true;
  if (shell == Shell::kDash) return false;
  if (shell == Shell::kBash) return signal == "TERM" || signal == "HUP";
  return shell == Shell::kZsh;
}

bool stops(const std::string& signal) {
  return signal == "STOP" || signal == "TSTP" || signal == "TTIN" || signal == "TTOU";
}

bool is_harmless(const std::string& signal) {
  return signal == "CONT" || signal == "WINCH" || signal == "URG" || signal == "CHLD";
}

/// Every shell has the nine, and bash all.
std::vector<std::string> signals_for(Shell shell, Signals signals) {
  std::vector<std::string> names = {"TERM", "INT", "HUP", "QUIT", "USR1", "KILL", "CONT", "STOP", "TSTP"};
  if (shell != Shell::kBash || signals == Signals::kUsual) return names;
  for (const char* more :
       {"USR2",   "ALRM", "PIPE", "ABRT", "SEGV",   "BUS",   "FPE", "ILL",  "TRAP", "SYS",  "XCPU", "XFSZ",
        "VTALRM", "PROF", "IO",   "PWR",  "STKFLT", "WINCH", "URG", "CHLD", "TTIN", "TTOU", "34",   "64"})
    names.emplace_back(more);
  return names;
}

/// A job ends or stops some time after the kill: what it is then is looked at only when it is so.
void add_kills(Shell shell, Signals signals, Cases& cases) {
  for (const auto& signal : signals_for(shell, signals)) {
    // fish's kill knows no %1.
    const auto kill = "> kill -" + signal + (shell == Shell::kFish ? " -- -(cat pid)" : " %1") + "; hold";
    const bool ends = !stops(signal) && !is_harmless(signal);
    JobCase running{"kill -" + signal + " of a running job", {"> s late &", "$", "release", "= up", kill}};
    if (!is_harmless(signal)) running.steps.push_back(ends ? "@gone" : "@stopped");
    running.steps.insert(running.steps.end(), {"release", "$", "> fg"});
    if (!ends) running.steps.insert(running.steps.end(), {"= s late", "^C"});
    running.steps.push_back("$");
    cases.push_back(std::move(running));

    if (stops(signal) && shell == Shell::kZsh) continue;  // which continues it, and either may come last
    JobCase stopped{"kill -" + signal + " of a stopped job", {"> s w", "= up", "^Z", "$", kill}};
    if (ends) stopped.steps.push_back(wakes(shell, signal) ? "@gone" : "@stopped");
    stopped.steps.insert(stopped.steps.end(), {"release", "$", "> fg"});
    if (!ends) stopped.steps.insert(stopped.steps.end(), {"= s w", "^C"});
    stopped.steps.push_back("$");
    cases.push_back(std::move(stopped));
  }
}

/// What fish has no word for, or sets the terminal's modes back for.
void add_bourne(Cases& cases) {
  const Cases more = {
      {"tostop stops a background writer",
       {"> stty tostop", "$", "> s writer & hold", "@stopped", "release", "$", "> stty -tostop", "$", "> fg",
        "= written", "$"}},
      {"Ctrl-S, Ctrl-Q", {"> s reader", "= up", "^S", "^Q", "< word", "= got word", "$"}},
      {"wait $!", {"> s sh -c 'exit 7' & wait $!", "$"}},
      {"wait $! of a killed job",
       {"> s late &", "$", "release", "= up", "> kill -TERM $!; hold; wait $!", "@gone", "release", "$"}},
      {"type-ahead for the shell",
       {"> s waiter", "= up", "< echo ty\"\"ped", "= ty\"\"ped", "release", "= typed", "$"}},
      {"and-list, Ctrl-Z", {"> s w && echo a\"\"nd", "= up", "^Z", "$", "> fg", "= s w", "^C", "$"}},
      {"a SIGSTOP to nslaunch alone",
       {"> s outlast > out &", "$", "@out up", "> kill -STOP $!; hold", "@stopped", "shard: release",
        "shard: release", "shard: @out lived"},
       true},
      {"a trap of the shell", {"> trap 'echo tra\"\"pped' INT; s w", "= up", "^C", "$"}},
  };
  cases.insert(cases.end(), more.begin(), more.end());
}

/// The others give the prompt back at other times.
void add_partly_stopped(Cases& cases) {
  const Cases more = {
      {"pipeline, first stops itself", {"> s self TSTP | cat", "^Z @part", "$", "> fg", "= resumed", "$"}},
      {"pipeline, last stops itself",
       {"> cat | s self TSTP", "^Z @part", "$", "> fg", "= resumed", "^D", "$"}},
  };
  cases.insert(cases.end(), more.begin(), more.end());
}

}  // namespace

std::vector<JobScript> job_scripts() {
  return {
      // No read: a signal just before its read(2) is heard of only after that.
      {"caught", "trap 'echo caught; exit 5' INT\necho up\nwhile :; do sleep 0.05; done\n"},
      {"script", "s w\necho after $?\n"},
      {"deaf", "trap '' TSTP\necho up\nread -r line\necho got $line\n"},
      {"reader", "echo up\nread -r line\necho got $line\n"},
      {"hangs", "trap 'exit 0' HUP\necho up\nread -r line\n"},
      {"late", "read -r line < fifo\nexec w\n"},
      {"hold", "read -r line < fifo\n"},
      {"writer", "echo written\n"},
      {"self", "kill -$1 $$\necho resumed\nexit 3\n"},
      {"group", "kill -${1:-TERM} 0\nexec sleep 1000\n"},
      {"stays", "trap '' HUP\necho up\nread -r line < fifo\necho lived > out\n"},
      {"outlast", "echo up\nread -r line < fifo\necho lived\n"},
      {"twice", "kill -STOP $$\necho resumed\nkill -TSTP $$\necho again\nexit 3\n"},
      {"trapping", "trap 'echo trapped' INT\ns w\necho after $?\n"},
      {"waiter", "echo up\nread -r line < fifo\nexit 3\n"},
      {"group-caught", "trap 'echo caught; exit 4' TERM\nkill -TERM 0\n"},
  };
}

std::vector<JobCase> job_cases(Shell shell, Signals signals) {
  auto cases = keys();
  add_kills(shell, signals, cases);
  if (shell != Shell::kFish) add_bourne(cases);
  if (shell == Shell::kBash || shell == Shell::kZsh) {
    cases.push_back({"disown", {"> s late &", "$", "release", "= up", "> disown", "$", "> jobs", "$"}});
    cases.push_back(
        {"disown, closed terminal",
         {"> s outlast > out &", "$", "@out up", "> disown", "$", "close", "@no shell", "release", "@gone"}});
  }
  if (shell == Shell::kBash) add_partly_stopped(cases);
  return cases;
}

}  // namespace nslaunch::test
