#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "support/identity.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

/// The values that the command's environment has for `name`, in order; more than one would be a bug.
Words values_of(const Result& listed, const std::string& name) {
  Words values;
  std::istringstream lines(listed.out);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + "=")) values.push_back(line.substr(name.size() + 1));
  }
  return values;
}

class Environment {
 public:
  Result with(Words nslaunch_options, Words variables = {}) const {
    auto options = state_.options();
    options.environment.insert(options.environment.end(), variables.begin(), variables.end());
    nslaunch_options.insert(nslaunch_options.end(), {"--", "env"});
    return run(nslaunch(std::move(nslaunch_options)), options);
  }

 private:
  RegistryView state_;
};

}  // namespace

TEST_CASE("the environment is searched twin below flag and above default, and no twin reaches the command") {
  const Environment environment;
  const auto by_twin =
      environment.with({}, {"NSLAUNCH_OPT_NAME=twin", "NSLAUNCH_OPT_TIMEOUT=1h", "NSLAUNCH_OPT_VERBOSE=0"});
  CHECK(values_of(by_twin, "NSLAUNCH_NAME") == Words{"twin"});
  CHECK_THAT(by_twin.out, !Contains("NSLAUNCH_OPT"));
  const auto by_flag = environment.with({"--name", "flag"}, {"NSLAUNCH_OPT_NAME=twin"});
  CHECK(values_of(by_flag, "NSLAUNCH_NAME") == Words{"flag"});
  const auto by_default = environment.with({}, {"NSLAUNCH_OPT_NAME="});
  CHECK(values_of(by_default, "NSLAUNCH_NAME") == values_of(by_default, "NSLAUNCH_ID"));
}

TEST_CASE("a twin of a repeatable option holds a value a line, and a flag replaces them all") {
  const Environment environment;
  const auto two = environment.with({}, {"NSLAUNCH_OPT_ENV=ONE=1\nTWO=2"});
  CHECK(values_of(two, "ONE") == Words{"1"});
  CHECK(values_of(two, "TWO") == Words{"2"});
  const auto replaced = environment.with({"--env", "THREE=3"}, {"NSLAUNCH_OPT_ENV=ONE=1"});
  CHECK(values_of(replaced, "ONE").empty());
  CHECK(values_of(replaced, "THREE") == Words{"3"});
}

TEST_CASE("a switch's twin takes 1 and 0 and nothing else") {
  const Environment environment;
  CHECK_THAT(environment.with({}, {"NSLAUNCH_OPT_VERBOSE=1"}).err, Contains("all processes gone"));
  CHECK(environment.with({}, {"NSLAUNCH_OPT_VERBOSE=no"}).err.empty());
  const auto wrong = environment.with({}, {"NSLAUNCH_OPT_MAP_ROOT=perhaps"});
  CHECK(wrong.status == 125);
  CHECK_THAT(wrong.err, Contains("NSLAUNCH_OPT_MAP_ROOT=perhaps"));
}

TEST_CASE("less isolation is asked for by name only, never through the environment") {
  const Environment environment;
  const auto listed = environment.with({}, {"NSLAUNCH_OPT_ISOLATION=none", "NSLAUNCH_ISOLATION=none"});
  REQUIRE(listed.status == 0);
  const auto isolation = values_of(listed, "NSLAUNCH_ISOLATION");
  REQUIRE(isolation.size() == 1);
  CHECK_THAT(isolation.front(), Contains("net,pid,mnt,ipc"));
}

TEST_CASE("variables that nslaunch exports are no options of a run inside a shard") {
  const Environment environment;
  const auto inner = environment.with({"--name", "outer", "--", nslaunch_binary()});
  REQUIRE(inner.status == 0);
  const auto names = values_of(inner, "NSLAUNCH_NAME");
  REQUIRE(names.size() == 1);
  CHECK(names.front() != "outer");
  CHECK(names == values_of(inner, "NSLAUNCH_ID"));
}

TEST_CASE("a command is told about its shard") {
  const Environment environment;
  const auto listed = environment.with({"--name", "it"});
  CHECK(values_of(listed, "NSLAUNCH") == Words{"1"});
  CHECK(values_of(listed, "NSLAUNCH_NAME") == Words{"it"});
  CHECK(values_of(listed, "NSLAUNCH_SHARD_INDEX") == Words{"1"});
  CHECK(values_of(listed, "NSLAUNCH_SHARD_INDEX0") == Words{"0"});
  CHECK(values_of(listed, "NSLAUNCH_SHARD_TOTAL") == Words{"1"});
  CHECK(values_of(listed, "NSLAUNCH_ATTEMPT") == Words{"1"});
  const auto id = values_of(listed, "NSLAUNCH_ID");
  REQUIRE(id.size() == 1);
  CHECK(id.front().size() == 8);
  CHECK(id.front().find_first_not_of("0123456789abcdef") == std::string::npos);
  for (const char* token : {"net", "pid", "mnt", "ipc", "tmp", "proc"}) {
    CHECK_THAT("," + values_of(listed, "NSLAUNCH_ISOLATION").at(0) + ",",
               Contains("," + std::string(token) + ","));
  }
}

TEST_CASE("option --env sets, replaces and empties a variable, and the last one counts") {
  const Environment environment;
  const auto listed = environment.with(
      {"-e", "A=1", "--env=B=x=y", "-e", "A=2", "-e", "HOME=", "-e", "SPACED=a  b"}, {"B=outside"});
  CHECK(values_of(listed, "A") == Words{"2"});
  CHECK(values_of(listed, "B") == Words{"x=y"});
  CHECK(values_of(listed, "HOME") == Words{""});
  CHECK(values_of(listed, "SPACED") == Words{"a  b"});
}

TEST_CASE("option --env-file takes a variable a line, skips comments, and --env goes above it") {
  const TempDir directory;
  std::ofstream(directory / "env") << "# comment\n\nA=1\r\nB=two words # kept\nC=\nA=3";
  const Environment environment;
  const auto listed = environment.with({"--env-file", directory / "env", "--env", "C=flag"});
  REQUIRE(listed.status == 0);
  CHECK(values_of(listed, "A") == Words{"3"});
  CHECK(values_of(listed, "B") == Words{"two words # kept"});
  CHECK(values_of(listed, "C") == Words{"flag"});
}

TEST_CASE("a bad line of an --env-file is named by its number and nothing runs") {
  const TempDir directory;
  const Environment environment;
  for (const char* bad : {"novalue", "=nothing", "export A"}) {
    CAPTURE(bad);
    std::ofstream(directory / "env") << "# one\nA=1\n" << bad << "\nB=2\n";
    const auto ended = environment.with({"--env-file", directory / "env"});
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains("line 3"));
    CHECK_THAT(ended.err, Contains(bad));
  }
}

TEST_CASE("an --env-file that can't be read is named with the reason") {
  const TempDir directory;
  const Environment environment;
  const auto missing = environment.with({"--env-file", directory / "missing"});
  CHECK(missing.status == 125);
  CHECK_THAT(missing.err, Contains(directory / "missing") && Contains("No such file or directory"));
  const auto refused = environment.with({"--env-file", directory.path()});
  CHECK(refused.status == 125);
  CHECK_THAT(refused.err, Contains(directory.path()) && Contains("Is a directory"));
}

TEST_CASE("without isolation the command runs in nslaunch's own place and is told so") {
  const RegistryView state;
  Process process(nslaunch({"run", "--isolation=none", "--env", "A=1", "--", "sh", "-c",
                            "echo $$; echo $NSLAUNCH_ISOLATION$A; readlink /proc/self/ns/net"}),
                  state.options());
  const auto pid = process.pid();
  const auto ended = process.wait();
  const auto own_network = run({"readlink", "/proc/self/ns/net"}).out;
  CHECK_THAT(ended.out, Equals(std::to_string(pid) + "\nnone1\n" + own_network));
  CHECK(ended.err.empty());
}

TEST_CASE("without isolation inside a shard the outer shard's isolation is not claimed") {
  const Environment environment;
  const auto listed = environment.with({"--", nslaunch_binary(), "--isolation=none"});
  CHECK(values_of(listed, "NSLAUNCH_ISOLATION") == Words{"none"});
}

TEST_CASE(
    "option --env-file takes what a pipe brings, however late, and nothing that a variable can't hold") {
  const RegistryView state;
  const auto late = run({"sh", "-c", "(sleep 0.1; echo A=late) | \"$@\"", "sh", nslaunch({}).front(),
                         "--env-file", "/dev/stdin", "--", "sh", "-c", "echo $A"},
                        state.options());
  CHECK(late.out == "late\n");
  const TempDir directory;
  std::ofstream(directory / "nul") << "A=b" << '\0' << "c\n";
  const auto nul = run(in_shard("echo ran", {"--env-file", directory / "nul"}), state.options());
  CHECK(nul.status == 125);
  CHECK(nul.out.empty());
  CHECK(run(in_shard("echo ran", {"--env-file", directory.path()}), state.options()).status == 125);
}

TEST_CASE("what is wrong with an option of the environment is said of its variable") {
  const RegistryView state;
  auto options = state.options();
  options.environment.emplace_back("NSLAUNCH_OPT_TIMEOUT=soon");
  const auto wrong = run(in_shard("echo ran"), options);
  CHECK(wrong.status == 125);
  CHECK_THAT(wrong.err, Contains("NSLAUNCH_OPT_TIMEOUT: 'soon' is not a duration"));
  for (const std::string option : {"ENV", "ENV_FILE", "TMP", "NET", "USER"}) {
    options.environment.back() = "NSLAUNCH_OPT_" + option + "=nonsense";
    CHECK_THAT(run(in_shard("echo ran"), options).err,
               Contains("NSLAUNCH_OPT_" + option) && !Contains("nslaunch: --") && !Contains("reading --"));
  }
  options.environment.back() = "NSLAUNCH_OPT_TIMEOUT=5m";
  CHECK_THAT(run(in_shard("echo ran", {"--isolation=none"}), options).err,
             Contains("NSLAUNCH_OPT_TIMEOUT needs a shard"));
}

}  // namespace nslaunch::test
