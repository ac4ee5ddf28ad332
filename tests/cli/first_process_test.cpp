#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/identity.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/files.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// `words` as the first process of a PID namespace, as a container's command is.
Words as_first_process(const Words& words) {
  Words all = {"unshare", "--pid", "--fork", "--kill-child", "--mount-proc"};
  if (::geteuid() != 0) all.insert(all.end(), {"--user", "--map-root-user"});
  all.push_back("--");
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

}  // namespace

TEST_CASE("as PID 1 nslaunch leaves no zombie of those who were left to it") {
  const RegistryView state;
  const TempDir directory;
  const auto fifo = directory / "end";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  Words words = {"sh", "-c", "cat \"$0\" & exec \"$@\"", fifo};
  for (const auto& word : in_shard("echo up; read line; exit 42")) words.push_back(word);
  Process process(as_first_process(words), state.options());
  REQUIRE(process.read_line() == "up");
  const auto strangers = find_processes("cat " + fifo);
  REQUIRE(strangers.size() == 1);
  sys::open_file(fifo, O_WRONLY).reset();
  CHECK(eventually([&] { return !sys::read_stat(strangers.front()); }));
  process.close_input();
  CHECK(process.wait().status == 42);
}

TEST_CASE("as PID 1 nslaunch has a whole hang report of a command that hangs") {
  const RegistryView state;
  const auto ended =
      run(as_first_process(nslaunch({"--timeout", "200ms", "--", "sleep", "1000"})), state.options());
  CHECK(ended.status == 124);
  CHECK_THAT(ended.err, Contains("sleep 1000") && !Contains("That is not all"));
}

}  // namespace nslaunch::test
