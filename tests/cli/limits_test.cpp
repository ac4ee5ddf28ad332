#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// Where a group can be had the shard is in it, which is gone afterwards; else an error says why, and nothing
/// runs.
void check_limited(const Words& options) {
  const RegistryView state;
  auto words = options;
  words.insert(words.end(), {"--", "cat", "/proc/self/cgroup"});
  const auto result = state.ask(words);
  INFO(result.err);
  if (result.status == 0) {
    CHECK_THAT(result.out, Contains("/nslaunch-"));
    return;
  }
  CHECK(result.status == 125);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Contains("limiting the shard by a control group: ") &&
                             (Contains("systemd-run") || Contains("systemd.unified_cgroup_hierarchy=1")));
}

/// A control group of version 2 that may hand on its controllers, as `systemd-run -p Delegate=yes` makes one;
/// gone at the end of the scope, with those that nslaunch has made below.
class DelegatedGroup {
 public:
  explicit DelegatedGroup(const std::string& controller) {
    const auto handed_on = sys::read_file("/sys/fs/cgroup/cgroup.subtree_control").value_or("");
    path_ = "/sys/fs/cgroup/nslaunch-test-" + std::to_string(::getpid());
    if (handed_on.find(controller) == std::string::npos || ::mkdir(path_.c_str(), 0700) != 0) path_.clear();
  }
  DelegatedGroup(const DelegatedGroup&) = delete;
  DelegatedGroup& operator=(const DelegatedGroup&) = delete;
  ~DelegatedGroup() {
    if (path_.empty()) return;
    ::rmdir((path_ + "/nslaunch-launcher").c_str());
    eventually([&] { return ::rmdir(path_.c_str()) == 0; });
  }
  bool there() const { return !path_.empty(); }
  /// The command, as the only process in the group.
  Words inside(const Words& command) const {
    Words words{"bash", "-c", "echo $$ >" + path_ + "/cgroup.procs && exec \"$@\"", "-"};
    words.insert(words.end(), command.begin(), command.end());
    return words;
  }
  Words groups_left() const {
    Words names;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      if (entry.is_directory()) names.push_back(entry.path().filename());
    return names;
  }

 private:
  std::string path_;
};

/// `script` by the first of two shards, of which the second does nothing, with this limit.
void check_run_limited(const std::string& controller, const Words& limit, const std::string& script,
                       const Words& says) {
  const DelegatedGroup group(controller);
  if (!group.there()) SKIP_TEST(("needs root and version 2's " + controller + " controller").c_str());
  const RegistryView state;
  Words words = limit;
  words.insert(words.begin(), {"run", "--shards", "2", "-j", "2"});
  words.insert(words.end(), {"--", "bash", "-c", "if (({index} == 2)); then exit; fi; " + script});
  const auto ended = run(group.inside(nslaunch(words)), state.options());
  INFO(ended.err);
  CHECK(ended.status == 1);
  CHECK_THAT(ended.err, Contains("PASS shard-2"));
  for (const auto& text : says) CHECK_THAT(ended.err, Contains(text));
  CHECK(state.files() == Words{});
  CHECK(group.groups_left() == Words{"nslaunch-launcher"});
}

}  // namespace

TEST_CASE("a shard that reaches --pids can start no more, is told so, and no other is in its way") {
  // Not bash, which tries again and again.
  check_run_limited("pids", {"--pids", "20"}, "dash -c 'while :; do sleep 60 & done' 2>/dev/null; exit 3",
                    {"FAIL shard-1", "It has reached its --pids 20"});
}

TEST_CASE("a shard that reaches --memory is ended whole and named, whichever process has used it") {
  check_run_limited("memory", {"--memory", "64M"},
                    "(x=$(head -c 200M /dev/zero | tr '\\0' x); echo ${#x}) & sleep 60; exit 3",
                    {"KILLED shard-1", "reached its --memory"});
}

TEST_CASE("a limit on memory or processes is kept by a control group, or refused with the reason") {
  check_limited({"--memory", "64M"});
  check_limited({"--pids", "20"});
  check_limited({"--memory", "64M", "--pids", "20"});
}

TEST_CASE("a limit that leaves no room for a shard is a usage error") {
  const RegistryView state;
  CHECK_THAT(state.refusal_of({"--memory", "1K"}), Contains("--memory: less than 1M is too little"));
  CHECK_THAT(state.refusal_of({"--pids", "2"}), Contains("--pids: '2' is not a number from 3"));
  CHECK_THAT(state.refusal_of({"--memory", "much"}), Contains("--memory"));
}

}  // namespace nslaunch::test
