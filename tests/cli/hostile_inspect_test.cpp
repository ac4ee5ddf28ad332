#include <fcntl.h>
#include <sched.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <list>
#include <nlohmann/json.hpp>
#include <thread>

#include "support/fuse_directory.hpp"
#include "support/hostile.hpp"
#include "support/live_shard.hpp"
#include "support/own_directory.hpp"
#include "support/write_file.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

// What a shard's owner can put in the way of who inspects it.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Json = nlohmann::json;

/// Directories of a user's in the mount namespace of a process, which give root no answer.
class DeafDirectories {
 public:
  DeafDirectories(pid_t process, const Words& paths, uid_t uid, gid_t gid) {
    std::promise<void> mounted;
    auto done = mounted.get_future();
    thread_ = std::thread([&, end = end_.get_future()]() mutable {
      try {
        enter(process);
        std::list<FuseDirectory> directories;
        for (const auto& path : paths) directories.emplace_back(path, uid, gid, FuseDirectory::Shows::kOwn);
        mounted.set_value();
        end.wait();
      } catch (...) {
        mounted.set_exception(std::current_exception());
      }
    });
    try {
      done.get();
    } catch (...) {
      thread_.join();
      throw;
    }
  }
  DeafDirectories(const DeafDirectories&) = delete;
  DeafDirectories& operator=(const DeafDirectories&) = delete;
  ~DeafDirectories() {
    end_.set_value();
    thread_.join();
  }

 private:
  static void enter(pid_t process) {
    const auto mounts = sys::open_file(fmt::format("/proc/{}/ns/mnt", process), O_RDONLY);
    sys::check(::unshare(CLONE_FS), "leaving the other threads' root");
    sys::check(::setns(mounts.get(), CLONE_NEWNS), "entering a shard's mounts");
  }

  std::promise<void> end_;
  std::thread thread_;
};

Json inspected(const RegistryView& registry, const std::string& id) {
  const auto seen = registry.ask({"inspect", "--json", id});
  INFO(seen.err);
  REQUIRE(seen.status == 0);
  return Json::parse(seen.out);
}

}  // namespace

TEST_CASE("inspect shows the rest of a shard in which a user's program shows files and does not answer") {
  const Hostile user;
  LiveShard shard(user.registry, {},
                  "mkdir -p /tmp/above/below && mount -t tmpfs none /tmp/above/below && "
                  "head -c 300000 /dev/zero >/tmp/large && echo up; exec cat");
  REQUIRE(shard.launcher.read_line() == "up");
  const auto init = inspected(user.registry, shard.id).at("init_pid").get<pid_t>();
  const DeafDirectories deaf(init, {"/tmp/deaf", "/tmp/above"}, user.uid, user.gid);
  const auto seen = inspected(user.registry, shard.id);
  REQUIRE(seen.at("tmp").size() == 1);
  CHECK(seen.at("tmp").at(0).at("name") == "large");
  CHECK(seen.at("processes").size() == 2);
  CHECK_THAT(seen.at("not_looked_at").dump(),
             Contains("some mounts: not all could be looked at within 3.0s"));
  CHECK_THAT(user.registry.ask({"inspect", shard.id}).out,
             Contains("\nnot looked at\n") && Contains("\tlarge\n"));
}

TEST_CASE("inspect is led by no link of a shard's to what lies outside it") {
  const RegistryView registry;
  const HostDirectory outside;
  write_file(outside / "secret", "not the shard's\n");
  const Words options = ::geteuid() == 0 ? Words{} : Words{"--map-root"};
  LiveShard shard(registry, options,
                  "mkdir -p /tmp/new/old && mount --bind /tmp/new /tmp/new && ln -s " + outside.path() +
                      " /tmp/new/tmp && pivot_root /tmp/new /tmp/new/old && echo moved; read line");
  REQUIRE(shard.launcher.read_line() == "moved");
  const auto seen = inspected(registry, shard.id);
  CHECK(seen.at("tmp").is_null());
  CHECK_THAT(seen.dump(), !Contains("secret"));
  CHECK_THAT(seen.at("not_looked_at").dump(), Contains("/tmp: "));
}

TEST_CASE("a directory of the host's tmpfs that a user shows as his /tmp is none of the shard's to inspect") {
  const RegistryView registry;
  const auto directory = "/dev/shm/nslaunch-test-" + unique_text();
  std::filesystem::create_directory(directory);
  const OwnDirectory outside(directory);
  write_file(outside / "secret", "not the shard's\n");
  const LiveShard shard(registry, {"--tmp", outside.path()});
  const auto seen = inspected(registry, shard.id);
  CHECK(seen.at("tmp").is_null());
  CHECK_THAT(seen.dump(), !Contains("secret"));
  CHECK_THAT(seen.at("not_looked_at").dump(), Contains("/tmp: it is no tmpfs of the shard's own"));
}

}  // namespace nslaunch::test
