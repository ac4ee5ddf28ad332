#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <map>

#include "chaos/battlefield.hpp"
#include "inspect/snapshot/processes.hpp"
#include "support/process.hpp"
#include "sys/base/files.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

/// Processes that burn the processors until the end of the scope.
class Load {
 public:
  explicit Load(int count) {
    for (int i = 0; i < count; ++i)
      burners_.push_back(std::make_unique<Process>(Words{"sh", "-c", "while :; do :; done"}));
  }

 private:
  std::vector<std::unique_ptr<Process>> burners_;
};

/// The child of a launcher, seen from outside; 0 where it has none yet.
pid_t child_of(pid_t launcher) {
  const auto children = children_of(launcher);
  return children.empty() ? 0 : children.front();
}

/// 0 where there is none. A sanitized launcher has a child that is none, too, when it looks for memory leaks.
pid_t init_of(const Process& launcher) {
  const pid_t child = child_of(launcher.pid());
  const auto pids = inspect::nested_pids(child);
  return pids.size() > 1 && pids.back() == 1 ? child : 0;
}

/// Waits for the launcher's init and kills it. False where the launcher ended first.
bool kill_init_of(const Process& launcher) {
  pid_t init = 0;
  if (!eventually([&] { return (init = init_of(launcher)) != 0 || launcher.pidfd().has_ended(); }))
    return false;
  const auto pidfd = init != 0 ? sys::Pidfd::open(init) : std::nullopt;
  // The launcher has not been waited for, so that its pid, and with it this parent, is still its own.
  const auto stat = pidfd ? sys::read_stat(init) : std::nullopt;
  return stat && stat->parent == launcher.pid() && pidfd->send_signal(SIGKILL) == 0;
}

std::string describe(const std::map<std::string, int>& counts) {
  std::string text;
  for (const auto& [what, count] : counts) text += what + ": " + std::to_string(count) + "\n";
  return text;
}

TEST_CASE("launchers SIGKILLed at random instants leave nothing behind") {
  Battlefield field;
  int running = 0;
  int shots = 0;
  Volley volley;
  volley.start = [&] { return field.victim(); };
  // Every fourth is struck when its command runs, or a little later.
  volley.delay = [&] { return field.within(10'000); };
  volley.strike = [&](Process& launcher) {
    if (++shots % 4 == 0) launcher.read_line();
    launcher.send_signal(SIGKILL);
  };
  volley.ended = [&](const Result& result) {
    INFO(result.err);
    CHECK(result.signal == SIGKILL);
    CHECK(result.err.empty());
    running += result.out == "up\n" ? 1 : 0;
  };
  SECTION("on the machine as it is") {
    for (int left = chaos_rounds(850); left > 0; left -= 200) {
      volley.fire(std::min(left, 200));
      field.require_nothing_left();
    }
  }
  SECTION("on a machine whose processors are all busy") {
    const Load load(4);
    volley.fire(chaos_rounds(150));
    field.require_nothing_left();
  }
  field.require_bystander_unharmed();
  field.require_no_file();
}

TEST_CASE(
    "a launcher whose init is SIGKILLed at a random instant ends, and says why unless the command had "
    "ended") {
  Battlefield field;
  std::map<std::string, int> endings;
  Volley volley;
  volley.start = [&] { return field.victim("exit 7", {"--leak-grace", "5ms", "--leaks", "ignore"}); };
  volley.delay = [&] { return field.within(12'000); };
  volley.strike = [&](Process& launcher) { kill_init_of(launcher); };
  volley.ended = [&](const Result& result) {
    INFO("status " << result.status << ", signal " << result.signal << ": " << result.err);
    ++endings[std::to_string(result.status)];
    CHECK(result.signal == 0);
    if (result.status == 125) {
      CHECK(result.err.find("init") != std::string::npos);
      CHECK(std::count(result.err.begin(), result.err.end(), '\n') <= 2);
    } else {
      CHECK(result.status == 7);
      CHECK(result.err.empty());
    }
  };
  volley.fire(chaos_rounds(200));
  field.require_nothing_left();
  field.require_bystander_unharmed();
  INFO(describe(endings));
  CHECK(endings["125"] > 0);
}

TEST_CASE(
    "launchers told to end by a signal at random instants die of it and leave nothing, not even a record") {
  const int signal = GENERATE(SIGTERM, SIGINT);
  Battlefield field;
  Volley volley;
  volley.start = [&] {
    return field.victim("echo up; read line", {"--leak-grace", "5ms", "--leaks", "ignore"});
  };
  volley.delay = [&] { return field.within(20'000); };
  volley.strike = [&](Process& launcher) { launcher.send_signal(signal); };
  volley.ended = [&](const Result& result) {
    INFO("status " << result.status << ": " << result.err);
    CHECK(result.signal == signal);
    CHECK((result.err.empty() || result.err.find("before the shard was ready") != std::string::npos));
  };
  volley.fire(chaos_rounds(150));
  REQUIRE(field.registry.ids() == field.bystander_id);
  field.require_nothing_left();
  field.require_bystander_unharmed();
  CHECK(field.registry.files() == Words{});
}

}  // namespace
}  // namespace nslaunch::test
