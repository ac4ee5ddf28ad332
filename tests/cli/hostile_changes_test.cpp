#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <set>

#include "support/awkward_name.hpp"
#include "support/checkout.hpp"
#include "support/hostile.hpp"
#include "support/overlays.hpp"
#include "support/write_file.hpp"
#include "sys/fd.hpp"
#include "sys/text.hpp"

// A user who has root keep what his command changes, and what he does with the folder for that meanwhile.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Names = std::set<std::string>;

/// The user's project, with a folder that is closed to him in it.
struct Project {
  Project() {
    need_room_for_changes(user.ground.path());
    user.act([&] { fs::create_directory(path); });
    fs::create_directory(path + "/secret");
    write_file(path + "/secret/file", "of root\n");
    fs::permissions(path + "/secret", fs::perms(0700));
  }
  Words keeping_in(const std::string& folder) const {
    return user.words({"--workdir", path, "--overlay", path + "=" + folder});
  }
  Result run_here(const std::string& script, const std::string& folder) const {
    return run(in_shard(script, keeping_in(folder)), user.options());
  }
  /// The work folders below the user's own.
  Words work_folders() const {
    Words found;
    for (const auto& entry : fs::recursive_directory_iterator(user.own)) {
      if (entry.path().extension() == ".work" && entry.is_directory()) found.push_back(entry.path());
    }
    return found;
  }
  /// A launcher that is killed when its command has run that script.
  void run_killed(const std::string& script) const {
    const auto mark = unique_text();
    Process process(in_shard(script + "; echo up; read line # " + mark, keeping_in(keep)), user.options());
    REQUIRE(process.read_line() == "up");
    process.send_signal(SIGKILL);
    process.wait();
    REQUIRE(all_gone(mark));
  }
  /// The command that moves the changes, and where to.
  std::string advice_in(const std::string& text) const {
    const auto begin = text.find("(cd ");
    const auto end = text.find(" DIR)", begin);
    REQUIRE(end != std::string::npos);
    return text.substr(begin, end - begin) + " " + saved + ")";
  }
  /// They are in the one that is left, and that is told of; root then does as he is told.
  void check_left_and_told(const std::string& text) const {
    const auto left = work_folders();
    REQUIRE(left.size() == 1);
    const auto changes = left.front() + "/upper";
    CHECK(text_of(changes + "/new") == "x\n");
    CHECK_THAT(text, Contains(sys::escape(changes)) && Contains("run: nslaunch reap"));
    const auto reaped = user.registry.ask({"reap"});
    CHECK(reaped.status == 125);
    const auto advice = advice_in(reaped.err);
    CHECK(advice == advice_in(text));
    CAPTURE(advice);
    CHECK(run({"bash", "-c", advice}, user.options()).status == 0);
    CHECK(user.registry.ask({"reap"}).status == 0);
    CHECK(work_folders().empty());
    CHECK(text_of(saved + "/new") == "x\n");
  }

  Hostile user;
  std::string path = user.own + "/project";
  std::string keep = user.own + "/keep";
  std::string saved = user.ground / "saved";
};

}  // namespace

TEST_CASE("what a user makes in the folder for the changes meanwhile opens nothing of root's in the view") {
  const Project project;
  const auto ended = project.run_here(
      "echo x > new; for all in ../keep ../.nslaunch-*.work ../.nslaunch-*.work/upper; do mkdir $all/secret; "
      "done; "
      "cat secret/file; ls ../.nslaunch-*.work",
      project.keep);
  INFO(ended.err);
  CHECK(ended.out.empty());
  CHECK(fs::exists(project.keep + "/secret"));
  project.check_left_and_told(ended.err);
}

TEST_CASE("what a user's command has changed takes its folder's place when the shard has ended") {
  const Project project;
  for (const auto& keep : {project.keep, project.user.ground / "of-root"}) {
    const auto ended = project.run_here("echo x > new; ls -A " + keep + "; stat -c '%u %a' .", keep);
    CAPTURE(keep, ended.err);
    CHECK(ended.status == 0);
    CHECK_THAT(ended.err, !Contains("nslaunch reap"));
    CHECK_THAT(ended.out, Contains(std::to_string(project.user.uid) + " 755"));
    CHECK_THAT(ended.out, !Contains("new"));
    CHECK(names_below(keep) == Names{"new"});
    CHECK(owner_of(keep) == project.user.uid);
    CHECK(project.work_folders().empty());
  }
}

TEST_CASE("a command that changes nothing leaves a user's folder for changes empty, and none beside it") {
  const Project project;
  const auto ended = project.run_here("echo ran", project.keep);
  CHECK(ended.err.empty());
  CHECK(fs::is_empty(project.keep));
  CHECK(project.work_folders().empty());
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
  CHECK(project.work_folders().empty());
}

TEST_CASE("changes whose folder a user has replaced meanwhile stay where they are, and are told of") {
  const Project project;
  const auto script = GENERATE(values<std::string>(
      {"ln -s $0 keep", "mkdir keep", "mkdir keep; touch keep/foreign", "touch keep", ":"}));
  const auto words = project.keeping_in(project.keep);
  auto all = in_shard("echo x > new; cd ..; mv keep moved; " + script, words);
  all.push_back(project.user.victim);
  const auto ended = run(all, project.user.options());
  CAPTURE(script, ended.err);
  CHECK(ended.status == 0);
  CHECK(project.user.victim_is_untouched());
  CHECK(fs::is_empty(project.user.own + "/moved"));
  project.check_left_and_told(ended.err);
}

TEST_CASE("changes go with the folder that a user has moved away with what it lies in") {
  const Project project;
  const auto ended =
      project.run_here("echo x > new; cd ..; mv above moved; ln -s " + project.user.victim + " above",
                       project.user.own + "/above/keep");
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(project.user.victim_is_untouched());
  CHECK(names_below(project.user.own + "/moved") == Names{"keep", "keep/new"});
}

TEST_CASE("changes stay out of a user's reach for as long as somebody has their view open") {
  const Project project;
  const auto mark = unique_text();
  Process process(in_shard("echo x > new; echo up; read line # " + mark, project.keeping_in(project.keep)),
                  project.user.options());
  REQUIRE(process.read_line() == "up");
  sys::Fd view;
  for (const auto pid : find_processes("read line # " + mark)) {
    const auto path = "/proc/" + std::to_string(pid) + "/root" + project.path;
    sys::Fd found(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct stat status = {};
    if (::fstatat(found.get(), "new", &status, 0) == 0) view = std::move(found);
  }
  REQUIRE(view);
  process.close_input();
  const auto ended = process.wait();
  INFO(ended.err);
  CHECK(fs::is_empty(project.keep));
  view.reset();
  project.check_left_and_told(ended.err);
}

TEST_CASE("the changes of a user's command whose launcher is killed are told of, and removed by nobody") {
  const Project project;
  project.run_killed("echo x > new");
  for (const char* word : {"list", "list"}) project.user.registry.ask({word});
  project.check_left_and_told(project.user.registry.ask({"reap"}).err);
}

TEST_CASE("where a user's changes are is told so that it can be pasted, whatever its folders are called") {
  Project project;
  const auto above = project.user.own + "/" + kAwkwardName;
  project.user.act([&] { fs::create_directory(above); });
  project.keep = above + "/keep";
  project.run_killed("echo x > new");
  project.check_left_and_told(project.user.registry.ask({"reap"}).err);
  CHECK_FALSE(fs::exists("/PWNED"));
}

TEST_CASE("what root is told to paste for changes moves nothing that the user has put in their place") {
  const Project project;
  project.run_killed("echo x > new");
  const auto advice = project.advice_in(project.user.registry.ask({"reap"}).err);
  const auto left = project.work_folders().front();
  const auto other = project.user.ground / "other";
  fs::create_directories(other + "/upper");
  const bool by_link = GENERATE(true, false);
  project.user.act([&] {
    fs::rename(left, project.user.own + "/moved");
    if (by_link) return fs::create_symlink(other, left);
    fs::create_directories(left + "/upper");
  });
  CHECK(run({"bash", "-c", advice}, project.user.options()).status != 0);
  CHECK_FALSE(fs::exists(project.saved));
  CHECK(fs::exists(left + "/upper"));
}

TEST_CASE("a killed launcher's work folder goes where a user's command has changed nothing") {
  const Project project;
  project.run_killed(":");
  project.user.registry.ask({"list"});
  CHECK(project.work_folders().empty());
  CHECK(fs::is_empty(project.keep));
}

}  // namespace nslaunch::test
