#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>

#include "support/identity.hpp"
#include "support/privilege_modes.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

constexpr uid_t kFreshUid = 54322;  // nobody else's descriptors count against its limit
constexpr rlim_t kFew = 64;         // descriptors of one process, so that others of this user have enough
constexpr int kUnread = 100;

/// An ordinary user (root is exempt from the limit) who leaves descriptors unread, for as long as it lives.
class Scene {
 public:
  Scene() {
    for (const auto* file : {&nslaunch_binary(), &probe_binary()}) fs::copy(*file, directory_.path());
    fs::permissions(directory_.path(), fs::perms(0755));
    fs::create_directory(state_);
    fs::permissions(state_, fs::perms(0700));
    if (root_) REQUIRE(::chown(state_.c_str(), kFreshUid, kFreshUid) == 0);
    holder_.emplace(Words{directory_ / "nslaunch_probe", "unread", std::to_string(kUnread)}, options(0));
    REQUIRE(holder_->read_line() == "up");
  }
  /// By a shell, whose limit on descriptors is `limit`, and the hard one what it was.
  Result shell(const std::string& script, rlim_t limit = kFew) const {
    return run({"bash", "-c", "PATH=" + directory_.path() + ":$PATH; " + script}, options(limit));
  }
  Process start(const std::string& script) const { return Process({"bash", "-c", script}, options(0)); }
  void end_holder() { holder_.reset(); }

 private:
  StartOptions options(rlim_t limit) const {
    StartOptions options;
    options.environment = {"NSLAUNCH_STATE_DIR=" + state_, "HOME=/", kNoLeakSearch};
    options.directory = "/";
    options.prepare = [root = root_, limit] {
      rlimit both = {};
      ::getrlimit(RLIMIT_NOFILE, &both);
      if (limit != 0) both.rlim_cur = limit;
      ::setrlimit(RLIMIT_NOFILE, &both);
      if (root && (::setresgid(kFreshUid, kFreshUid, kFreshUid) != 0 ||
                   ::setresuid(kFreshUid, kFreshUid, kFreshUid) != 0))
        ::_exit(97);
    };
    return options;
  }

  const bool root_ = ::geteuid() == 0;
  TempDir directory_;
  std::string state_ = directory_ / "state";
  std::optional<Process> holder_;
};

/// What is to be pasted "in this shell".
std::string advised(const std::string& said) {
  const std::string before = "in this shell: ";
  const auto at = said.find(before);
  if (at == std::string::npos) return "false";
  return said.substr(at + before.size(), said.find(';', at) - at - before.size());
}

}  // namespace

TEST_CASE("descriptors that somebody leaves unread make a launch fail with the cause and what mends it") {
  Scene scene;
  const auto refused = scene.shell("nslaunch -- echo ran");
  CAPTURE(refused.err);
  CHECK(explains_itself(refused));
  CHECK_THAT(refused.err, Contains("descriptors unread") && Contains("ulimit -n"));
  const auto mended = scene.shell(advised(refused.err) + " && nslaunch -- echo ran");
  CAPTURE(mended.err);
  CHECK(mended.out == "ran\n");
  scene.end_holder();
  CHECK(eventually([&] { return scene.shell("nslaunch -- echo ran").out == "ran\n"; }));
}

TEST_CASE("with no higher limit to be had, who leaves descriptors unread is found by what is advised") {
  const Scene scene;
  const auto refused = scene.shell("ulimit -Hn $(ulimit -Sn); nslaunch -- echo ran");
  CAPTURE(refused.err);
  CHECK(explains_itself(refused));
  const std::string before = "to end or mend it: ";
  REQUIRE_THAT(refused.err, Contains(before));
  const auto found = scene.shell(refused.err.substr(refused.err.find(before) + before.size()));
  CHECK_THAT(found.out, Contains("scm_fds:") && Contains(std::to_string(kUnread)));
}

TEST_CASE("shards of a fleet that can't have their descriptors are errors, with the cause") {
  const Scene scene;
  const auto refused = scene.shell("ulimit -Hn $(ulimit -Sn); nslaunch run --shards 2 -- echo ran");
  CAPTURE(refused.err);
  CHECK(refused.status == 125);
  CHECK_THAT(refused.err, Contains("ERROR shard-1") && Contains("ERROR shard-2") && Contains("unread"));
}

TEST_CASE("doctor finds that descriptors are left unread") {
  Scene scene;
  const auto found = scene.shell("nslaunch doctor");
  CAPTURE(found.out);
  CHECK(found.status == 125);
  CHECK_THAT(found.out, Contains("FAIL  letting the shard's init go") && Contains("descriptors unread") &&
                            Contains("ulimit -n $(ulimit -Hn)"));
}

TEST_CASE("exec into a shard whose user leaves descriptors unread is refused with the cause") {
  Scene scene;
  scene.end_holder();
  auto shard =
      scene.start("PATH=$NSLAUNCH_STATE_DIR/..:$PATH; nslaunch --name held -- sh -c 'echo up; read x'");
  REQUIRE(shard.read_line() == "up");
  auto holder = scene.start("$NSLAUNCH_STATE_DIR/../nslaunch_probe unread " + std::to_string(kUnread));
  REQUIRE(holder.read_line() == "up");
  const auto refused = scene.shell("nslaunch exec held -- echo ran");
  CAPTURE(refused.err);
  CHECK(explains_itself(refused));
  CHECK_THAT(refused.err, Contains("descriptors unread"));
  CHECK(scene.shell(advised(refused.err) + " && nslaunch exec held -- echo ran").out == "ran\n");
}

}  // namespace nslaunch::test
