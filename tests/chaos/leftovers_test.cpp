#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "chaos/volley.hpp"
#include "support/host_directory.hpp"
#include "support/overlays.hpp"
#include "support/registry_view.hpp"
#include "support/somebody.hpp"
#include "support/write_file.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;

struct Keeping {
  std::string name;
  Words options;
  std::string script;
  int limit_ms;  ///< of the time after which it is killed
};

/// All that makes something outside of the shard which nslaunch removes again. Reports and captures are
/// written where something is to be replaced.
std::vector<Keeping> ways_of_keeping(const HostDirectory& directory) {
  const auto in = [&](const char* name) { return directory / name; };
  return {
      {"--overlay", {"--overlay", in("checkout") + "=" + in("changes/{}")}, "echo more >>file; echo up", 25},
      {"--report-json", {"--report-json", in("report")}, "echo up", 25},
      {"--pcap", {"--pcap", in("packets")}, "echo up", 25},
      {"--pcap of failures", {"--pcap", in("packets") + ":on-failure"}, "echo up; exit 1", 25},
      {"fleets",
       {"run", "--shards=3", "--jobs=3", "--output=stream", "--report-json", in("report"), "--report-junit",
        in("junit"), "--joblog", in("log"), "--pcap", in("packets-{index}"), "--overlay",
        in("checkout") + "=" + in("changes/{}-{index}")},
       "echo more >>file; echo up",
       250},
      {"--overlay of another user",
       {"--user", fmt::format("{0}:{0}", kSomebody), "--overlay", in("checkout") + "=" + in("changes/{}")},
       "echo more >>file; echo up",
       50}};
}

/// For that user, who needs the way there, too.
void give_away(const HostDirectory& directory) {
  need_overlays_for_users();
  fs::permissions(directory.path(), fs::perms(0755));
  fs::create_directory(directory / "changes");
  for (const char* name : {"changes", "checkout", "checkout/file"})
    REQUIRE(::chown((directory / name).c_str(), kSomebody, kSomebody) == 0);
}

std::string replaced(std::string text, const std::string& what) {
  for (auto at = text.find("{}"); at != std::string::npos; at = text.find("{}")) text.replace(at, 2, what);
  return text;
}

/// Whoever ends only after its parent, as a killed launcher's init does, is ours to reap. One that shows its
/// command line no more may still unmount, which writes to the disk, with the note of what is left locked.
bool all_reaped() {
  return eventually([] {
    while (::waitpid(-1, nullptr, WNOHANG | __WALL) > 0) continue;
    return children_of(::getpid()).empty();
  });
}

Words own_names(const std::string& directory) {
  constexpr auto kSkip = fs::directory_options::skip_permission_denied;
  Words names;
  for (const auto& entry : fs::recursive_directory_iterator(directory, kSkip)) {
    if (entry.path().filename().string().starts_with(".nslaunch-")) names.push_back(entry.path());
  }
  return names;
}

}  // namespace

TEST_CASE("what launchers SIGKILLed at random instants leave is gone after one nslaunch list") {
  REQUIRE(::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  const RegistryView registry;
  const HostDirectory directory;
  need_room_for_changes(directory.path());
  const auto mode = ways_of_keeping(directory).at(GENERATE(range(0U, 6U)));
  const bool is_for_user = mode.options.front() == "--user";
  if (is_for_user && ::geteuid() != 0) return;
  fs::create_directory(directory / "checkout");
  write_file(directory / "checkout/file", "text\n");
  for (const char* name : {"report", "junit", "log", "packets"}) write_file(directory / name, "earlier");
  if (is_for_user) give_away(directory);
  auto random = chaos_random();
  int number = 0;
  int struck = 0;
  std::size_t left = 0;
  Volley volley;
  volley.start = [&] {
    Words words;
    const auto unique = std::to_string(++number);
    for (const auto& word : mode.options) words.push_back(replaced(word, unique));
    auto options = registry.options();
    options.directory = directory / "checkout";
    words.insert(words.end(), {"--", "sh", "-c", mode.script});
    return std::make_unique<Process>(nslaunch(std::move(words)), options);
  };
  volley.delay = [&] {
    return std::chrono::microseconds(std::uniform_int_distribution<int>(0, mode.limit_ms * 1000)(random));
  };
  // Every other one is struck when its command has run.
  volley.strike = [&](Process& launcher) {
    if (++struck % 2 == 0) launcher.read_line();
    launcher.send_signal(SIGKILL);
  };
  // A few at a time: list sweeps for a second.
  constexpr int kAtOnce = 8;
  for (int rounds = chaos_rounds(40); rounds > 0; rounds -= kAtOnce) {
    volley.fire(kAtOnce);
    CAPTURE(mode.name);
    REQUIRE(all_reaped());
    left += registry.files().size() + own_names(directory.path()).size();
    const auto listed = registry.ask({"list"});
    CHECK(listed.out == "");
    CHECK(own_names(directory.path()) == Words{});
    CHECK(registry.files() == Words{});
    const auto report = sys::read_file((directory / "report").c_str()).value_or("");
    CHECK((report == "earlier" || report.ends_with("}\n")));
  }
  std::printf("%s: %zu files were left before\n", mode.name.c_str(), left);
}

}  // namespace nslaunch::test
