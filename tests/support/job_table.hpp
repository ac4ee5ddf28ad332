#pragma once

#include <string>
#include <vector>

namespace nslaunch::test {

/// A case of job control: what somebody at a terminal does, step by step.
///   "> TEXT"  types a command and Enter             "< TEXT"    types a line for the program that reads
///   "^Z"      presses Ctrl-Z after "@fg"             "^Z @part"  presses it after "@part"
///   "close"   closes the terminal
///   "= TEXT"  waits until TEXT is shown              "$"         waits for the next prompt
///   "@fg"     until a job has the terminal and runs  "@stopped"  until the job is stopped
///   "@gone"   until there is no job                  "@part"     until some process of one is stopped
///   "@out TEXT" until TEXT is in the file `out`    "@no shell" until the shell has ended
///   "release" lets who reads `fifo` go on            "shard: STEP", "direct: STEP": only there
/// The programs there are: `s COMMAND` runs it, in a shard or directly; `w` says "up" and waits, `late` is
/// a `w` whose "up" does not come before the prompt; the others are scripts of job_scripts(). What a shell
/// says of a job depends on when it looks: `kill ...; hold` and `... & hold` keep it from looking before the
/// job is what it will be.
struct JobCase {
  std::string name;
  std::vector<std::string> steps;
  /// What is shown in a shard differs, and docs/terminal.md says why.
  bool differs = false;
};

struct JobScript {
  std::string name;
  std::string text;
};

enum class Shell { kBash, kDash, kZsh, kFish };
enum class Signals { kUsual, kEvery };

std::vector<JobScript> job_scripts();
/// Those that mean something in this shell; bash alone has a case for every signal.
std::vector<JobCase> job_cases(Shell shell, Signals signals);

}  // namespace nslaunch::test
