#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "cli/common/command.hpp"
#include "cli/common/topics.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

struct Mistake {
  Words words;
  std::string says;
  std::string suggests;
};

const Mistake kMistakes[] = {
    {{}, "no command was given", "nslaunch -- npm test"},
    {{"npm", "test"}, "'npm' is not a subcommand", "nslaunch -- npm test"},
    {{"npm", "run", "a b"}, "'npm' is not a subcommand", "nslaunch -- npm run 'a b'"},
    {{"lst"}, "'lst' is not a subcommand", "'nslaunch list'"},
    {{"true", "--", "x"}, "'true' is not a subcommand", "nslaunch -- true"},
    {{"--"}, "no command was given", "nslaunch -- npm test"},
    {{"run", "echo", "ran"}, "'echo' stands before the command's '--'", "--' before the command"},
    {{"run", "x", "--", "echo", "ran"}, "'x' stands before", "nslaunch run [OPTIONS] -- COMMAND"},
    {{"--tiemout", "1s", "--", "echo"}, "no option '--tiemout'", "'--timeout'"},
    {{"--time", "1s", "--", "echo", "ran"}, "no option '--time'", ""},
    {{"--hostnam=x", "--", "echo", "ran"}, "no option '--hostnam", "'--hostname'"},
    {{"-x", "--", "echo", "ran"}, "no option '-x'", "nslaunch help"},
    {{"--zzzzzzzz", "--", "echo", "ran"}, "no option '--zzzzzzzz'", "nslaunch help"},
    {{"--timeout", "--", "echo", "ran"}, "--timeout", ""},
    {{"--name", "-h", "--", "echo", "ran"}, "--name", "joined to it with '='"},
    {{"--timeout", "soon", "--", "echo", "ran"}, "--timeout: 'soon' is not a duration", ""},
    {{"--timeout", "10", "--", "echo", "ran"}, "--timeout: '10' is not a duration", ""},
    {{"--timeout", "0s", "--", "echo", "ran"}, "--timeout: 0", ""},
    {{"--timeout=-5s", "--", "echo", "ran"}, "--timeout: '-5s' is not a duration", ""},
    {{"--grace", "99999999h", "--", "echo", "ran"}, "--grace: '99999999h' is not a duration", ""},
    {{"--leaks=perhaps", "--", "echo", "ran"}, "--leaks: 'perhaps' is not one of warn, fail, ignore", ""},
    {{"--orphan=x", "--", "echo", "ran"}, "--orphan: 'x'", ""},
    {{"--color=x", "--", "echo", "ran"}, "--color: 'x'", ""},
    {{"--isolation=some", "--", "echo", "ran"}, "--isolation: 'some'", ""},
    {{"--net", "host", "--", "echo", "ran"}, "--net host", "loopback"},
    {{"--net=bridge", "--", "echo", "ran"}, "--net bridge", "loopback"},
    {{"--tmp", "shared", "--", "echo", "ran"}, "--tmp: 'shared'", "--tmp ./shared"},
    {{"--tmp", "/no/such/directory", "--", "echo", "ran"}, "--tmp /no/such/directory", ""},
    {{"--tmp-size", "12Q", "--", "echo", "ran"}, "--tmp-size: '12Q' is not a size", ""},
    {{"--tmp-size", "0", "--", "echo", "ran"}, "--tmp-size: '0' is not a size", ""},
    {{"--tmp-size", "1M", "--tmp", "host", "--", "echo", "ran"}, "--tmp-size", ""},
    {{"--keep", "/etc", "--", "echo", "ran"}, "--keep /etc: only what lies below /tmp", ""},
    {{"--keep", "/tmp", "--", "echo", "ran"}, "--keep /tmp: only what lies below /tmp", ""},
    {{"--keep", "/tmp/../etc", "--", "echo", "ran"}, "only what lies below /tmp", ""},
    {{"--keep", "/tmp/no-such-thing", "--", "echo", "ran"}, "No such file or directory", ""},
    {{"--keep", "/tmp/x", "--tmp", "host", "--", "echo", "ran"}, "--keep is for a private /tmp", ""},
    {{"--pcap-size", "1M", "--", "echo", "ran"}, "--pcap-size limits the file of --pcap", ""},
    {{"--pcap", "x", "--pcap-size", "1K", "--", "echo", "ran"}, "--pcap-size: the least is 4K", ""},
    {{"--pcap", "-", "--", "echo", "ran"}, "--pcap: '-' names no file", "--pcap run.pcap"},
    {{"--pcap", "/dev/stdout", "--", "echo", "ran"}, "--pcap /dev/stdout: that is no regular file", "name"},
    {{"--isolation=none", "--pcap", "x", "--", "echo", "ran"}, "--pcap needs a shard", ""},
    {{"--env", "NOVALUE", "--", "echo", "ran"}, "'NOVALUE' is not NAME=VALUE", ""},
    {{"--verbose=1", "--", "echo", "ran"}, "--verbose", ""},
    {{"--isolation=none", "--timeout", "1s", "--", "echo", "ran"}, "--timeout needs a shard", ""},
    {{"--isolation=none", "--private", "x", "--", "echo", "ran"}, "--private needs a shard", ""},
    {{"--private", "", "--", "echo", "ran"}, "--private: its value is empty", "not set"},
    {{"--private=", "--", "echo", "ran"}, "--private: its value is empty", "not set"},
    {{"--tmp-size=18446744073709551615", "--", "echo", "ran"}, "--tmp-size", ""},
    {{"--private", "/proc", "--", "echo", "ran"}, "--private /proc", "its own"},
    {{"--workdir=", "--", "echo", "ran"}, "--workdir", ""},
    {{"version", "x"}, "version takes options only", ""},
    {{"help", "list", "kill"}, "help takes one", "nslaunch help"},
};

}  // namespace

TEST_CASE("a usage error is one line and at most one of advice, with status 125, and nothing runs") {
  const RegistryView state;
  auto options = state.options();
  options.directory = "/";
  for (const auto& mistake : kMistakes) {
    const auto ended = run(nslaunch(mistake.words), options);
    CAPTURE(mistake.words, ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    const auto lines = std::count(ended.err.begin(), ended.err.end(), '\n');
    CHECK((lines == 1 || lines == 2));
    if (!mistake.suggests.empty()) CHECK(lines == 2);
    CHECK_THAT(ended.err, Catch::Matchers::StartsWith("nslaunch: "));
    CHECK_THAT(ended.err, Contains(mistake.says) && Contains(mistake.suggests));
    CHECK_THAT(ended.err, !Contains("nslaunch-positional"));
  }
  CHECK(state.files().empty());
}

TEST_CASE("a word that drives a terminal is escaped in the error about it") {
  const RegistryView state;
  for (const auto& words :
       {Words{"\x1b[31mred"}, Words{"--\x1b[31mred", "--", "true"}, Words{"--leaks=\x1b", "--", "true"},
        Words{"--env", "\x1b", "--", "true"}, Words{"--keep", "/etc/\x1b", "--", "true"},
        Words{"--workdir", "/\x1b", "--", "true"}, Words{"--tmp", "/\x1b", "--", "true"},
        Words{"--private", "/proc/\x1b", "--", "true"}, Words{"--", "/\x1b"}, Words{"--", "\x1b"}}) {
    const auto ended = run(nslaunch(words), state.options());
    CAPTURE(words);
    CHECK(ended.status != 0);
    CHECK_THAT(ended.err, Contains("\\x1b") && !Contains("\x1b"));
  }
}

TEST_CASE("what follows the first -- reaches the command untouched") {
  const RegistryView state;
  const Words words = {"--", "{index}", "{name}", "",   "--timeout", "0",     "a b",
                       "*",  "$HOME",   "\\",     "-v", "--",        "\xff\n"};
  Words command = {"--", "printf", "[%s]"};
  command.insert(command.end(), words.begin(), words.end());
  std::string wanted;
  for (const auto& word : words) wanted += "[" + word + "]";
  const auto ended = run(nslaunch(command), state.options());
  CHECK(ended.out == wanted);
  CHECK(ended.err.empty());
  command.insert(command.begin(), "run");
  CHECK(run(nslaunch(command), state.options()).out == wanted);
}

TEST_CASE("options may be given in every usual form, and the last of a repeated one counts") {
  const RegistryView state;
  for (const auto& options : {Words{"--name", "x", "--name=it"}, Words{"-n", "it"}, Words{"-nit"},
                              Words{"-vn", "it"}, Words{"run", "--name=it"}}) {
    CAPTURE(options);
    CHECK(run(in_shard("echo $NSLAUNCH_NAME", options), state.options()).out == "it\n");
  }
}

TEST_CASE("the help fits a screen of 24 lines and 80 columns and begins with examples") {
  const RegistryView state;
  const auto help = run(nslaunch({"help"}), state.options()).out;
  CHECK(std::count(help.begin(), help.end(), '\n') < 24);
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
  CHECK(help.find("nslaunch -- npm test") < help.find("nslaunch list"));
}

TEST_CASE("every topic of the help fits a screen, and a misspelt one is suggested") {
  const RegistryView state;
  for (const auto& topic : cli::topics()) {
    const auto text = state.ask({"help", topic.name}).out;
    CAPTURE(topic.name);
    CHECK(std::count(text.begin(), text.end(), '\n') < 24);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
    CHECK_THAT(state.ask({"help"}).out, Contains(topic.name));
  }
  const auto wrong = state.ask({"help", "signal"});
  CHECK(wrong.status == 125);
  CHECK_THAT(wrong.err, Contains("'nslaunch help signals'"));
}

TEST_CASE("the help of each subcommand fits 80 columns, and that of a run has its options in groups") {
  const RegistryView state;
  for (const auto& command : cli::commands()) {
    const auto text = state.ask({"help", std::string(command.name)}).out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(command.name, line);
      CHECK(line.size() <= 80);
    }
    for (const auto& option : command.options()) CHECK_THAT(text, Contains(fmt::format("--{}", option.name)));
  }
  const auto of_run = state.ask({"help", "run"}).out;
  for (const auto* const group : {"\n\nIsolation:\n      --tmp ", "\n\nReports:\n      --report-json FILE "})
    CHECK_THAT(of_run, Contains(group));
}

TEST_CASE("asking for help or the version is no error and runs nothing") {
  const RegistryView state;
  for (const auto& words : {Words{"--help"}, Words{"-h"}, Words{"help"},
                            Words{"run", "--help", "--", "false"}, Words{"--version"}, Words{"version"}}) {
    CAPTURE(words);
    const auto ended = run(nslaunch(words), state.options());
    CHECK(ended.status == 0);
    CHECK(ended.err.empty());
    CHECK_FALSE(ended.out.empty());
  }
  CHECK(run(nslaunch({"--", "printf", "%s", "--help"}), state.options()).out == "--help");
  for (const auto& option : {Words{"--name=-h"}, Words{"-n-h"}}) {
    CAPTURE(option);
    CHECK(run(in_shard("echo $NSLAUNCH_NAME", option), state.options()).out == "-h\n");
  }
}

}  // namespace nslaunch::test
