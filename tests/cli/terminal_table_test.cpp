#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <functional>

#include "support/clients.hpp"
#include "support/identity.hpp"
#include "support/job_performance.hpp"
#include "support/job_table.hpp"
#include "support/process.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

const char* name_of(Shell shell) {
  switch (shell) {
    case Shell::kBash:
      return "bash";
    case Shell::kDash:
      return "dash";
    case Shell::kZsh:
      return "zsh";
    case Shell::kFish:
      break;
  }
  return "fish";
}

/// A number of seconds that no other process sleeps.
std::string unique_sleep() {
  static int count = 0;
  return fmt::format("1000.0{}{:04}", ::getpid(), ++count);
}

struct Shown {
  std::string screen;
  std::string raw;
};

Shown perform(const JobCase& job, Shell shell, const std::string& launch, const std::string& mark) {
  try {
    Performance performance(shell, launch, mark);
    for (const auto& step : job.steps) performance.take(step);
    return {performance.screen(), performance.raw()};
  } catch (const std::exception& error) {
    return {std::string("FAILED: ") + error.what(), ""};
  }
}

/// A performance in a process of its own: what it uses to look at processes is made for one thread.
class Beside {
 public:
  explicit Beside(const std::function<Shown()>& perform) : pid_(sys::check(::fork(), "starting a process")) {
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const auto shown = perform();
      sys::write_all(pipe_.write.get(), shown.screen + '\0' + shown.raw);
      ::_exit(0);
    }
    pipe_.write.reset();
  }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;
  ~Beside() { ::waitpid(pid_, nullptr, 0); }

  Shown shown() const {
    const auto all = read_all(pipe_.read);
    const auto end = std::min(all.find('\0'), all.size());
    return {all.substr(0, end), all.substr(std::min(end + 1, all.size()))};
  }

 private:
  sys::Pipe pipe_ = sys::make_pipe();
  pid_t pid_;
};

bool is_wanted(const JobCase& job) {
  const char* only = std::getenv("NSLAUNCH_TEST_JOB_CASE");
  return only == nullptr || job.name == only;
}

/// Both ways at once, since both mostly wait.
void compare(Shell shell, const std::string& launch, Signals signals = Signals::kEvery) {
  const std::string program = name_of(shell);
  if (run({"sh", "-c", "command -v " + program}).status != 0)
    SKIP_TEST((program + " is not installed").c_str());
  for (const auto& job : job_cases(shell, signals)) {
    if (!is_wanted(job)) continue;
    const Beside direct([&, mark = unique_sleep()] { return perform(job, shell, "", mark); });
    const auto in_shard = perform(job, shell, launch, unique_sleep());
    const auto outside = direct.shown();
    INFO(program << ": " << job.name << "\nraw, directly: " << outside.raw
                 << "\nraw, in a shard: " << in_shard.raw);
    CHECK_THAT(outside.screen, !Catch::Contains("FAILED"));
    if (job.differs) {
      CHECK_THAT(in_shard.screen, !Catch::Contains("FAILED"));
      CHECK(in_shard.screen != outside.screen);
    } else {
      CHECK(in_shard.screen == outside.screen);
    }
  }
}

std::string shards(int depth) {
  std::string words;
  for (; depth > 0; --depth) words += nslaunch_binary() + " $GRACE -- ";
  return words;
}

}  // namespace

TEST_CASE("every case of job control shows in bash what it shows without nslaunch") {
  compare(Shell::kBash, shards(1));
}

TEST_CASE("every case of job control shows in dash what it shows without nslaunch") {
  compare(Shell::kDash, shards(1));
}

TEST_CASE("every case of job control shows in zsh what it shows without nslaunch") {
  compare(Shell::kZsh, shards(1));
}

TEST_CASE("every case of job control shows in fish what it shows without nslaunch") {
  compare(Shell::kFish, shards(1));
}

TEST_CASE("every case of job control shows in bash three shards deep what it shows without nslaunch") {
  compare(Shell::kBash, shards(3), Signals::kUsual);
}

}  // namespace nslaunch::test
