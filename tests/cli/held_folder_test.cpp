#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/holder.hpp"
#include "support/hostile.hpp"
#include "support/live_shard.hpp"
#include "support/registry_scene.hpp"
#include "support/somebody.hpp"
#include "sys/check.hpp"
#include "sys/procfs.hpp"

// K66: whoever wants to change a folder waits for whom its lock is with.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

constexpr std::chrono::seconds kLongest{30};

}  // namespace

TEST_CASE("a user who holds the lock of the folder for his changes holds up root for a short time") {
  const Hostile user;
  const Holder holder;
  const auto place = user.own + "/place";
  user.act([&] {
    fs::create_directory(user.own + "/project");
    fs::create_directories(place + "/keep");
  });
  LiveShard holding(user.registry, user.words({}), "exec " + holder.command("hold-folder", place));
  REQUIRE(Holder::is_held(holding.launcher.read_line()));
  Process launcher(in_shard("echo ran", user.words({"--overlay", user.own + "/project=" + place + "/keep"})),
                   user.options());
  const auto ended = launcher.wait(kLongest);
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK_THAT(ended.err, Contains("which overlayfs works in"));
}

TEST_CASE("a user who holds the lock of his registry folder holds up root's list and reap for a short time") {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone looks into others' registries");
  const Holder holder;
  const auto folder = fmt::format("/tmp/nslaunch-{}", kSomebody);
  const auto seen = in_private_mounts([&] {
    fs::create_directory(folder);
    fs::permissions(folder, fs::perms(0700));
    sys::check(::chown(folder.c_str(), kSomebody, kSomebody), "giving it away");
    const RegistryView registry;
    const auto user = std::to_string(kSomebody);
    LiveShard holding(registry, {"--user", user + ":" + user, "--keep", folder},
                      "exec " + holder.command("hold-folder", folder));
    const auto said = holding.launcher.read_line();
    if (!said.starts_with("held")) return said;
    Process writer({"setpriv", "--reuid", user, "--regid", user, "--clear-groups", "mkdir", folder + "/new"});
    const auto waits = [&] { return sys::read_stat(writer.pid()).value_or(sys::ProcessStat{}).state == 'D'; };
    if (!eventually(waits)) return std::string("it is not held");
    std::string told;
    for (const char* command : {"list", "reap"})
      told += Process(nslaunch({command, "--all"})).wait(kLongest).err;
    holding.launcher.send_signal(SIGKILL);
    holding.launcher.wait();
    return told;
  });
  if (seen.starts_with("no: ")) SKIP_TEST(seen.c_str());
  CHECK_THAT(seen, Contains("the registry folder " + folder + " can't be read: working as user 54321") &&
                       Contains(folder + ": working as user 54321"));
}

}  // namespace nslaunch::test
