#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "cli/common/help.hpp"
#include "cli/complete/completion_shells.hpp"
#include "support/identity.hpp"
#include "support/live_shard.hpp"
#include "support/skip.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// What bash would offer behind these words, the last of which is being typed.
std::string offered(const RegistryView& registry, const Words& typed) {
  auto options = registry.options();
  const auto program = nslaunch_binary();
  options.environment.push_back("PATH=" + program.substr(0, program.rfind('/')) + ":/usr/bin:/bin");
  Words words = {
      "bash", "--norc", "-c",
      "source <(nslaunch completion bash) && COMP_WORDS=(nslaunch \"$@\") && COMP_CWORD=$# && _nslaunch && "
      "echo \"${COMPREPLY[*]}\"",
      "bash"};
  words.insert(words.end(), typed.begin(), typed.end());
  const auto result = run(words, options);
  INFO(result.err);
  CHECK(result.err.empty());
  return result.out;
}

std::string script_for(const RegistryView& registry, const std::string& shell) {
  const auto result = registry.ask({"completion", shell});
  CHECK(result.status == 0);
  return result.out;
}

void check_syntax(const std::string& shell) {
  const RegistryView registry;
  if (run({"sh", "-c", "command -v " + shell}).status != 0) SKIP_TEST(("there is no " + shell).c_str());
  const TempDir directory;
  const auto script = script_for(registry, shell);
  std::ofstream(directory / "script") << script;
  const auto result = run({shell, "-n", directory / "script"});
  INFO(result.err);
  CHECK(result.status == 0);
  for (const auto& command : cli::commands()) {
    CHECK_THAT(script, Contains(command.name));
    for (const auto& option : cli::options_of(command)) CHECK_THAT(script, Contains(option.name));
  }
  for (const auto& word : cli::help_words()) CHECK_THAT(script, Contains(word));
}

}  // namespace

TEST_CASE("bash completes subcommands, options, the words of their values, and topics") {
  const RegistryView registry;
  CHECK(offered(registry, {"po"}) == "ports port-forward\n");
  CHECK(offered(registry, {"--timeo"}) == "--timeout\n");
  CHECK(offered(registry, {"run", "--leaks", "f"}) == "fail\n");
  CHECK(offered(registry, {"-l", ""}) == "warn fail ignore\n");
  CHECK(offered(registry, {"--tmp", "=", "pri"}) == "private\n");
  CHECK(offered(registry, {"list", "--j"}) == "--json\n");
  CHECK(offered(registry, {"help", "rea"}) == "reap\n");
  CHECK(offered(registry, {"help", "sig"}) == "signals\n");
  CHECK(offered(registry, {"completion", ""}) == "bash zsh fish\n");
  CHECK_THAT(offered(registry, {"--", "tru"}), Contains("true"));
}

TEST_CASE("bash completes the ids and names of live shards, and expands nothing in them") {
  const RegistryView registry;
  const TempDir directory;
  const LiveShard shard(registry, {"--name", "$(touch " + directory / "made" + ")"});
  CHECK(offered(registry, {"kill", shard.id.substr(0, 4)}) == shard.id + "\n");
  CHECK_THAT(offered(registry, {"exec", ""}),
             Contains(shard.id) && Contains("touch") && !Contains("port-forward") && !Contains("signals"));
  CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("what bash, zsh and fish are given is a script of theirs and knows every subcommand and option") {
  check_syntax(GENERATE(as<std::string>(), "bash", "zsh", "fish"));
}

TEST_CASE("completion for no shell, or one that is not known, is an error") {
  const RegistryView registry;
  CHECK(registry.ask({"completion"}).status == 125);
  const auto unknown = registry.ask({"completion", "tcsh"});
  CHECK(unknown.status == 125);
  CHECK_THAT(unknown.err, Contains("'tcsh'") && Contains("bash, zsh or fish"));
}

}  // namespace nslaunch::test
