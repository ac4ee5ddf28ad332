#include <unistd.h>

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "support/identity.hpp"
#include "support/live_shard.hpp"
#include "support/temp_dir.hpp"
#include "support/write_file.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Json = nlohmann::json;

/// A shard with a server, a stopped process, a child below a child, and files.
struct Busy {
  RegistryView registry;
  TempDir covered;
  LiveShard shard{
      registry,
      {"--name", "busy", "--leaks=ignore", "--private", covered.path()},
      probe_binary() +
          " echo 127.0.0.1 9926 & sh -c 'kill -STOP $$' & sh -c 'sleep 1000; :' & "
          "mkdir /tmp/directory; head -c 300000 /dev/zero >/tmp/directory/large; echo x >/tmp/small; cat"};

  Busy() {
    REQUIRE(shard.launcher.read_line() == "up");
    REQUIRE(eventually([&] {
      return state_of("sh -c kill -STOP $$") == "T" && state_of("sleep 1000") == "S" &&
             state_of("cat") == "S";
    }));
  }
  std::string inside(const std::string& script) const {
    return run(nslaunch({"exec", shard.id, "--", "sh", "-c", script}), registry.options()).out;
  }
  Json seen() const {
    const auto result = run(nslaunch({"inspect", "--json", shard.id}), registry.options());
    INFO(result.err);
    REQUIRE(result.status == 0);
    return Json::parse(result.out);
  }
  std::string state_of(const std::string& command_line) const {
    const auto shard_now = seen();
    for (const auto& process : shard_now.at("processes")) {
      if (process.at("command_line") == command_line) return process.at("state");
    }
    return {};
  }
};

}  // namespace

TEST_CASE("inspect shows the processes that ps shows inside, as a tree, by both their pids") {
  const Busy busy;
  std::map<std::string, std::string> by_ps;  // pid: parent
  std::istringstream lines(busy.inside("ps -e -o pid=,ppid=,args="));
  for (std::string pid, parent, rest; lines >> pid >> parent && std::getline(lines, rest);) {
    const bool own = rest.find("ps -e -o") != std::string::npos;  // what looks, and its shell
    if (!own) by_ps[pid] = parent;
  }
  std::map<std::string, std::string> by_inspect;
  const auto seen = busy.seen();
  for (const auto& process : seen.at("processes")) {
    const auto pid = process.at("pid").get<pid_t>();
    by_inspect[std::to_string(pid)] = std::to_string(process.at("parent").get<pid_t>());
    const auto outer = process.at("outer_pid").get<pid_t>();
    CHECK(outer != pid);
    CHECK(sys::command_line(outer) == process.at("command_line"));
  }
  CHECK(by_inspect == by_ps);
  CHECK(by_inspect.size() == 7);
}

TEST_CASE("inspect shows the sockets that ss shows inside, with their owners") {
  const Busy busy;
  std::set<std::string> by_ss;
  std::istringstream lines(busy.inside("ss -Hltnp"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string skipped, local;
    words >> skipped >> skipped >> skipped >> local;
    const auto pid = line.find("pid=") + 4;
    by_ss.insert(local + " " + line.substr(pid, line.find_first_not_of("0123456789", pid) - pid));
  }
  std::set<std::string> by_inspect;
  const auto seen = busy.seen();
  for (const auto& socket : seen.at("sockets")) {
    if (socket.at("protocol") != "tcp" || !socket.at("listening")) continue;
    by_inspect.insert(socket.at("local").get<std::string>() + " " +
                      std::to_string(socket.at("pids").at(0).get<pid_t>()));
  }
  CHECK(by_inspect == by_ss);
  CHECK(by_inspect.size() == 1);
}

TEST_CASE("inspect shows the namespaces that lsns shows inside, but for those that are ours, too") {
  const Busy busy;
  Json by_lsns = Json::object();
  std::istringstream lines(busy.inside("lsns --noheadings --raw --output TYPE,NS --task $$"));
  for (std::string type, inode; lines >> type >> inode;) {
    if (std::stoull(inode) != sys::namespace_inode(0, type.c_str())) by_lsns[type] = std::stoull(inode);
  }
  CHECK(busy.seen().at("namespaces") == by_lsns);
  for (const auto* type : {"net", "pid", "mnt", "ipc"}) CHECK(by_lsns.contains(type));
  CHECK_FALSE(by_lsns.contains("uts"));
}

TEST_CASE("inspect shows what is mounted in the shard alone, and what its /tmp holds") {
  const Busy busy;
  const auto seen = busy.seen();
  std::set<std::string> paths;
  for (const auto& mount : seen.at("mounts")) {
    paths.insert(mount.at("path").get<std::string>());
    if (mount.at("path") == "/tmp") {
      CHECK(mount.at("type") == "tmpfs");
      CHECK(mount.at("used_bytes").get<std::uint64_t>() >= 300'000);
      CHECK(mount.at("limit_bytes").get<std::uint64_t>() > mount.at("used_bytes").get<std::uint64_t>());
    }
  }
  for (const auto* path : {"/proc", "/tmp", "/dev/shm"}) CHECK(paths.contains(path));
  CHECK(paths.contains(busy.covered.path()));
  CHECK_FALSE(paths.contains("/"));
  CHECK(seen.at("tmp").at(0).at("name") == "directory");
  CHECK(seen.at("tmp").at(0).at("bytes").get<std::uint64_t>() >= 300'000);
  CHECK(seen.at("not_looked_at").empty());
}

TEST_CASE("inspect for people tells of the record, the tree, the sockets and the mounts") {
  const Busy busy;
  const auto result = run(nslaunch({"inspect", "busy"}), busy.registry.options());
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  CHECK_THAT(result.out, Contains("state       running\n") && Contains("isolation   net,pid,mnt,ipc") &&
                             Contains("namespaces  net "));
  CHECK_THAT(result.out, Contains("\tstopped\t") && Contains("\t      sleep 1000\n"));
  CHECK_THAT(result.out, Contains("tcp\tlistens\t127.0.0.1:9926\t-\t"));
  CHECK_THAT(result.out, Contains("/tmp\ttmpfs\t") && Contains("\tdirectory\n"));
}

TEST_CASE("inspect of a shard that is not there is an error with a suggestion") {
  const RegistryView registry;
  const LiveShard live(registry, {"--name", "there"});
  const auto wrong = run(nslaunch({"inspect", "ther"}), registry.options());
  CHECK(wrong.status == 125);
  CHECK_THAT(wrong.err, Contains("there is no shard 'ther'") && Contains("'there'"));
  CHECK(run(nslaunch({"inspect"}), registry.options()).status == 125);
}

TEST_CASE("a shard of hundreds of generations is shown whole, in lines that can be read") {
  const RegistryView registry;
  const TempDir scripts;
  write_file(scripts / "descend",
             "if [ $1 -gt 0 ]; then sh $0 $(($1 - 1)); else echo deepest; read line; fi; :\n");
  LiveShard shard(registry, {"--tmp=host"}, "exec sh " + (scripts / "descend") + " 300");
  REQUIRE(shard.launcher.read_line() == "deepest");
  const auto shown = run(nslaunch({"inspect", shard.id}), registry.options());
  CHECK(shown.status == 0);
  CHECK_THAT(shown.out, Contains("descend 0\n") && Contains("descend 300\n"));
  std::istringstream lines(shown.out);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() < 200);
}

}  // namespace nslaunch::test
