#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

Result under(const RegistryView& state, __rlimit_resource resource, rlim_t limit, const Words& words) {
  auto options = state.options();
  options.prepare = [=] {
    rlimit both = {};
    ::getrlimit(resource, &both);
    both.rlim_cur = limit;
    if (::setrlimit(resource, &both) != 0) ::_exit(97);
  };
  return run(nslaunch(words), options);
}

/// It has worked, or says why not; no signal has ended it, and nothing is left.
void check_told(const RegistryView& state, const Result& result) {
  CAPTURE(result.status, result.signal, result.out, result.err);
  CHECK(result.signal == 0);
  if (result.status != 0) {
    CHECK(result.status == 125);
    CHECK_THAT(result.err + result.out, Contains("nslaunch: ") || Contains("FAIL"));  // doctor's own words
  }
  CHECK(state.files() == Words{});
}

const std::vector<Words>& uses() {
  static const std::vector<Words> all = {
      {"--", "true"}, {"run", "--shards", "2", "--", "true"}, {"list"}, {"doctor"}, {"version"}};
  return all;
}

}  // namespace

TEST_CASE("a limit on the size of files ends no nslaunch, and the command has its signal") {
  for (const auto& words : uses()) {
    const RegistryView state;
    for (const rlim_t limit : {0U, 1U, 100U}) {
      CAPTURE(limit, words.back());
      const auto ended = under(state, RLIMIT_FSIZE, limit, words);
      CHECK(ended.signal == 0);
      CHECK((ended.status == 0 || ended.status == 125));
    }
  }
  const RegistryView state;
  const auto command = under(state, RLIMIT_FSIZE, 0, {"--", "sh", "-c", "echo x >/dev/shm/x"});
  CHECK(command.signal == SIGXFSZ);
}

TEST_CASE("output that its file may not take is an error in words") {
  const RegistryView state;
  const auto ended = run({"bash", "-c", "ulimit -f 0; exec \"$@\" >\"$0\"", state.path() + "/out",
                          nslaunch({"help"}).front(), "help"});
  CAPTURE(ended.err);
  CHECK(ended.signal == 0);
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Contains("File too large"));
}

TEST_CASE("a stack that is too small is told of") {
  if (kSanitized) SKIP_TEST("the sanitizers need frames of their own");
  for (const rlim_t kilobytes : {48U, 100U, 200U, 256U, 300U}) {
    for (const auto& words : uses()) {
      const RegistryView state;
      CAPTURE(kilobytes, words.back());
      const auto ended = under(state, RLIMIT_STACK, kilobytes << 10, words);
      check_told(state, ended);
      if (kilobytes < 256) CHECK_THAT(ended.err, Contains("ulimit -s 8192"));
      if (kilobytes >= 256) CHECK(ended.status == 0);
    }
  }
}

TEST_CASE("limits on descriptors, however low, are told of or suffice") {
  for (rlim_t count = 3; count <= 20; ++count) {
    for (const auto& words : uses()) {
      const RegistryView state;
      CAPTURE(count, words.back());
      const auto ended = under(state, RLIMIT_NOFILE, count, words);
      if (ended.status != 127) check_told(state, ended);  // the loader finds no library
    }
  }
}

TEST_CASE("limits on memory, however low, are told of or suffice") {
  if (kSanitized) SKIP_TEST("the sanitizers need terabytes");
  for (const auto resource : {RLIMIT_AS, RLIMIT_DATA}) {
    for (rlim_t megabytes = 1; megabytes <= 40; megabytes += 6) {
      for (const auto& words : uses()) {
        const RegistryView state;
        CAPTURE(resource == RLIMIT_AS, megabytes, words.back());
        const auto ended = under(state, resource, megabytes << 20, words);
        const bool never_began = ended.status == 127 || ended.err.find("nslaunch: ") == std::string::npos;
        if (!never_began) check_told(state, ended);
      }
    }
  }
}

}  // namespace nslaunch::test
