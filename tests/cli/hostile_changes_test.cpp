#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <set>

#include "support/checkout.hpp"
#include "support/hostile.hpp"
#include "support/overlays.hpp"
#include "support/write_file.hpp"

// A user who has root keep what his command changes, and what he does with the directory for that meanwhile.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Names = std::set<std::string>;

/// The user's project, with a directory that is closed to him in it.
struct Project {
  Project() {
    need_room_for_changes(user.ground.path());
    user.act([&] { fs::create_directory(path); });
    fs::create_directory(path + "/secret");
    write_file(path + "/secret/file", "of root\n");
    fs::permissions(path + "/secret", fs::perms(0700));
  }
  Words keeping_in(const std::string& directory) const {
    return user.words({"--workdir", path, "--overlay", path + "=" + directory});
  }
  Result run_here(const std::string& script, const std::string& directory) const {
    return run(in_shard(script, keeping_in(directory)), user.options());
  }
  /// Those of overlayfs, wherever they are.
  Words work_directories() const {
    Words found;
    for (const auto& entry : fs::recursive_directory_iterator(user.ground.path())) {
      if (entry.path().extension() == ".work" && entry.is_directory()) found.push_back(entry.path());
    }
    return found;
  }
  /// A launcher that is killed when its command has run that script.
  void run_killed(const std::string& script, const std::string& changes) const {
    const auto mark = unique_text();
    Process process(in_shard(script + "; echo up; read line # " + mark, keeping_in(changes)), user.options());
    REQUIRE(process.read_line() == "up");
    process.send_signal(SIGKILL);
    process.wait();
    REQUIRE(all_gone(mark));
  }
  Hostile user;
  std::string path = user.own + "/project";
  std::string keep = user.own + "/keep";
};

}  // namespace

TEST_CASE(
    "what a user makes in the directory for the changes meanwhile opens nothing of root's in the view") {
  const Project project;
  const auto ended = project.run_here("echo x > new; mkdir ../keep/secret; cat secret/file", project.keep);
  INFO(ended.err);
  CHECK(ended.out.empty());
  CHECK_THAT(ended.err, Contains("Permission denied"));
  CHECK(names_below(project.keep) == Names{"new", "secret"});
}

TEST_CASE("what a user's command changes is kept in that user's directory, wherever root has it made") {
  const Project project;
  const auto of_root = project.user.ground / "of-root";
  fs::create_directory(of_root);
  for (const auto& keep : {project.keep, project.user.ground / "new", of_root}) {
    const auto ended = project.run_here("echo x > new; ls -A " + keep + "; stat -c '%u %a' .", keep);
    CAPTURE(keep, ended.err);
    CHECK(ended.status == 0);
    CHECK(ended.err.empty());
    CHECK_THAT(ended.out, Contains(std::to_string(project.user.uid) + " 755"));
    CHECK(names_below(keep) == Names{"new"});
    CHECK(owner_of(keep) == project.user.uid);
    CHECK(project.work_directories().empty());
  }
}

TEST_CASE("a command that changes nothing leaves a user's directory for changes empty, and none beside it") {
  const Project project;
  const auto ended = project.run_here("echo ran", project.keep);
  CHECK(ended.err.empty());
  CHECK(fs::is_empty(project.keep));
  CHECK(project.work_directories().empty());
}

TEST_CASE("each attempt of each shard of a user's has its changes kept at its end") {
  const Project project;
  Words words{"run", "--shards=2", "--retries=1"};
  for (const auto& word : project.keeping_in(project.keep + "/{index}-{id}")) words.push_back(word);
  words.insert(words.end(), {"--", "sh", "-c", "echo x > new; test $NSLAUNCH_ATTEMPT = 2"});
  const auto ended = run(nslaunch(words), project.user.options());
  INFO(ended.err);
  CHECK(ended.status == 0);
  std::size_t kept = 0;
  for (const auto& entry : fs::directory_iterator(project.keep)) {
    CHECK(names_below(entry.path()) == Names{"new"});
    ++kept;
  }
  CHECK(kept == 4);
  CHECK(project.work_directories().empty());
}

TEST_CASE("changes go with the directory that a user has moved away with what it lies in") {
  const Project project;
  const auto ended =
      project.run_here("echo x > new; cd ..; mv above moved; ln -s " + project.user.victim + " above",
                       project.user.own + "/above/keep");
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(project.user.victim_is_untouched());
  CHECK(names_below(project.user.own + "/moved") == Names{"keep", "keep/new"});
}

TEST_CASE(
    "the changes of a user's command whose launcher is killed stay, and what overlayfs worked in goes") {
  const Project project;
  const bool changes = GENERATE(true, false);
  const auto place = GENERATE(as<std::string>(), "own", "sticky", "shared");
  project.user.make_sticky();
  const auto shared = project.user.ground / "shared";
  fs::create_directory(shared);
  REQUIRE(::chown(shared.c_str(), 0, project.user.gid) == 0);
  fs::permissions(shared, fs::perms(0775));
  const auto keep = project.user.ground / (place + "/keep");
  CAPTURE(keep);
  project.run_killed(changes ? "echo x > new" : ":", keep);
  CHECK_THAT(project.user.registry.ask({"list"}).err, !Contains("work"));
  CHECK(project.work_directories().empty());
  CHECK(names_below(keep) == (changes ? Names{"new"} : Names{}));
}

}  // namespace nslaunch::test
