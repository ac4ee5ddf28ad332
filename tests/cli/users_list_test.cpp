#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>
#include <string>

#include "support/hostile.hpp"
#include "support/process.hpp"
#include "support/registry_scene.hpp"
#include "support/somebody.hpp"
#include "support/write_file.hpp"
#include "sys/base/files.hpp"

// Names that root has of a list which is another user's.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// A directory of root's in which more lies than what root names, and a list of the user's.
struct Listed {
  Listed() {
    user.act([&] { fs::create_directory(user.own + "/source"); });
  }

  Words each(const std::string& lines, Words options, const std::string& script) const {
    user.act([&] { write_file(user.own + "/list", lines); });
    auto words = user.words({});
    words.insert(words.begin(), {"run", "--each", user.own + "/list"});
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"--", "sh", "-c", "cd " + user.own + "; " + script, "{}"});
    return words;
  }
  StartOptions in_ground() const {
    auto options = user.options();
    options.directory = user.ground.path();
    return options;
  }
  Result run_each(const std::string& lines, const Words& options) const {
    return run(nslaunch(each(lines, options, "touch source/changed")), in_ground());
  }

  Hostile user;
};

std::string file_text(const std::string& path) {
  return sys::read_file(path.c_str()).value_or("nothing");
}

}  // namespace

TEST_CASE(
    "a user's list has root's captures and changes in no directory at the root, by words that it has not") {
  const Hostile user;
  const auto word = "nslaunch-" + unique_text();
  user.act([&] {
    fs::create_directories(user.own + "/captures");
    write_file(user.own + "/list", word + "\n");
  });
  for (const Words& options : {Words{"--pcap", user.own + "/captures/{2}/{1}-{index}.pcap"},
                               Words{"--overlay", user.own + "={2}/{1}"}}) {
    CAPTURE(options);
    auto words = user.words({});
    words.insert(words.begin(), {"run", "--each", user.own + "/list"});
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"--", "echo", "ran", "{}"});
    auto in_ground = user.options();
    in_ground.directory = user.ground.path();
    const auto ended = run(nslaunch(words), in_ground);
    INFO(ended.err);
    CHECK_THAT(ended.err, !Contains("uses nothing of the line"));
    for (const auto& entry : fs::directory_iterator("/"))
      CHECK_FALSE(entry.path().string().starts_with("/" + word));
  }
}

TEST_CASE("a directory of root's that a user's list names is not given to that user for his changes") {
  const Listed listed;
  const auto& user = listed.user;
  const auto roots = user.ground / "uploads";
  fs::create_directory(roots);
  const auto ended = listed.run_each("uploads\nfresh\n", {"--overlay", user.own + "/source={name}"});
  INFO(ended.err);
  CHECK_THAT(ended.err, Contains("it belongs to user 0") && Contains("1 PASS, 1 ERROR"));
  CHECK(owner_of(roots) == 0);
  CHECK(fs::is_empty(roots));
  CHECK(owner_of(user.ground / "fresh") == user.uid);
  CHECK(fs::exists(user.ground / "fresh/changed"));
}

TEST_CASE("a link of root's that a user's list names leads his changes nowhere") {
  const Listed listed;
  const auto& user = listed.user;
  const auto elsewhere = user.ground / "elsewhere";
  fs::create_directories(elsewhere + "/empty");
  fs::create_directory_symlink(elsewhere + "/empty", user.ground / "latest");
  fs::create_directory_symlink(elsewhere, user.ground / "above");
  const auto one = listed.run_each("latest\n", {"--overlay", user.own + "/source={name}"});
  CHECK(one.status != 0);
  const auto two = listed.run_each("above new\n", {"--overlay", user.own + "/source={1}/{2}"});
  INFO(one.err + two.err);
  CHECK(two.status != 0);
  CHECK(owner_of(elsewhere + "/empty") == 0);
  CHECK_FALSE(fs::exists(elsewhere + "/new"));
}

TEST_CASE("what a run has made for one line of a user's list is there for the next") {
  const Listed listed;
  const auto& user = listed.user;
  const auto ended = listed.run_each("a 1\na 2\n", {"--overlay", user.own + "/source={1}/{index}"});
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(fs::exists(user.ground / "a/1/changed"));
  CHECK(fs::exists(user.ground / "a/2/changed"));
}

TEST_CASE("a user's list has root's captures replace none but earlier captures of root's") {
  const Listed listed;
  const auto& user = listed.user;
  const auto first = listed.run_each("fresh\n", {"--pcap", "{name}"});
  INFO(first.err);
  CHECK(first.status == 0);
  write_file(user.ground / "notes", "root's");
  write_file(user.ground / "empty", "");
  write_file(user.ground / "theirs", file_text(user.ground / "fresh"));
  REQUIRE(::chown((user.ground / "theirs").c_str(), kSomebody, kSomebody) == 0);
  const auto ended = listed.run_each("fresh\nnotes\ntheirs\nempty\n", {"--pcap", "{name}"});
  INFO(ended.err);
  CHECK_THAT(ended.err, Contains("replacing notes for --pcap on the word of a list: File exists") &&
                            Contains("1 PASS, 3 ERROR"));
  CHECK(file_text(user.ground / "notes") == "root's");
  CHECK(file_text(user.ground / "empty").empty());
  CHECK(owner_of(user.ground / "theirs") == kSomebody);
  CHECK(file_text(user.ground / "theirs") == file_text(user.ground / "fresh"));
}

TEST_CASE("what root makes under a capture's name of a user's list while that command runs is not replaced") {
  const Listed listed;
  const auto& user = listed.user;
  const auto when = GENERATE(as<std::string>(), ":on-failure", ":always");
  const auto go_on = user.own + "/go-on";
  Process running(nslaunch(listed.each("late\n", {"--pcap", "{name}" + when},
                                       "touch started; until [ -e go-on ]; do sleep 0.01; done; exit 1")),
                  listed.in_ground());
  REQUIRE(eventually([&] { return fs::exists(user.own + "/started"); }));
  fs::remove(user.ground / "late");
  write_file(user.ground / "late", "root's");
  write_file(go_on, "");
  const auto ended = running.wait();
  INFO(ended.err);
  CHECK(ended.status == 1);
  CHECK(file_text(user.ground / "late") == "root's");
  if (when == ":on-failure") CHECK_THAT(ended.err, Contains("naming late: File exists"));
}

TEST_CASE("what is advised to run a part of a user's list again gives away nothing of root's") {
  const Listed listed;
  const auto& user = listed.user;
  fs::create_directory(user.ground / "uploads");
  write_file(user.ground / "notes", "root's");
  for (const Words& options : {Words{"--overlay", user.own + "/source={name}"}, Words{"--pcap", "{name}"}}) {
    CAPTURE(options);
    const auto ended = listed.run_each("notes\nuploads\n", options);
    std::istringstream lines(ended.err);
    int pasted = 0;
    for (std::string line; std::getline(lines, line);) {
      const auto again = line.find("again: nslaunch ");
      if (again == line.npos) continue;
      ++pasted;
      const auto words = nslaunch({}).front() + line.substr(again + 15);
      const auto next = run({"sh", "-c", words}, listed.in_ground());
      INFO(words << next.err);
      CHECK(next.status == 0);
    }
    CHECK(pasted == 2);
    CHECK(owner_of(user.ground / "uploads") == 0);
    CHECK(file_text(user.ground / "notes") == "root's");
  }
}

}  // namespace nslaunch::test
