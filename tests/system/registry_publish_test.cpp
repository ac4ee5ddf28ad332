#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "registry/place/names.hpp"
#include "support/registry_scene.hpp"

namespace {

using namespace nslaunch;
using test::IdleProcess;
using test::list;
using test::make_record;
using test::publish;
using test::StateDir;
using test::states;

}  // namespace

TEST_CASE("a published record is listed with what it says until it is removed", "[system]") {
  const StateDir dir;
  const IdleProcess init;
  {
    auto published = publish(make_record("aaaa"));
    CHECK(states() == "aaaa starting");
    auto record = make_record("aaaa");
    record.init = init.identity();
    published.rewrite(record, ShardState::kRunning);
    CHECK(dir.names() == std::vector<std::string>{"aaaa.shard"});
    CHECK(states() == "aaaa running");
    published.set_state(ShardState::kStopping);
    published.set_state(ShardState::kDead);  // found out by looking, never recorded
    const auto entry = list().at(0);
    CHECK(entry.state == ShardState::kStopping);
    CHECK_FALSE(entry.foreign);
    CHECK(entry.problem.empty());
    CHECK(entry.path == dir / "aaaa.shard");
    CHECK(entry.record.name == "name of aaaa");
    CHECK(entry.record.command == std::vector<std::string>{"npm", "test"});
    CHECK(entry.record.cwd == "/somewhere");
    CHECK(entry.record.uid == ::geteuid());
    CHECK(entry.record.launcher == test::own_identity());
    CHECK(entry.record.init == init.identity());
  }
  CHECK(list().empty());
  CHECK(dir.names().empty());
}

TEST_CASE("directory and record are the owner's alone, whatever the umask", "[system]") {
  const StateDir dir;
  const mode_t before = ::umask(GENERATE(0U, 0777U));
  const auto published = publish(make_record("aaaa"));
  ::umask(before);
  struct stat status = {};
  REQUIRE(::stat(dir.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
  REQUIRE(::stat((dir / "aaaa.shard").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("a published record that moves takes its record along", "[system]") {
  const StateDir dir;
  auto one = publish(make_record("aaaa"));
  auto other = std::move(one);
  one = publish(make_record("bbbb"));
  CHECK(dir.names().size() == 2);
  one = std::move(other);
  CHECK(dir.names() == std::vector<std::string>{"aaaa.shard"});
  one.remove();
  CHECK(dir.names().empty());
}

TEST_CASE("a second shard of the same id gets no record and leaves the first one's alone", "[system]") {
  const StateDir dir;
  const auto first = publish(make_record("aaaa"));
  std::string problem;
  CHECK_FALSE(registry::PublishedRecord::publish(make_record("aaaa"), problem));
  CHECK_THAT(problem, Catch::Contains("File exists"));
  CHECK(dir.names() == std::vector<std::string>{"aaaa.shard"});
  CHECK_FALSE(registry::PublishedRecord::publish(make_record("../aaaa"), problem));
  CHECK_THAT(problem, Catch::Contains("can't be an id"));
}
