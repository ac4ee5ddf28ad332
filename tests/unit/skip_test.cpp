#include "support/skip.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::test {

// Run by the test below alone.
TEST_CASE("a test with a directory skips", "[.skips]") {
  const TempDir directory;
  std::ofstream(directory / "file") << "content";
  CHECK(run({"true"}).status == 0);
  SKIP_TEST("it was asked to");
}

TEST_CASE("a test that skips says why and leaves nothing in /tmp") {
  const TempDir tmp;
  const auto itself = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto result = run({"env", "TMPDIR=" + tmp.path(), itself, "[.skips]"});
  CHECK(result.status == 77);
  CHECK(result.err == "SKIP: it was asked to\n");
  CHECK(std::filesystem::is_empty(tmp.path()));
}

}  // namespace nslaunch::test
