#include "run/report/find_files.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/temp_dir.hpp"

namespace nslaunch::test {
namespace {

using Paths = std::vector<std::string>;

struct Tree {
  TempDir directory;
  explicit Tree(const Paths& files) {
    for (const auto& file : files) {
      std::filesystem::create_directories(std::filesystem::path(directory / file).parent_path());
      std::ofstream(directory / file) << "";
    }
  }
  Paths found(const std::string& pattern) const {
    auto paths = run::find_files(directory.path(), pattern);
    for (auto& path : paths) path = path.substr(directory.path().size() + 1);
    return paths;
  }
};

}  // namespace

TEST_CASE("a pattern finds files by name, in a directory and in any below it") {
  const Tree tree({"a.xml", "b.txt", "d/c.xml", "d/e/f.xml", ".h/g.xml"});
  CHECK(tree.found("*.xml") == Paths{"a.xml"});
  CHECK(tree.found("*/*.xml") == Paths{"d/c.xml"});
  CHECK(tree.found("d/**/*.xml") == Paths{"d/c.xml", "d/e/f.xml"});
  CHECK(tree.found("**/f.xml") == Paths{"d/e/f.xml"});
  CHECK(tree.found("**/*.xml") == Paths{"a.xml", "d/c.xml", "d/e/f.xml"});
  CHECK(tree.found(".h/*.xml") == Paths{".h/g.xml"});
  CHECK(tree.found("[ab].*") == Paths{"a.xml", "b.txt"});
  CHECK(tree.found("none/*.xml").empty());
  CHECK(tree.found("a.xml/*").empty());
  CHECK(tree.found(tree.directory / "?.xml") == Paths{"a.xml"});
}

TEST_CASE("a pattern does not go round in links") {
  const Tree tree({"d/c.xml"});
  std::filesystem::create_directory_symlink("..", tree.directory / "d/up");
  CHECK(tree.found("**/*.xml") == Paths{"d/c.xml"});
}

TEST_CASE("a pattern finds no more than a caller has room for") {
  const Tree tree({"d/c.xml"});
  // 330 times 330 ways lead there, of 100,000 that there is room for.
  for (int at = 0; at < 330; ++at)
    std::filesystem::create_directory_symlink(".", tree.directory / ("d/" + std::to_string(at)));
  CHECK(run::find_files(tree.directory.path(), "d/*/*/c.xml").size() == run::kMostFound);
}

TEST_CASE("a name that looks like a pattern is found as it is") {
  const Tree tree({"a[1]*/r.xml", "a1x/r.xml"});
  CHECK(tree.found(run::as_pattern("a[1]*") + "/*.xml") == Paths{"a[1]*/r.xml"});
}

}  // namespace nslaunch::test
