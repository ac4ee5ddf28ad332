#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include "registry/place/places.hpp"
#include "registry/record/record.hpp"
#include "support/registry_scene.hpp"
#include "support/skip.hpp"
#include "support/somebody.hpp"
#include "support/write_file.hpp"
#include "sys/base/check.hpp"

namespace {

using namespace nslaunch;
using test::become;
using test::kSomebody;
using test::make_record;
using test::write_file;

std::string tmp_directory() {
  return fmt::format("/tmp/nslaunch-{}", ::geteuid());
}
/// Where records go when there is no login session.
std::string default_directory() {
  return ::geteuid() == 0 ? "/run/nslaunch" : tmp_directory();
}

std::string make_dir(const std::string& path, mode_t mode) {
  sys::check(::mkdir(path.c_str(), mode), "making {}", path);
  sys::check(::chmod(path.c_str(), mode), "giving {} its mode", path);
  return path;
}

/// Where the next record is made: the path that the list shows.
std::string where_published() {
  std::string problem;
  const auto published = registry::PublishedRecord::publish(make_record("here"), problem);
  if (!published) return problem;
  std::string found;
  for (const auto& entry : test::list()) {
    if (entry.record.id == "here") found += entry.path;
  }
  return found;
}

std::string published_with_runtime_dir(mode_t mode) {
  return test::in_private_mounts([&] {
    ::unsetenv("NSLAUNCH_STATE_DIR");
    ::setenv("XDG_RUNTIME_DIR", make_dir("/tmp/runtime", mode).c_str(), 1);
    return where_published();
  });
}

void require_root() {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
}

/// A user's launcher that is gone, its directory and its record; `init` is what the record claims.
void leave_as_somebody(const ProcessIdentity& init) {
  test::IdleProcess launcher([&] {
    ::unsetenv("NSLAUNCH_STATE_DIR");
    become(kSomebody);
    auto record = make_record("users");
    record.init = init;
    record.uid = 0;  // a lie: whose it is says the file
    test::leave_record(record);
  });
}

std::string all_states() {
  std::vector<std::string> warnings;
  std::string text;
  for (const auto& entry : list_shards(true, warnings)) {
    text +=
        fmt::format("{} {} {} {}\n", entry.record.id, to_string(entry.state), entry.record.uid, entry.path);
  }
  for (const auto& warning : warnings) text += warning + "\n";
  return text;
}

}  // namespace

TEST_CASE("records go to the login session's directory, if that is ours alone", "[system]") {
  CHECK(published_with_runtime_dir(0700) == "/tmp/runtime/nslaunch/here.shard");
  CHECK(published_with_runtime_dir(0755) == default_directory() + "/here.shard");
}

TEST_CASE("without a login session records go where nobody else can write", "[system]") {
  const auto where = test::in_private_mounts([] {
    ::unsetenv("NSLAUNCH_STATE_DIR");
    ::unsetenv("XDG_RUNTIME_DIR");
    return where_published();
  });
  CHECK(where == default_directory() + "/here.shard");
}

TEST_CASE("one directory in /tmp is a user's, however the number could be written", "[system]") {
  require_root();
  const auto found = test::in_private_mounts([] {
    ::unsetenv("NSLAUNCH_STATE_DIR");
    for (const char* name : {"00054321", "54321", "54321x", "+54321"})
      make_dir(std::string("/tmp/nslaunch-") + name, 0700);
    sys::check(::chown("/tmp/nslaunch-54321", kSomebody, kSomebody), "giving it away");
    std::vector<std::string> problems;
    std::string paths;
    for (const auto& place : registry::other_users_places(problems)) {
      if (place.owner == kSomebody) paths += place.path + "\n";
    }
    return paths;
  });
  CHECK(found == "/tmp/nslaunch-54321\n");
}

TEST_CASE("with a directory that can't be used records go to the next one", "[system]") {
  const auto where = test::in_private_mounts([] {
    ::unsetenv("NSLAUNCH_STATE_DIR");
    ::setenv("XDG_RUNTIME_DIR", make_dir("/tmp/runtime", 0700).c_str(), 1);
    make_dir("/tmp/runtime/nslaunch", 0755);
    std::string problem;
    const auto published = registry::PublishedRecord::publish(make_record("here"), problem);
    std::vector<std::string> warnings;
    const auto shards = list_shards(false, warnings);
    return problem + shards.at(0).path + "\n" + warnings.at(0);
  });
  CHECK(where == default_directory() +
                     "/here.shard\nthe registry directory /tmp/runtime/nslaunch can't be used: its mode is "
                     "0755 instead of 0700 (chmod 700 /tmp/runtime/nslaunch)");
}

TEST_CASE("why a directory for records can't be opened is said", "[system]") {
  const auto said = test::in_private_mounts([] {
    ::setenv("NSLAUNCH_STATE_DIR", ("/tmp/" + std::string(300, 'x')).c_str(), 1);
    std::string problem;
    registry::PublishedRecord::publish(make_record("here"), problem);
    return problem;
  });
  CHECK_THAT(said, Catch::EndsWith("can't be used: File name too long"));
}

TEST_CASE("a user with and without a login session sees the records of both, each once", "[system]") {
  const auto seen = test::in_private_mounts([] {
    ::unsetenv("NSLAUNCH_STATE_DIR");
    ::unsetenv("XDG_RUNTIME_DIR");
    make_dir("/run/user", 0755);
    const auto login = make_dir(fmt::format("/run/user/{}", ::geteuid()), 0700);
    const auto without = test::publish(make_record("aaaa"));
    ::setenv("XDG_RUNTIME_DIR", (login + "/").c_str(), 1);
    const auto with = test::publish(make_record("bbbb"));
    const auto inside = test::states();
    ::unsetenv("XDG_RUNTIME_DIR");
    return inside + "; " + test::states();
  });
  CHECK(seen == "aaaa starting, bbbb starting; aaaa starting, bbbb starting");
}

TEST_CASE("root sees every user's shards and ends orphans as their user", "[system]") {
  require_root();
  const auto seen = test::in_private_mounts([] {
    ::unsetenv("NSLAUNCH_STATE_DIR");
    ::unsetenv("XDG_RUNTIME_DIR");
    const test::IdleProcess init([] { become(kSomebody); });
    leave_as_somebody(init.identity());
    std::string text = test::states() + all_states();
    const auto reaped = reap_shards(true);
    for (const auto& problem : reaped.problems) text += problem;
    return text + fmt::format("ended {} {} ", reaped.ended, init.has_ended()) + all_states();
  });
  CHECK(seen == "users orphaned 54321 /tmp/nslaunch-54321/users.shard\nended 1 true ");
}

TEST_CASE("a user's record can't make root signal what the user may not", "[system]") {
  require_root();
  const auto seen = test::in_private_mounts([] {
    ::unsetenv("NSLAUNCH_STATE_DIR");
    ::unsetenv("XDG_RUNTIME_DIR");
    const test::IdleProcess roots_own;
    leave_as_somebody(roots_own.identity());
    std::vector<std::string> warnings;
    std::string text;
    try {
      signal_shard(list_shards(true, warnings).at(0), SIGKILL);
    } catch (const Error& error) {
      text += error.what();
    }
    for (const auto& problem : reap_shards(true).problems) text += "\n" + problem;
    return text + (roots_own.has_ended() ? "\nended" : "\nalive");
  });
  CHECK_THAT(seen, Catch::StartsWith("signalling shard users: No such process\n"));
  CHECK_THAT(seen, Catch::EndsWith("\nalive"));
}

TEST_CASE("another user's records are looked at by the ten thousand, and what cures it is said", "[system]") {
  require_root();
  const auto shown = test::in_private_mounts([] {
    ::unsetenv("NSLAUNCH_STATE_DIR");
    test::IdleProcess([] {
      become(kSomebody);
      const auto directory = make_dir("/tmp/nslaunch-54321", 0700);
      for (int at = 0; at < 10'001; ++at) {
        const auto id = fmt::format("{:08x}", at);
        write_file(directory + "/" + id + ".shard", registry::encode(make_record(id), ShardState::kRunning));
      }
    }).kill();
    std::vector<std::string> warnings;
    const auto found = list_shards(true, warnings).size();
    reap_shards(true);
    const auto left = list_shards(true, warnings).size();
    return fmt::format("{} {} {} {}", found, left, warnings.size(), warnings.at(0));
  });
  CHECK_THAT(shown,
             Catch::StartsWith("10000 0 1 user 54321 has more than 10000 records in /tmp/nslaunch-54321") &&
                 Catch::Contains("nslaunch reap --all"));
}

TEST_CASE("a directory in another user's name is not believed", "[system]") {
  require_root();
  const auto seen = test::in_private_mounts([] {
    ::unsetenv("NSLAUNCH_STATE_DIR");
    ::unsetenv("XDG_RUNTIME_DIR");
    leave_as_somebody({});
    sys::check(::rename("/tmp/nslaunch-54321", "/tmp/nslaunch-11111"), "renaming");
    return all_states() + std::to_string(reap_shards(true).removed);
  });
  // Nor told of: anybody can make any number of them.
  CHECK(seen == "0");
}

TEST_CASE("root looks at two hundred other users' directories in /tmp, and says so once where there are more",
          "[system]") {
  require_root();
  const auto seen = test::in_private_mounts([] {
    ::unsetenv("NSLAUNCH_STATE_DIR");
    ::unsetenv("XDG_RUNTIME_DIR");
    const auto make_others = [](uid_t first) {
      for (uid_t user = first; user < first + 202; ++user) {
        const auto directory = make_dir(fmt::format("/tmp/nslaunch-{}", user), 0700);
        sys::check(::chown(directory.c_str(), user, user), "giving it away");
      }
    };
    const test::IdleProcess init([] { become(kSomebody); });
    make_others(100'000);
    leave_as_somebody(init.identity());  // with the lowest number: looked at first, wherever it lies
    make_others(200'000);
    return all_states();
  });
  CHECK(seen ==
        "users orphaned 54321 /tmp/nslaunch-54321/users.shard\n"
        "more than 200 other users have registry directories in /tmp: the rest is not looked at (USER/SHARD "
        "finds "
        "theirs all the same, and nslaunch list shows each user his own)\n");
}
