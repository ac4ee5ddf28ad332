#include <fcntl.h>
#include <poll.h>
#include <sys/xattr.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "support/access_list.hpp"
#include "support/hostile.hpp"
#include "support/process.hpp"
#include "support/registry_scene.hpp"
#include "support/skip.hpp"
#include "support/write_file.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

// What root writes for --user to files whose names that user's command gives another meaning meanwhile.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// Something that is written when the command has ended.
struct LateFile {
  std::string option;  ///< or the variable that names it
  bool of_fleet = true;
};

Result run_with(const Hostile& user, const LateFile& late, const std::string& path,
                const std::string& script) {
  Words words = {"run"};
  if (late.of_fleet) words.insert(words.end(), {"--shards", "1"});
  auto options = user.options();
  if (late.option.starts_with("--")) {
    words.insert(words.end(), {late.option, path});
  } else {
    words.push_back("--ci=github");
    options.environment.push_back(late.option + "=" + path);
  }
  const auto as_user = user.words({});
  words.insert(words.end(), as_user.begin(), as_user.end());
  words.insert(words.end(), {"--", "sh", "-c", script});
  return run(nslaunch(words), options);
}

std::string text_of(const std::string& path) {
  return fs::is_symlink(path) ? "a link" : sys::read_file(path.c_str()).value_or("nothing");
}

/// Without the protection of a directory that everybody may write to (fs.protected_regular).
std::string make_sticky_of_group(const Hostile& user) {
  if (text_of("/proc/sys/fs/protected_regular").starts_with("2"))
    SKIP_TEST("needs fs.protected_regular=1 or 0: with 2 the kernel refuses such a file");
  const auto sticky = user.make_sticky();
  REQUIRE(::chown(sticky.c_str(), 0, user.gid) == 0);
  fs::permissions(sticky, fs::perms(01770));
  return sticky;
}

}  // namespace

TEST_CASE("what another user's command puts in the place of a report leads root nowhere") {
  const auto late =
      GENERATE(LateFile{"--report-json", false}, LateFile{"--report-json"}, LateFile{"--report-junit"},
               LateFile{"--report-junit", false}, LateFile{"--joblog"}, LateFile{"--joblog", false},
               LateFile{"GITHUB_STEP_SUMMARY"}, LateFile{"GITHUB_STEP_SUMMARY", false});
  const bool is_there = GENERATE(false, true);
  const bool swaps_directory = GENERATE(false, true);
  CAPTURE(late.option, late.of_fleet, is_there, swaps_directory);
  const Hostile user;
  const auto directory = user.own + "/reports";
  const auto path = directory + "/report";
  user.act([&] {
    fs::create_directory(directory);
    if (is_there) write_file(path, "earlier");
  });
  const auto ended = run_with(
      user, late, path,
      swaps_directory ? "mv " + directory + " " + user.own + "/moved; ln -s " + user.victim + " " + directory
                      : "rm -f " + path + "; ln -s " + user.victim + "/stolen " + path);
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(user.victim_is_untouched());
  const bool is_replaced = late.option.starts_with("--report");
  if (swaps_directory) CHECK_THAT(text_of(user.own + "/moved/report"), !Contains("nothing") && Contains("1"));
  if (swaps_directory || !is_replaced) return;
  CHECK(text_of(path) == "a link");
  CHECK_THAT(ended.err, Contains("File exists"));
}

TEST_CASE("what root has made where a user's file was is not replaced by a report of that user's") {
  const auto late = GENERATE(LateFile{"--report-json", false}, LateFile{"--report-json"},
                             LateFile{"--report-junit", false});
  const bool is_led_by_link = GENERATE(false, true);
  CAPTURE(late.option, late.of_fleet, is_led_by_link);
  const Hostile user;
  const auto sticky = make_sticky_of_group(user);
  const auto file = sticky + "/file";
  const auto removed = user.own + "/removed";
  const auto go_on = user.own + "/go-on";
  user.act([&] {
    write_file(file, "the user's", 0600);
    for (const auto& fifo : {removed, go_on}) sys::check(::mkfifo(fifo.c_str(), 0600), "making a FIFO");
  });
  if (is_led_by_link) user.link(sticky, user.own + "/led");
  auto words = user.words({late.option, (is_led_by_link ? user.own + "/led" : sticky) + "/file"});
  if (late.of_fleet) words.insert(words.begin(), {"--shards", "1"});
  words.insert(words.begin(), "run");
  words.insert(words.end(),
               {"--", "sh", "-c", "rm " + file + "; echo >" + removed + "; read end <" + go_on + "; exit 7"});
  const sys::Fd told(::open(removed.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  Process launcher(nslaunch(words), user.options());
  pollfd watched = {told.get(), POLLIN, 0};
  REQUIRE(::poll(&watched, 1, 60'000) == 1);
  write_file(file, "root's", 0600);
  write_file(go_on, "now\n", 0600);
  const auto ended = launcher.wait();
  INFO(ended.err);
  CHECK(ended.status == (late.of_fleet ? 1 : 7));
  CHECK(owner_of(file) == 0);
  CHECK(text_of(file) == "root's");
  CHECK_THAT(ended.err, Contains(is_led_by_link ? "was removed during the run" : "File exists"));
}

TEST_CASE("root's capture replaces no file of a user's in a directory that keeps it from others") {
  const std::string when = GENERATE("", ":on-failure");
  const Hostile user;
  const auto file = make_sticky_of_group(user) + "/file";
  user.act([&] { write_file(file, "the user's", 0600); });
  const auto ended = user.run_with({"--pcap", file + when}, "exit 7");
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Contains("replacing " + file + ", which is another user's: Permission denied"));
  CHECK(text_of(file) == "the user's");
}

TEST_CASE("what somebody else has put in the place of root's report or capture stays") {
  const auto late =
      GENERATE(LateFile{"--report-json", false}, LateFile{"--report-junit"}, LateFile{"--pcap"});
  const bool is_there = GENERATE(false, true);
  CAPTURE(late.option, late.of_fleet, is_there);
  const Hostile user;
  const auto file = user.own + "/file";
  if (is_there) write_file(file, "root's earlier");
  user.act([&] { write_file(user.own + "/other", "somebody's"); });
  const bool is_capture = late.option == "--pcap";
  const auto ended = run_with(user, late, file + (is_capture ? ":on-failure" : ""),
                              "mv -f " + user.own + "/other " + file + "; exit 7");
  INFO(ended.err);
  CHECK(ended.status == (late.of_fleet ? 1 : 7));
  CHECK(text_of(file) == "somebody's");
  CHECK_THAT(ended.err, Contains("File exists"));
}

TEST_CASE("what has got the name of a report or a capture meanwhile stays in one's own directory, too") {
  const auto late = GENERATE(LateFile{"--report-json", false}, LateFile{"--report-junit", false},
                             LateFile{"--pcap", false});
  enum class Earlier { kNone, kOwn, kAnothers };
  const auto earlier = GENERATE(Earlier::kNone, Earlier::kOwn, Earlier::kAnothers);
  CAPTURE(late.option, static_cast<int>(earlier));
  const HostDirectory directory;
  const auto file = directory / "file";
  if (earlier != Earlier::kNone) write_file(file, "earlier");
  if (earlier == Earlier::kAnothers && ::chown(file.c_str(), 54321, 54321) != 0)
    SKIP_TEST("needs root: chown to another user");
  write_file(directory / "other", "the command's", 0600);
  const bool is_capture = late.option == "--pcap";
  const auto ended = run(in_shard("mv -f " + directory / "other" + " " + file + "; exit 7",
                                  {late.option, file + (is_capture ? ":on-failure" : "")}));
  INFO(ended.err);
  CHECK(ended.status == 7);
  CHECK(text_of(file) == "the command's");
  CHECK(owner_of(file) == ::geteuid());
  CHECK_THAT(ended.err, Contains("File exists") && Contains("its name"));
}

TEST_CASE("a report or a capture that stands in for a file gives nobody access who had none") {
  const auto late = GENERATE(LateFile{"--report-json", false}, LateFile{"--pcap", false});
  const bool is_own = late.option == "--pcap" || GENERATE(false, true);
  const bool has_list = GENERATE(false, true);
  CAPTURE(late.option, is_own, has_list);
  const Hostile user;
  const auto file = user.own + "/file";
  fs::permissions(user.own, fs::perms(02755));  // the group of what is made is the user's
  write_file(file, "earlier");
  const uid_t owner = is_own ? 0 : 54321;
  REQUIRE(::chown(file.c_str(), owner, owner) == 0);
  fs::permissions(file, fs::perms(0640));
  if (has_list && !set_access_list(file, user.uid, {.owner = 6, .user = 0, .group = 0, .others = 4},
                                   "system.posix_acl_access"))
    SKIP_TEST("the tests' directory has no access control lists");
  const auto ended = run_with(user, late, file, late.option == "--pcap" ? "true" : "rm -f " + file);
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(text_of(file) != "earlier");
  CHECK(owner_of(file) == 0);
  user.act(
      [&] { sys::check(::access(file.c_str(), R_OK) == 0 ? -1 : 0, "being kept from what root wrote"); });
}

TEST_CASE("a report that the command has removed is there at the end") {
  const HostDirectory directory;
  const auto path = directory / "report";
  write_file(path, "earlier");
  CHECK(run(in_shard("rm " + path, {"--report-json", path})).status == 0);
  CHECK_THAT(text_of(path), Contains("\"exit\""));
}

TEST_CASE("a report that is replaced takes no access control list of its directory's") {
  const Hostile user;
  const auto path = user.own + "/report";
  write_file(path, "earlier");
  fs::permissions(path, fs::perms(0640));
  if (!set_access_list(user.own, user.uid, {.owner = 7, .user = 7, .group = 0, .others = 0},
                       "system.posix_acl_default"))
    SKIP_TEST("the tests' directory has no access control lists");
  CHECK(run_with(user, {"--report-json", false}, path, "true").status == 0);
  CHECK_THAT(text_of(path), Contains("\"exit\""));
  CHECK(::getxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) == -1);
  CHECK((fs::status(path).permissions() & fs::perms::mask) == fs::perms(0640));
}

}  // namespace nslaunch::test
