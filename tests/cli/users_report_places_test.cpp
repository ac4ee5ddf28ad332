#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "support/access_list.hpp"
#include "support/hostile.hpp"
#include "support/privilege_modes.hpp"
#include "support/process.hpp"
#include "support/registry_scene.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "support/write_file.hpp"
#include "sys/base/files.hpp"

// Where a report goes when its file or its directory is removed, or changed, during the run.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("a report's directory that the command makes anew gets the report") {
  const bool is_there = GENERATE(false, true);
  CAPTURE(is_there);
  const HostDirectory directory;
  const auto path = directory / "reports/report";
  fs::create_directory(directory / "reports");
  if (is_there) write_file(path, "earlier");
  const auto ended =
      run(in_shard("rm -r reports; mkdir reports", {"--report-json", path, "--workdir", directory.path()}));
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK_THAT(sys::read_file(path.c_str()).value_or(""), Contains("\"exit\""));
}

TEST_CASE("a report's directory that another user has made anew gets no report") {
  const auto option = GENERATE(values<std::string>({"--report-json", "--report-junit"}));
  const bool has_link = GENERATE(false, true);
  CAPTURE(option, has_link);
  const Hostile user;
  const auto directory = user.make_sticky() + "/job";
  fs::create_directory(directory);
  const auto as_user = fmt::format("setpriv --reuid {} --regid {} --clear-groups sh -c", user.uid, user.gid);
  const auto entry = has_link ? "ln -s " + user.victim + "/stolen report" : ": >report";
  const auto script = fmt::format("rm -r {0}; {1} 'mkdir {0}; cd {0}; {2}'", directory, as_user, entry);
  const auto ended = run(in_shard(script, {option, directory + "/report", "--tmp", "host"}), user.options());
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(user.victim_is_untouched());
  CHECK((has_link ? fs::is_symlink(directory + "/report") : fs::is_empty(directory + "/report")));
  CHECK_THAT(ended.err, Contains("could not be written") && Contains("was removed during the run"));
}

TEST_CASE("a directory of root's that a user has moved to where the report's was gets no report") {
  const Hostile user;
  const auto closed = user.own + "/closed";
  const auto open = user.own + "/open";
  fs::create_directory(closed);
  fs::permissions(closed, fs::perms(0700));
  const auto script =
      fmt::format("mkdir {}; setpriv --reuid {} --regid {} --clear-groups sh -c 'rmdir {}; mv {} {}'", open,
                  user.uid, user.gid, closed, open, closed);
  const auto ended = run(in_shard(script, {"--report-json", closed + "/report"}), user.options());
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK_FALSE(fs::exists(open));
  CHECK(fs::is_empty(closed));
  CHECK_THAT(ended.err, Contains("was removed during the run"));
}

TEST_CASE("a report in a directory that is made anew has the rights that it would have had in the old one") {
  const HostDirectory ground;
  const auto directory = ground / "reports";
  fs::create_directory(directory);
  if (::chown(ground.path().c_str(), ::geteuid(), 54321) != 0)
    SKIP_TEST("needs root: chown to another group");
  const RegistryView registry;
  auto start = registry.options();
  start.prepare = [] { ::umask(027); };
  const auto ended = run(in_shard(fmt::format("chmod g+s {}; rm -r {}; umask 022; mkdir {}", ground.path(),
                                              directory, directory),
                                  {"--report-json", directory + "/report"}),
                         start);
  INFO(ended.err);
  CHECK(ended.status == 0);
  struct stat status = {};
  REQUIRE(::stat((directory + "/report").c_str(), &status) == 0);
  CHECK(status.st_gid == ::getegid());
  CHECK((status.st_mode & 07777) == 0640);
}

TEST_CASE("a report in a directory that is made anew is for nobody whom an access list had kept from it") {
  const HostDirectory ground;
  const auto directory = ground / "reports";
  fs::create_directory(directory);
  if (!set_access_list(directory, 54321, {.owner = 7, .user = 4, .group = 0, .others = 0},
                       "system.posix_acl_default"))
    SKIP_TEST("the tests' directory has no access control lists");
  const RegistryView registry;
  const auto ended =
      run(in_shard(fmt::format("rm -r {0}; mkdir {0}", directory), {"--report-json", directory + "/report"}),
          registry.options());
  INFO(ended.err);
  CHECK(ended.status == 0);
  struct stat status = {};
  REQUIRE(::stat((directory + "/report").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("what root has removed behind a user's link is not made again by a report") {
  const bool is_directory_a_link = GENERATE(false, true);
  CAPTURE(is_directory_a_link);
  const Hostile user;
  const HostDirectory roots;
  const auto file = roots / "report";
  write_file(file, "root's");
  user.link(is_directory_a_link ? roots.path() : file, user.own + "/led");
  const auto path = user.own + (is_directory_a_link ? "/led/report" : "/led");
  const auto ended = run(in_shard("rm " + file, {"--report-json", path}), user.options());
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK_FALSE(fs::exists(file));
  CHECK_THAT(ended.err, Contains("was removed during the run"));
}

TEST_CASE("a report has the group and the rights that a file had at its place before the command ran") {
  const bool has_unnamed_files = GENERATE(true, false);  // NFS has none
  CAPTURE(has_unnamed_files);
  const Hostile user;
  const auto path = user.own + "/report";
  auto words = user.words({"--report-json", path});
  words.insert(words.end(), {"--", "chmod", "g+s", user.own});
  auto options = user.options();
  options.prepare = [=] {
    ::umask(027);
    if (!has_unnamed_files) filter_unnamed_files();
  };
  const auto ended = run(nslaunch(words), options);
  INFO(ended.err);
  CHECK(ended.status == 0);
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK(status.st_gid == ::getegid());
  CHECK((status.st_mode & 07777) == 0640);
}

}  // namespace nslaunch::test
