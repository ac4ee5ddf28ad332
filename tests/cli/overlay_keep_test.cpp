#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/access_list.hpp"
#include "support/checkout.hpp"
#include "support/overlays.hpp"
#include "support/skip.hpp"
#include "support/tampered.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;
using Catch::Matchers::Contains;

bool is_whiteout(const std::string& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

Names names_in(const std::string& directory) {
  Names names;
  for (const auto& entry : fs::directory_iterator(directory)) names.insert(entry.path().filename());
  return names;
}

}  // namespace

TEST_CASE("the words --overlay PATH=DIR keep in DIR what has changed, and nothing else anywhere") {
  const Checkout checkout;
  need_room_for_changes(checkout.directory.path());
  const auto ended = checkout.run_here(
      "cat file modules/one/index > /dev/null; echo more >> file; rm odd*; mkdir -p new/directory; "
      "echo new > new/directory/file; mv modules moved",
      {"--overlay", ".=../changes/of-run/"});
  CAPTURE(ended.err);
  CHECK(ended.status == 0);
  CHECK(ended.err.empty());
  CHECK(checkout.is_untouched());
  const auto kept = checkout.directory / "changes/of-run";
  CHECK(names_below(kept) == Names{"file", "odd, name: a\\b", "new", "new/directory", "new/directory/file",
                                   "modules", "moved", "moved/one", "moved/one/index"});
  CHECK(text_of(kept + "/file") == "outside\nmore\n");
  CHECK(text_of(kept + "/new/directory/file") == "new\n");
  CHECK(text_of(kept + "/moved/one/index") == "1\n");
  CHECK(is_whiteout(kept + "/modules"));
  CHECK(is_whiteout(kept + "/odd, name: a\\b"));
  CHECK(names_in(checkout.directory / "changes") == Names{"of-run"});
}

TEST_CASE(
    "a directory that keeps changes may be there already, or in the host's /tmp, and takes the other's "
    "mode") {
  const Checkout checkout;
  const TempDir temporary;
  need_room_for_changes(temporary.path());
  fs::create_directory(temporary / "there");
  fs::permissions(temporary / "there", fs::perms(0700));
  for (const auto& kept : {temporary / "there", temporary / "made"}) {
    const auto ended =
        checkout.run_here("echo inside > file; stat -c %a .", {"--overlay", checkout.path + "=" + kept});
    CAPTURE(kept, ended.err);
    CHECK(ended.out == "751\n");
    CHECK(names_below(kept) == Names{"file"});
    CHECK(fs::status(kept).permissions() == fs::perms(0751));
  }
  CHECK(names_in(temporary.path()) == Names{"there", "made"});
  CHECK(checkout.is_untouched());
}

TEST_CASE("whom the covered directory's access control list shuts out is shut out of what is kept, too") {
  const Checkout checkout;
  need_room_for_changes(checkout.directory.path());
  constexpr AccessList kNotHim = {.owner = 7, .user = 0, .group = 5, .others = 5};
  const auto& path = checkout.path;
  if (!set_access_list(path, 54321, kNotHim)) SKIP_TEST("files have no access control lists here");
  CHECK(checkout.run_here("echo more >> file", {"--overlay", ".=../changes"}).status == 0);
  char entries[256];
  char kept[256];
  constexpr const char* kList = "system.posix_acl_access";
  const ssize_t size = ::getxattr(path.c_str(), kList, entries, sizeof entries);
  REQUIRE(size > 0);
  REQUIRE(::getxattr((checkout.directory / "changes").c_str(), kList, kept, sizeof kept) == size);
  CHECK(std::equal(entries, entries + size, kept));
}

TEST_CASE("several overlays keep their changes apart, one in another, in directories side by side") {
  const Checkout checkout;
  need_room_for_changes(checkout.directory.path());
  const auto ended = checkout.run_here("echo 1 > one; echo 2 > modules/two",
                                       {"--overlay", ".=../all", "--overlay", "modules=../modules"});
  CAPTURE(ended.err);
  CHECK(names_below(checkout.directory / "all") == Names{"one"});
  CHECK(names_below(checkout.directory / "modules") == Names{"two"});
  CHECK(names_in(checkout.directory.path()).size() == 3);
}

TEST_CASE(
    "a launch that fails behind its overlays leaves the directory for the changes, empty, and none beside "
    "it") {
  const Checkout checkout;
  need_room_for_changes(checkout.directory.path());
  for (const char* fault : {"overlay:5", "answer:5", "exec:5"}) {
    auto options = checkout.options();
    options.environment.push_back(std::string("NSLAUNCH_FAULT=") + fault);
    const auto ended = run(in_shard("echo ran", {"--overlay", ".=../changes"}), options);
    CAPTURE(fault, ended.err);
    CHECK(ended.status >= 125);
    CHECK(names_below(checkout.directory / "changes").empty());
    CHECK(names_in(checkout.directory.path()).size() == 2);
  }
}

TEST_CASE("a signal that comes while what overlayfs works in is made leaves none of it") {
  if (!can_tamper()) SKIP_TEST("needs strace, and to be allowed to trace");
  const Checkout checkout;
  need_room_for_changes(checkout.directory.path());
  const auto ended =
      run(tampered("mkdirat:signal=SIGTERM", in_shard("echo ran", {"--overlay", ".=../changes"})),
          checkout.options());
  CAPTURE(ended.err);
  CHECK(ended.signal == SIGTERM);
  CHECK(ended.out.empty());
  CHECK(names_in(checkout.directory.path()).size() == 2);
  CHECK(checkout.registry.files() == Words{});
}

TEST_CASE("a launcher that is killed leaves what has changed, and the next nslaunch removes the rest") {
  const Checkout checkout;
  need_room_for_changes(checkout.directory.path());
  checkout.be_left_by_a_killed_launcher({"--overlay", ".=../changes"});
  CHECK(names_below(checkout.directory / "changes") == Names{"file"});
  const auto names = names_in(checkout.directory.path());
  REQUIRE(names.size() == 3);
  CHECK_THAT(*names.begin(), Catch::Matchers::StartsWith(".nslaunch-") && Contains(".work"));
  const auto word = GENERATE(values<std::string>({"list", "reap", "run"}));
  const auto next = word == "run" ? checkout.run_here(":") : checkout.registry.ask({word});
  CAPTURE(word, next.err);
  CHECK(next.status == 0);
  CHECK(names_in(checkout.directory.path()).size() == 2);
  CHECK(names_below(checkout.directory / "changes") == Names{"file"});
  // The kernel may have been at the end of its init until now.
  CHECK(eventually(
      [&] { return checkout.registry.ask({"list"}).status == 0 && checkout.registry.files().empty(); }));
}

}  // namespace nslaunch::test
