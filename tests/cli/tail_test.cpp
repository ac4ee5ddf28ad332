#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/files.hpp"

// The tail of a pipeline that a command left writing (`exec > >(sed ...)`): it is no leak while it is
// at work, and none of its output is lost.

namespace nslaunch::test {
namespace {

std::string numbers(int last, const std::string& end) {
  std::string text;
  for (int i = 1; i <= last; ++i) text += std::to_string(i) + end;
  return text;
}

TEST_CASE("the tail of a pipeline that outlives the command loses no byte, time after time") {
  const RegistryView registry;
  const auto expected = numbers(20'000, "y\n");
  for (int i = 0; i < 30; ++i) {
    const auto result =
        run(nslaunch({"--", "bash", "-c", "exec > >(sed s/$/y/); seq 20000"}), registry.options());
    INFO("round " << i << ": " << result.err);
    REQUIRE(result.status == 0);
    REQUIRE(result.out == expected);
    REQUIRE(result.err.empty());
  }
}

TEST_CASE("a chain of tails loses no byte, whatever the leak grace") {
  const RegistryView registry;
  const auto expected = numbers(20'000, "yz\n");
  const TempDir directory;
  // Into a file, which takes everything: a test that the machine keeps from reading would be a slow reader.
  const auto script = "exec > >(sed s/$/y/ | sed s/$/z/ | cat >" + directory / "out" + "); seq 20000";
  for (int i = 0; i < 10; ++i) {
    const auto result = run(nslaunch({"--leak-grace", "1ms", "--leaks", "fail", "--keep", directory.path(),
                                      "--", "bash", "-c", script}),
                            registry.options());
    INFO("round " << i << ": " << result.err);
    REQUIRE(result.status == 0);
    REQUIRE(sys::read_file((directory / "out").c_str(), 1 << 20) == expected);
  }
}

TEST_CASE("a reader that is slower than the tail gets every byte") {
  const RegistryView registry;
  const auto expected = numbers(60'000, "y\n");  // several times what the pipes hold
  // The grace is long for a machine that keeps the test from reading, and still far shorter than the whole.
  Process launcher(nslaunch({"--leak-grace", "1s", "--", "bash", "-c", "exec > >(sed s/$/y/); seq 60000"}),
                   registry.options());
  std::string seen;
  // The pauses make the reader slow; they wait for nothing.
  for (int i = 0; i < 200; ++i) {
    for (int line = 0; line < 50; ++line) seen += launcher.read_line() + "\n";
    ::usleep(10'000);
  }
  const auto result = launcher.wait();
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(seen + result.out == expected);
  CHECK(result.err.empty());
}

/// A tail that needs minutes for what the command has left in its pipe, which says its id first.
const std::string kSlowTail =
    "exec > >(while read -r line; do echo $line; sleep 0.05; done); echo $NSLAUNCH_ID; seq 5000; exit 6";

TEST_CASE("a tail that needs minutes can be told to end, and the command's status is kept") {
  const int signal = GENERATE(SIGTERM, SIGINT);
  const RegistryView registry;
  const auto mark = unique_text();
  Process launcher(nslaunch({"--grace", "100ms", "--", "bash", "-c", kSlowTail, mark}), registry.options());
  const auto id = launcher.read_line();
  REQUIRE(eventually([&] { return registry.state(id) == "stopping"; }));
  launcher.send_signal(signal);
  const auto result = launcher.wait();
  CAPTURE(signal, result.err);
  CHECK(result.status == 6);
  CHECK(find_processes(mark).empty());
}

TEST_CASE(
    "the words --timeout bounds a tail too, and the command's status is kept when it had ended before") {
  const RegistryView registry;
  const auto mark = unique_text();
  const auto result =
      run(nslaunch({"--timeout", "1s", "--grace", "100ms", "--", "bash", "-c", kSlowTail, mark}),
          registry.options());
  INFO(result.err);
  CHECK(result.status == 6);
  CHECK(find_processes(mark).empty());
}

}  // namespace
}  // namespace nslaunch::test
