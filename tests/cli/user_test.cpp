#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

const std::string kIds = "echo $(id -u):$(id -g):$(id -G)";

bool is_root() {
  return ::geteuid() == 0;
}

std::string own_ids() {
  return std::to_string(::geteuid()) + ":" + std::to_string(::getegid());
}

Result ids_as(const std::string& user) {
  const RegistryView state;
  return run(in_shard(kIds, {"--user", user}), state.options());
}

}  // namespace

TEST_CASE("an ordinary user keeps uid and gid in the shard") {
  const RegistryView state;
  const auto ended = run(in_shard("echo $(id -u):$(id -g)"), state.options());
  CHECK(ended.out == own_ids() + "\n");
}

TEST_CASE("root runs a command as any user, by name or by number, with that user's groups") {
  if (!is_root()) return;
  const passwd* daemon = ::getpwnam("daemon");
  REQUIRE(daemon != nullptr);
  const auto uid = std::to_string(daemon->pw_uid);
  const auto gid = std::to_string(daemon->pw_gid);
  const auto groups = run({"id", "-G", "daemon"}).out;
  CHECK(ids_as("daemon").out == uid + ":" + gid + ":" + groups);
  CHECK(ids_as(uid).out == uid + ":" + gid + ":" + groups);
  CHECK(ids_as("daemon:mail").out == uid + ":8:8\n");
  CHECK(ids_as("12345").out == "12345:12345:12345\n");
  CHECK(ids_as("12345:54321").out == "12345:54321:54321\n");
}

TEST_CASE("a command that runs as another user can't get root back") {
  if (!is_root()) return;
  const RegistryView state;
  const auto ended = run(
      in_shard("grep -E '^(Uid|Gid|CapPrm|CapEff)' /proc/self/status", {"--user", "12345"}), state.options());
  CHECK(ended.out ==
        "Uid:\t12345\t12345\t12345\t12345\nGid:\t12345\t12345\t12345\t12345\n"
        "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n");
}

TEST_CASE(
    "a command that runs as another user has no capability, however root or a service came by its own") {
  if (!is_root()) return;
  const std::string wanted = "+sys_admin,+net_admin,+setuid,+setgid,+dac_read_search";
  const std::vector<Words> callers = {{"setpriv", "--inh-caps", wanted},
                                      {"setpriv", "--securebits", "+no_setuid_fixup"},
                                      {"setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups",
                                       "--inh-caps", wanted, "--ambient-caps", wanted}};
  for (auto caller : callers) {
    const auto words =
        in_shard("grep -E '^(Uid|Cap(Inh|Prm|Eff|Amb))' /proc/self/status", {"--user", "12345"});
    caller.insert(caller.end(), words.begin(), words.end());
    StartOptions options;
    options.directory = "/";
    options.environment = {"NSLAUNCH_STATE_DIR=/proc/nowhere"};
    const auto ended = run(caller, options);
    CAPTURE(caller, ended.err);
    CHECK(ended.out ==
          "Uid:\t12345\t12345\t12345\t12345\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
          "CapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n");
  }
}

TEST_CASE("a command that runs as another user has /tmp and a private directory to write to") {
  if (!is_root()) return;
  const RegistryView state;
  const TempDir directory;
  const auto path = directory / "private";
  std::filesystem::create_directory(path);
  REQUIRE(::chown(path.c_str(), 12345, 12345) == 0);
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  const auto ended = run(in_shard("touch /tmp/a " + path + "/b && echo written",
                                  {"--user", "12345", "--private", path, "--keep", directory.path()}),
                         state.options());
  CHECK(ended.out == "written\n");
  CHECK(std::filesystem::is_empty(path));
}

TEST_CASE("an ordinary user may ask for the own ids and for nobody else's") {
  if (is_root()) return;
  const auto name = std::string(::getpwuid(::geteuid())->pw_name);
  const auto wanted = own_ids();
  for (const auto& user : {name, std::to_string(::geteuid()), wanted, name + ":" + name}) {
    CAPTURE(user);
    const auto ended = ids_as(user);
    CHECK_THAT(ended.out, Catch::Matchers::StartsWith(wanted + ":"));
    CHECK(ended.err.empty());
  }
  for (const auto& user : {std::string("root"), std::string("0:0"), name + ":0", std::string("12345")}) {
    CAPTURE(user);
    const auto ended = ids_as(user);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains("only root"));
  }
}

TEST_CASE("a user or group that does not exist is named and nothing runs") {
  for (const char* user : {"no-such-user", "root:no-such-group", "", ":", "4294967295", "-1", "1.5"}) {
    CAPTURE(user);
    const auto ended = ids_as(user);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Catch::Matchers::StartsWith("nslaunch: --user"));
  }
}

TEST_CASE("with --map-root the command is root inside and the caller outside") {
  const RegistryView state;
  const TempDir directory;
  auto options = state.options();
  const auto ended =
      run(in_shard("id -u; id -g; touch " + directory / "made", {"--map-root", "--keep", directory.path()}),
          options);
  CHECK(ended.out == "0\n0\n");
  struct stat made = {};
  REQUIRE(::stat((directory / "made").c_str(), &made) == 0);
  CHECK(made.st_uid == ::geteuid());
}

TEST_CASE("option --hostname holds in the shard alone") {
  const RegistryView state;
  const auto outside = run({"uname", "-n"}).out;
  CHECK(run(in_shard("uname -n"), state.options()).out == outside);
  CHECK(run(in_shard("uname -n", {"--hostname", "shard-1"}), state.options()).out == "shard-1\n");
  CHECK(run({"uname", "-n"}).out == outside);
  const auto longest = std::string(64, 'h');
  CHECK(run(in_shard("uname -n", {"--hostname", longest}), state.options()).out == longest + "\n");
  CHECK(run(in_shard("true", {"--hostname", longest + "h"}), state.options()).status == 125);
}

TEST_CASE("option --workdir is where the command runs, relative to the caller's directory") {
  const RegistryView state;
  auto options = state.options();
  options.directory = "/usr";
  CHECK(run(in_shard("pwd", {"--workdir", "/var"}), options).out == "/var\n");
  CHECK(run(in_shard("pwd", {"--workdir", "lib"}), options).out == "/usr/lib\n");
  CHECK(run(in_shard("pwd", {"--workdir", "./lib/../share/"}), options).out == "/usr/share\n");
  CHECK(run(in_shard("pwd -P", {"--workdir", "/proc/self"}), options).status == 0);
}

TEST_CASE("a --workdir that can't be entered is named and nothing runs") {
  const RegistryView state;
  const TempDir directory;
  const auto missing = run(in_shard("echo ran", {"--workdir", directory / "missing"}), state.options());
  CHECK(missing.status == 125);
  CHECK(missing.out.empty());
  CHECK_THAT(missing.err, Contains("changing to the working directory " + directory / "missing") &&
                              Contains("No such file or directory"));
  const auto file = run(in_shard("echo ran", {"--workdir", "/etc/passwd"}), state.options());
  CHECK(file.status == 125);
  CHECK_THAT(file.err, Contains("Not a directory"));
  const auto direct =
      run(in_shard("echo ran", {"--isolation=none", "--workdir", directory / "missing"}), state.options());
  CHECK(direct.status == 125);
  CHECK(direct.out.empty());
}

TEST_CASE("a working directory that is gone does not keep a command from running") {
  const RegistryView state;
  auto options = state.options();
  const TempDir directory;
  const auto gone = directory / "gone";
  options.prepare = [&] {
    if (::mkdir(gone.c_str(), 0700) != 0 || ::chdir(gone.c_str()) != 0 || ::rmdir(gone.c_str()) != 0)
      ::_exit(97);
  };
  const auto ended = run(nslaunch({"--", "echo", "ran"}), options);
  CHECK(ended.out == "ran\n");
  CHECK(ended.err.empty());
}

TEST_CASE("a shard's name may be anything and drives no terminal") {
  const RegistryView state;
  auto options = state.options();
  Process process(in_shard("echo \"$NSLAUNCH_NAME\"; read line", {"--name", "a\x1b[31m b"}), options);
  CHECK(process.read_line() == "a\x1b[31m b");
  const auto listed = run(nslaunch({"list"}), options);
  CHECK_THAT(listed.out, Contains("a\\x1b[31m b") && !Contains("\x1b"));
}

TEST_CASE("the shard of a launcher that is killed ends with --user too") {
  if (!is_root()) return;
  const RegistryView state;
  const auto mark = unique_text();
  Process launcher(nslaunch({"--user", "12345", "--", "sh", "-c", "echo up; sleep 1000; :", mark}),
                   state.options());
  REQUIRE(launcher.read_line() == "up");
  REQUIRE(!find_processes(mark).empty());
  launcher.send_signal(SIGKILL);
  launcher.wait();
  CHECK(eventually([&] { return find_processes(mark).empty(); }));
}

TEST_CASE("the working directory is the very directory that the caller is in, whatever its name leads to") {
  const RegistryView state;
  const std::string directory = "/var/tmp/" + unique_text();
  std::filesystem::create_directories(directory + "/closed/inner");
  auto options = state.options();
  options.directory = directory + "/closed/inner";
  if (is_root()) {
    // Behind a directory that the command's user may not enter.
    std::filesystem::permissions(directory + "/closed", std::filesystem::perms(0700));
    CHECK(run(in_shard("id -u", {"--user", "12345:12345"}), options).out == "12345\n");
  }
  {
    // What enters the shard later is there too.
    Process shard(in_shard("echo $NSLAUNCH_ID; cat", is_root() ? Words{"--user", "12345:12345"} : Words{}),
                  options);
    const auto id = shard.read_line();
    CHECK(state.ask({"exec", id, "--", "readlink", "/proc/self/cwd"}).out == directory + "/closed/inner\n");
  }
  options.prepare = [&] {
    if (::rename((directory + "/closed").c_str(), (directory + "/moved").c_str()) != 0) ::_exit(97);
    if (::mkdir((directory + "/closed").c_str(), 0700) != 0) ::_exit(97);
  };
  CHECK(run(in_shard("pwd -P"), options).out == directory + "/moved/inner\n");
  std::filesystem::remove_all(directory);
}

}  // namespace nslaunch::test
