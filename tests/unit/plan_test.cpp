#include "shard/plan/make_plan.hpp"

#include <unistd.h>
#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "shard/plan/environment.hpp"
#include "shard/plan/hidden.hpp"
#include "shard/plan/tmp_paths.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::shard {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<std::string>;
using test::TempDir;

Paths kept_of(const ShardSpec& spec, const std::string& directory) {
  Paths paths;
  for (const auto& kept : paths_to_keep(spec, directory)) paths.push_back(kept.path);
  return paths;
}

ShardSpec spec_of(Paths command, Paths environment = {}) {
  ShardSpec spec;
  spec.command = std::move(command);
  spec.environment = std::move(environment);
  return spec;
}

}  // namespace

TEST_CASE("the top directory in /tmp is the first part below it") {
  CHECK(top_directory_in_tmp("/tmp/a/b/c") == "/tmp/a");
  CHECK(top_directory_in_tmp("/tmp/a") == "/tmp/a");
  CHECK(top_directory_in_tmp("/tmp").empty());
  CHECK(top_directory_in_tmp("/tmp/").empty());
  CHECK(top_directory_in_tmp("/tmpx/a").empty());
  CHECK(top_directory_in_tmp("/var/tmp/a").empty());
  CHECK(top_directory_in_tmp("").empty());
}

TEST_CASE("what a command needs of /tmp is kept once, a directory before what lies below it") {
  const TempDir directory;
  fs::create_directories(directory / "bin");
  std::ofstream(directory / "bin/tool") << "x";
  const auto path = directory.path();
  CHECK(kept_of(spec_of({directory / "bin/tool"}), "/").size() == 1);
  CHECK(kept_of(spec_of({"bin/tool"}), path) == Paths{path});
  CHECK(kept_of(spec_of({"tool"}, {"PATH=/usr/bin:" + directory / "bin" + "::/bin"}), "/") == Paths{path});
  CHECK(kept_of(spec_of({"tool"}, {"PATH=" + directory / "bin"}), "/") == Paths{path});
  CHECK(kept_of(spec_of({"tool"}, {"SSH_AUTH_SOCK=" + directory / "bin/tool"}), "/") == Paths{path});
  CHECK(kept_of(spec_of({"tool"}, {"PATH=/tmp/no-such-directory/bin", "SSH_AUTH_SOCK=/tmp/no-such-socket"}),
                "/")
            .empty());
  CHECK(kept_of(spec_of({"tool"}), "/usr").empty());
  auto spec = spec_of({"tool"});
  spec.keep = {directory / "bin/tool", directory / "bin/"};
  CHECK(kept_of(spec, path) == Paths{path});
  CHECK(kept_of(spec, "/") == Paths{directory / "bin"});
}

TEST_CASE("what is below /tmp only by its spelling is not kept") {
  auto spec = spec_of({"tool"});
  spec.keep = {"/tmp/../etc"};
  CHECK_THROWS_AS(paths_to_keep(spec, "/"), UsageError);
  spec.keep = {""};
  CHECK_THROWS_AS(paths_to_keep(spec, "/"), UsageError);
}

TEST_CASE("a plan fills in id, name and the command's variables") {
  auto spec = spec_of({"true"}, {"A=1", "TMPDIR=/elsewhere", "NSLAUNCH_ID=outer"});
  spec.workdir = "/usr/lib/../share/";
  const auto plan = make_plan(spec);
  CHECK(plan.working_directory == "/usr/lib/../share/");
  CHECK(plan.spec.id.size() == 8);
  CHECK(plan.spec.name == plan.spec.id);
  CHECK(variable(plan.spec.environment, "A") == "1");
  CHECK(variable(plan.spec.environment, "TMPDIR") == "/tmp");
  CHECK(variable(plan.spec.environment, "NSLAUNCH_ID") == plan.spec.id);
  CHECK(make_plan(spec).spec.id != plan.spec.id);
  CHECK_THROWS_AS(make_plan(ShardSpec{}), UsageError);
}

TEST_CASE("a hint names the first argument that only the host's /tmp has") {
  const TempDir directory;
  std::ofstream(directory / "a") << "x";
  auto spec = spec_of({"cat", "/tmp/none", "--in=" + directory / "a"});
  spec.workdir = "/";
  CHECK_THAT(hint_on_hidden_argument(make_plan(spec)), Catch::Contains("--keep " + directory / "a"));
  spec.keep = {directory.path()};
  CHECK(hint_on_hidden_argument(make_plan(spec)).empty());
  spec.keep = {};
  spec.tmp = TmpMode::kHost;
  CHECK(hint_on_hidden_argument(make_plan(spec)).empty());
}

TEST_CASE("a variable is set in its place, and the last of several counts") {
  Paths environment = {"A=1", "AB=2", "A=3"};
  CHECK(variable(environment, "A") == "3");
  CHECK(variable(environment, "AB") == "2");
  CHECK_FALSE(variable(environment, "B").has_value());
  set_variable(environment, "AB", "");
  set_variable(environment, "C", "x=y");
  CHECK(variable(environment, "AB") == "");
  CHECK(variable(environment, "C") == "x=y");
  set_variable(environment, "A", "4");
  CHECK(variable(environment, "A") == "4");
}

}  // namespace nslaunch::shard
