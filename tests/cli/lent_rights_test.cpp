#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/identity.hpp"
#include "support/process.hpp"
#include "support/skip.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// A copy of the program that root gives rights to, started by somebody who has none.
class Copy {
 public:
  Copy() {
    fs::permissions(directory_.path(), fs::perms(0755));
    fs::copy(nslaunch_binary(), file_);
  }
  const std::string& file() const noexcept { return file_; }
  Result run_as_nobody(const Words& words) const {
    Words all = {file_};
    all.insert(all.end(), words.begin(), words.end());
    StartOptions options;
    options.directory = "/";
    options.prepare = [] {
      constexpr uid_t kNobody = 65534;
      if (::setresgid(kNobody, kNobody, kNobody) != 0 || ::setresuid(kNobody, kNobody, kNobody) != 0)
        ::_exit(97);
    };
    return run(all, options);
  }

 private:
  TempDir directory_;
  std::string file_ = directory_ / "nslaunch";
};

/// Refused whatever is asked for, until the advice is followed.
void check_refused_until_mended(const Copy& copy, const std::string& what) {
  for (const Words& words : {Words{"--", "echo", "ran"}, Words{"version"}, Words{"list"}}) {
    const auto result = copy.run_as_nobody(words);
    CAPTURE(words.front(), result.err);
    CHECK(result.status == 125);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Contains(what));
  }
  const auto said = copy.run_as_nobody({"version"}).err;
  const std::string before = "Take them away: ";
  REQUIRE_THAT(said, Contains(before));
  const auto mended = run({"sh", "-c", said.substr(said.find(before) + before.size())});
  CAPTURE(said, mended.err);
  CHECK(mended.status == 0);
  CHECK(copy.run_as_nobody({"version"}).status == 0);
}

}  // namespace

TEST_CASE("a set-user-id or set-group-id copy is refused, with what mends it") {
  if (::geteuid() != 0) SKIP_TEST("needs root");
  if (has_sanitized_program()) SKIP_TEST("the sanitizers need to look into their own program");
  for (const mode_t mode : {04755U, 02755U}) {
    const Copy copy;
    REQUIRE(::chmod(copy.file().c_str(), mode) == 0);
    check_refused_until_mended(copy, "set-user-id or set-group-id");
  }
}

TEST_CASE("a copy with file capabilities is refused, with what mends it") {
  if (::geteuid() != 0) SKIP_TEST("needs root");
  const Copy copy;
  if (run({"setcap", "cap_sys_admin+ep", copy.file()}).status != 0)
    SKIP_TEST("there are no file capabilities");
  check_refused_until_mended(copy, "file capabilities");
}

}  // namespace nslaunch::test
