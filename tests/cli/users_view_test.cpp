#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/access_list.hpp"
#include "support/hostile.hpp"
#include "support/identity.hpp"
#include "support/overlays.hpp"
#include "support/paused_launch.hpp"
#include "support/process.hpp"
#include "support/somebody.hpp"
#include "support/temp_dir.hpp"
#include "support/write_file.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

// K57: a view that root has mounted for another user is asked, and asks, as that user.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

/// The user's project, with what is root's in it, in a view of which the script is run.
struct Project {
  Project() {
    need_overlays_for_users();
    user.act([&] { fs::create_directory(path); });
    for (const char* name : {"open", "shut"}) {
      fs::create_directory(path + "/" + name);
      write_file(path + "/" + name + "/file", "of root\n");
    }
  }
  Words words(const std::string& script) const {
    return in_shard("cd " + path + "; " + script, user.words({"--overlay", path}));
  }
  Result run_here(const std::string& script) const { return run(words(script), user.options()); }

  const Hostile user;
  const std::string path = user.own + "/project";
};

}  // namespace

TEST_CASE("whom an access control list shuts out is shut out in a view, too") {
  const Project project;
  for (const char* shut : {"/shut", "/open/file"})
    REQUIRE(set_access_list(project.path + shut, project.user.uid,
                            {.owner = 7, .user = 0, .group = 5, .others = 5}));
  const auto ended = project.run_here("cat shut/file; cat open/file; ls open");
  INFO(ended.err);
  CHECK(ended.out == "file\n");
}

TEST_CASE("a directory that is closed while a view is there is closed in it") {
  const Project project;
  Process command(project.words("cd open; cat file; echo seen; read go; cat file later; ls"),
                  project.user.options());
  REQUIRE(command.read_line() == "of root");
  REQUIRE(command.read_line() == "seen");
  fs::permissions(project.path + "/open", fs::perms(0700));
  write_file(project.path + "/open/later", "secret\n");
  command.write_input("go\n");
  const auto ended = command.wait();
  INFO(ended.err);
  CHECK(ended.out.empty());
}

TEST_CASE("in a view a user changes what is his, and makes nothing of what is not, nor of others' groups") {
  const Project project;
  const auto own = project.path + "/own";
  const auto program = project.path + "/program";
  const auto lent = project.path + "/lent";
  fs::create_directory(own);
  write_file(own + "/file", "one\n");
  write_file(program, "text");
  write_file(lent, "text");
  for (const auto& path : {own, own + "/file"})
    REQUIRE(::chown(path.c_str(), project.user.uid, project.user.gid) == 0);
  REQUIRE(::chown(lent.c_str(), project.user.uid, 0) == 0);
  REQUIRE(::chmod(lent.c_str(), 02755) == 0);
  REQUIRE(::chmod(program.c_str(), 04755) == 0);
  const auto ended = project.run_here(
      "echo two >> own/file; cat own/file; mv own moved; ls moved; mv program other; mv lent other; rm "
      "program lent; ls");
  INFO(ended.err);
  CHECK(ended.out == "one\ntwo\nfile\nmoved\nopen\nshut\n");
  CHECK_THAT(ended.err, Contains("cannot move 'program'") && Contains("cannot move 'lent'"));
  CHECK(fs::exists(program));
}

TEST_CASE("a view that root has mounted for a user lets no set-user-id program gain rights") {
  const Project project;
  fs::copy_file("/usr/bin/id", project.path + "/whose");
  REQUIRE(::chmod((project.path + "/whose").c_str(), 04755) == 0);
  const auto ended = project.run_here("./whose -u");
  INFO(ended.err);
  CHECK(ended.out == std::to_string(project.user.uid) + "\n");
}

TEST_CASE("what is not the user's is not covered for him: its top would be his to change") {
  const Project project;
  for (const auto& directory : {project.user.victim, project.path + "/open", std::string("/etc")}) {
    const auto ended = project.user.run_with({"--overlay", directory}, "echo ran");
    CAPTURE(directory, ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains("it belongs to user 0, and not to"));
  }
}

TEST_CASE("what is mounted below a user's directory is covered by no view of its own either") {
  const Project project;
  const auto mounted = project.path + "/open";
  auto options = project.user.options();
  options.prepare = [&] {
    const bool is_there = ::unshare(CLONE_NEWNS) == 0 &&
                          ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                          ::mount("none", mounted.c_str(), "tmpfs", 0, nullptr) == 0 &&
                          ::chown(mounted.c_str(), project.user.uid, project.user.gid) == 0;
    if (!is_there) ::_exit(97);
  };
  const auto words = project.user.words({"--overlay", project.path, "--overlay", mounted});
  const auto ended = run(in_shard("echo ran", words), options);
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Contains("is mounted below it") && Contains("only root's own views"));
}

TEST_CASE("as many views as are asked for are there for a user, one in another, too") {
  const Project project;
  Words overlays;
  for (int number = 0; number < 12; ++number) {
    const auto directory = project.path + "/" + std::to_string(number);
    project.user.act([&] { fs::create_directory(directory); });
    overlays.insert(overlays.end(), {"--overlay", directory});
  }
  overlays.insert(overlays.end(), {"--overlay", project.path});
  const auto ended = project.user.run_with(
      overlays,
      "cd " + project.path + "; echo x > 3/file; echo x > file; grep -c overlay /proc/self/mountinfo");
  INFO(ended.err);
  CHECK(ended.out == "13\n");
  CHECK_FALSE(fs::exists(project.path + "/3/file"));
  CHECK_FALSE(fs::exists(project.path + "/file"));
}

TEST_CASE("used up user namespaces are named where a view for a user needs one, and what is advised helps") {
  const Project project;
  // A limit of a user namespace's own, in which root has all the ids that it has here.
  const auto script = fmt::format(
      "echo 0 > /proc/sys/user/max_user_namespaces; sudo() {{ \"$@\"; }};"
      "launch() {{ {0} --user {1}:{2} --overlay {3} -- echo ran; }};"
      "said=$(launch 2>&1); echo $?; echo \"$said\"; eval \"$(echo \"$said\" | grep -o 'sudo .*')\"; launch",
      nslaunch_binary(), project.user.uid, project.user.gid, project.path);
  Process machine({"unshare", "--user", "sh", "-c", "echo up; read -r go; exec sh -c \"$0\"", script},
                  project.user.options());
  REQUIRE(machine.read_line() == "up");
  for (const char* map : {"uid_map", "gid_map"})
    REQUIRE(sys::write_file(fmt::format("/proc/{}/{}", machine.pid(), map).c_str(), "0 0 65536") == 0);
  machine.write_input("go\n");
  const auto ended = machine.wait();
  INFO(ended.err);
  CHECK_THAT(ended.out,
             StartsWith("125\n") && Contains("user namespaces are used up") && EndsWith("= 10000\nran\n"));
}

TEST_CASE("what is the host's below a view for more than one reason is there") {
  const Project project;
  const auto results = project.path + "/results";
  const TempDir place;
  fs::permissions(place.path(), fs::perms(01777));
  const auto link = place / "link";
  project.user.act([&] {
    fs::create_directories(results + "/deep");
    fs::create_symlink(results, link);
  });
  const std::vector<Words> all = {{"--artifacts", results, "--tmp", results},
                                  {"--artifacts", results, "--tmp", results + "/deep"},
                                  {"--artifacts", results + "/deep", "--tmp", results},
                                  {"--artifacts", results, "--keep", link}};
  for (auto options : all) {
    options.insert(options.end(), {"--overlay", project.path});
    const auto ended = project.user.run_with(options, "echo x > $NSLAUNCH_ARTIFACTS/file");
    CAPTURE(options, ended.err);
    CHECK(ended.status == 0);
    CHECK(fs::remove(options[1] + "/file"));
  }
}

TEST_CASE("a directory for a user's changes that is another's is refused with whose it is") {
  const Project project;
  const auto keep = project.user.ground / "keep";
  fs::create_directory(keep);
  fs::permissions(keep, fs::perms(0777));
  const auto refused = [&](uid_t owner) {
    const auto ended = project.user.run_with({"--overlay", project.path + "=" + keep}, "echo ran");
    INFO(ended.err);
    return ended.status == 125 &&
           ended.err.find(fmt::format("the directory for the changes belongs to user {}", owner)) !=
               std::string::npos;
  };
  CHECK(refused(0));
  // Nor is a third user's given to him where root alone could have named it.
  fs::permissions(keep, fs::perms(0755));
  REQUIRE(::chown(keep.c_str(), kSomebody, kSomebody) == 0);
  CHECK(refused(kSomebody));
  CHECK(owner_of(keep) == kSomebody);
}

TEST_CASE("a signal to the group keeps init from no directory of a user's") {
  const Project project;
  for (const Words& options : {Words{"--overlay", project.path}, {"--private", project.path}}) {
    const auto mark = unique_text();
    const auto step = options.front() == "--overlay" ? "overlay" : "private";
    PausedLaunch launch(in_shard("echo ran # " + mark, project.user.words(options)), project.user.options(),
                        step);
    REQUIRE(launch.reached());
    for (const pid_t pid : find_processes(mark)) {
      if (pid != launch.process().pid()) CHECK(::kill(pid, SIGTERM) == 0);
    }
    launch.resume();
    const auto ended = launch.process().wait();
    CAPTURE(options, ended.err);
    CHECK(ended.out == "ran\n");
  }
}

}  // namespace nslaunch::test
