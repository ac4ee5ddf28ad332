#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "support/holder.hpp"
#include "support/hostile.hpp"
#include "support/live_shard.hpp"
#include "support/paused_launch.hpp"
#include "support/registry_scene.hpp"
#include "support/somebody.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/check.hpp"
#include "sys/process/procfs.hpp"

// K66: whoever wants to change a directory waits for whom its lock is with.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

constexpr std::chrono::seconds kLongest{30};

/// A directory whose lock its owner holds, so that nobody looks up a name there that is not known yet.
class HeldDirectory {
 public:
  /// Throws where that can't be had here.
  HeldDirectory(uid_t uid, gid_t gid, const std::string& path, const Holder& holder,
                const Words& options = {})
      : holding_(registry_, as(uid, gid, options), "exec " + holder.command("hold-directory", path)) {
    const auto said = holding_.launcher.read_line();
    if (!said.starts_with("held")) throw std::runtime_error(said);
    const auto [user, group] = std::pair(std::to_string(uid), std::to_string(gid));
    writer_.emplace(
        Words{"setpriv", "--reuid", user, "--regid", group, "--clear-groups", "mkdir", path + "/written"});
    const auto waits = [&] {
      return sys::read_stat(writer_->pid()).value_or(sys::ProcessStat{}).state == 'D';
    };
    if (!eventually(waits)) throw std::runtime_error("nobody waits for the lock");
  }
  HeldDirectory(const HeldDirectory&) = delete;
  HeldDirectory& operator=(const HeldDirectory&) = delete;
  ~HeldDirectory() {
    holding_.launcher.send_signal(SIGKILL);
    holding_.launcher.wait();
  }

 private:
  static Words as(uid_t uid, gid_t gid, Words options) {
    options.insert(options.begin(), {"--user", fmt::format("{}:{}", uid, gid)});
    return options;
  }

  RegistryView registry_;
  std::optional<Process> writer_;
  LiveShard holding_;
};

/// Whether a process that this one has started, or one of those, waits in the kernel.
bool waits_below(pid_t ancestor) {
  return std::ranges::any_of(children_of(ancestor), [&](pid_t pid) {
    return sys::read_stat(pid).value_or(sys::ProcessStat{}).state == 'D' || waits_below(pid);
  });
}

void make_project_and(const std::string& directory, const Hostile& user) {
  user.act([&] {
    fs::create_directory(user.own + "/project");
    fs::create_directories(directory);
  });
}

}  // namespace

TEST_CASE("a user who holds the lock of the directory for his changes holds up root for a short time") {
  const Hostile user;
  const Holder holder;
  const auto place = user.own + "/place";
  make_project_and(place + "/keep", user);
  LiveShard holding(user.registry, user.words({}), "exec " + holder.command("hold-directory", place));
  REQUIRE(Holder::is_held(holding.launcher.read_line()));
  Process launcher(in_shard("echo ran", user.words({"--overlay", user.own + "/project=" + place + "/keep"})),
                   user.options());
  const auto ended = launcher.wait(kLongest);
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK_THAT(ended.err, Contains("which overlayfs works in"));
}

TEST_CASE(
    "a user who holds the lock of his directory for changes in a place of root's holds up root for a short "
    "time") {
  const Hostile user;
  const Holder holder;
  const auto keep = user.ground / "keep";
  make_project_and(user.own + "/other", user);
  const auto words = in_shard("echo ran", user.words({"--overlay", user.own + "/project=" + keep}));
  REQUIRE(Process(words, user.options()).wait(kLongest).out ==
          "ran\n");  // root has made it, and given it away
  user.act([&] { fs::permissions(keep, fs::perms(0500)); });
  LiveShard holding(user.registry, user.words({}), "exec " + holder.command("hold-directory", keep));
  REQUIRE(Holder::is_held(holding.launcher.read_line()));
  Process launcher(words, user.options());
  CHECK(launcher.wait(kLongest).signal == 0);
}

TEST_CASE(
    "a user who holds the lock of his registry directory holds up root's list and reap for a short time") {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone looks into others' registries");
  const Holder holder;
  const auto directory = fmt::format("/tmp/nslaunch-{}", kSomebody);
  const auto seen = in_private_mounts([&] {
    fs::create_directory(directory);
    fs::permissions(directory, fs::perms(0700));
    sys::check(::chown(directory.c_str(), kSomebody, kSomebody), "giving it away");
    const HeldDirectory held(kSomebody, kSomebody, directory, holder, {"--keep", directory});
    std::string told;
    for (const char* command : {"list", "reap"})
      told += Process(nslaunch({command, "--all"})).wait(kLongest).err;
    return told;
  });
  if (seen.starts_with("exception: no: ")) SKIP_TEST(seen.c_str());
  CHECK_THAT(seen, Contains("the registry directory " + directory +
                            " can't be read: looking into directories of user 54321") &&
                       Contains(directory + ": working as user 54321"));
}

TEST_CASE(
    "a user who holds the lock above the directory for his changes holds up no end and no later command") {
  const Hostile user;
  const Holder holder;
  const auto above = user.own + "/above";
  make_project_and(above + "/place", user);
  const bool is_killed = GENERATE(false, true);
  LiveShard changing(user.registry,
                     user.words({"--overlay", user.own + "/project=" + above + "/place/keep"}));
  user.act([&] { fs::rename(above + "/place", above + "/moved"); });  // its name is to be looked up again
  const HeldDirectory held(user.uid, user.gid, above, holder);
  if (is_killed) changing.launcher.send_signal(SIGKILL);
  changing.launcher.close_input();
  CHECK(changing.launcher.wait(kLongest).signal == (is_killed ? SIGKILL : 0));
  Process later(in_shard("echo ran"), user.options());
  CHECK(later.wait(kLongest).out == "ran\n");
}

TEST_CASE("a user who holds the lock above what init opens again holds up its launch for a short time") {
  const Hostile user;
  const Holder holder;
  const auto above = user.own + "/above";
  make_project_and(above + "/db", user);
  PausedLaunch launch(in_shard("echo ran", user.words({"--private", above + "/db"})), user.options(),
                      "private");
  REQUIRE(launch.reached());
  user.act([&] { fs::rename(above + "/db", above + "/moved"); });  // its name is to be looked up again
  const HeldDirectory held(user.uid, user.gid, above, holder);
  launch.resume();
  const auto ended = launch.process().wait(kLongest);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK_THAT(ended.err, Contains("has not ended within 5 s: pid ") && Contains("in uninterruptible sleep") &&
                            Contains("the shard was not ready within 10.0s"));
}

TEST_CASE(
    "a user who holds the lock of what is mounted on holds up the launch for a short time, and keeps "
    "nothing") {
  const Hostile user;
  const Holder holder;
  const TempDir shown;  // in the machine's /tmp
  fs::permissions(shown.path(), fs::perms(0755));
  const auto tmp = user.own + "/tmp";
  const auto held_directory = tmp + shown.path().substr(shown.path().rfind('/'));
  make_project_and(held_directory, user);
  const std::vector<Words> ways{{"--private", held_directory},
                                {"--overlay", held_directory + "=" + user.own + "/keep"},
                                {"--overlay", held_directory},
                                {"--tmp", tmp, "--keep", shown.path()}};
  auto options = ways.at(GENERATE(0U, 1U, 2U, 3U));
  CAPTURE(options);
  options.insert(options.end(), {"--timeout", "2s"});
  const HeldDirectory held(user.uid, user.gid, held_directory, holder);
  // Whoever reads what it writes hears of the end only when nobody has the pipe any more.
  Words words{"sh", "-c", "\"$@\" 2>&1 | cat", "sh"};
  for (auto& word : in_shard("echo ran", user.words(options))) words.push_back(std::move(word));
  Process launcher(words, user.options());
  const auto ended = launcher.wait(kLongest);
  CHECK(ended.status == 0);
  CHECK_THAT(ended.out, !Contains("ran\n") && Contains("in uninterruptible sleep"));
}

TEST_CASE("a directory that a user moves away while it is mounted on is watched all the same") {
  const Hostile user;
  const Holder holder;
  const auto directory = user.own + "/db";
  const auto moved = user.own + "/moved";
  make_project_and(directory, user);
  std::optional<HeldDirectory> held(std::in_place, user.uid, user.gid, directory, holder);
  Process launcher(in_shard("echo up; exec sleep 1000", user.words({"--private", directory})),
                   user.options());
  REQUIRE(eventually([&] { return waits_below(launcher.pid()); }));
  user.act([&] {
    fs::rename(directory, moved);
    fs::create_symlink("/usr", directory);
  });
  held.reset();
  REQUIRE(launcher.read_line() == "up");
  user.act([&] { fs::remove_all(moved); });
  const auto ended = launcher.wait(kLongest);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK_THAT(ended.err, Contains("somebody outside has removed " + directory));
}

}  // namespace nslaunch::test
