#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/holder.hpp"
#include "support/hostile.hpp"
#include "support/live_shard.hpp"

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

}  // namespace nslaunch::test
