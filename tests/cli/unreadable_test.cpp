#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/awkward_name.hpp"
#include "support/registry_view.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

struct Sick {
  std::string what;
  std::function<void(const std::string& path)> make;
};

std::vector<Sick> sick_records() {
  return {
      {"too large", [](const std::string& path) { write_file(path, std::string(100'000, 'x')); }},
      {"newer", [](const std::string& path) { write_file(path, "nslaunch 99 R\n"); }},
      {"a symbolic link", [](const std::string& path) { fs::create_symlink("/etc/passwd", path); }},
      {"not a regular file", [](const std::string& path) { fs::create_directory(path); }},
      {"not a regular file", [](const std::string& path) { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }}};
}

}  // namespace

TEST_CASE("a record that can't be read is told of by every subcommand, and the advice is its cure") {
  for (const auto& sick : sick_records()) {
    const RegistryView registry;
    const auto path = registry.path() + "/sick.shard";
    sick.make(path);
    std::string advice;
    for (const Words& words : {Words{"list"}, Words{"reap"}, Words{"inspect", "sick"}, Words{"kill", "sick"},
                               Words{"ports", "sick"}, Words{"exec", "sick", "--", "true"},
                               Words{"wait", "sick"}, Words{"port-forward", "sick", "0:80"}}) {
      const auto ended = registry.ask(words);
      CAPTURE(sick.what, words.front(), ended.err);
      CHECK(ended.status == (words.front() == "list" || words.front() == "reap" ? 0 : 125));
      CHECK_THAT(ended.err, Contains(path) && Contains(sick.what) && Contains("run: rm "));
      advice = ended.err.substr(ended.err.find("run: ") + 5);
    }
    CHECK(test::run({"sh", "-c", advice}).status == 0);
    CHECK(registry.ask({"list"}).err.empty());
    CHECK(registry.files().empty());
  }
}

TEST_CASE("the advice on what is no record can be pasted, whatever that is called") {
  const RegistryView registry;
  fs::create_directory(registry.path() + "/" + kAwkwardName);
  const auto told = registry.ask({"list"}).err;
  CAPTURE(told);
  StartOptions here;
  here.directory = registry.path();
  CHECK(test::run({"bash", "-c", told.substr(told.find("run: ") + 5)}, here).status == 0);
  CHECK(registry.ask({"list"}).err.empty());
  CHECK(registry.files().empty());
}

TEST_CASE("the advice on a registry directory that others can enter can be pasted, whatever it is called") {
  const TempDir around;
  const auto directory = around / kAwkwardName;
  fs::create_directory(directory);
  fs::permissions(directory, fs::perms(0755));
  StartOptions options;
  options.directory = around.path();
  options.environment = {"NSLAUNCH_STATE_DIR=" + directory};
  const auto told = test::run(nslaunch({"list"}), options).err;
  CAPTURE(told);
  const auto begin = told.find("(chmod ") + 1;
  CHECK(test::run({"bash", "-c", told.substr(begin, told.rfind(')') - begin)}, options).status == 0);
  CHECK(test::run(nslaunch({"list"}), options).err.empty());
  CHECK_FALSE(fs::exists(around / "PWNED"));
}

}  // namespace nslaunch::test
