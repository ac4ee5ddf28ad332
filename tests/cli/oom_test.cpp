#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// A cgroup, of either version, that may use 48 MiB; gone at the end of the scope.
class SmallCgroup {
 public:
  SmallCgroup() {
    for (const char* root : {"/sys/fs/cgroup/memory", "/sys/fs/cgroup"}) {
      path_ = std::string(root) + "/nslaunch-test-" + std::to_string(::getpid());
      if (::mkdir(path_.c_str(), 0700) != 0) continue;
      for (const char* limit : {"/memory.limit_in_bytes", "/memory.max"}) {
        if (sys::write_file((path_ + limit).c_str(), "50331648") == 0) return;
      }
      ::rmdir(path_.c_str());
    }
    path_.clear();
  }
  SmallCgroup(const SmallCgroup&) = delete;
  SmallCgroup& operator=(const SmallCgroup&) = delete;
  ~SmallCgroup() {
    if (!path_.empty()) eventually([&] { return ::rmdir(path_.c_str()) == 0; });
  }
  bool there() const { return !path_.empty(); }
  std::string members() const { return path_ + "/cgroup.procs"; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("a command that the kernel kills for want of memory is said to have been") {
  const SmallCgroup cgroup;
  if (!cgroup.there()) SKIP_TEST("needs root and a memory cgroup");
  const RegistryView state;
  // Only the command is in the small cgroup, not the launcher.
  const auto ended =
      run(in_shard("echo $$ >" + cgroup.members() + "; x=$(head -c 200M /dev/zero | tr '\\0' x); echo ${#x}"),
          state.options());
  CHECK(ended.signal == SIGKILL);
  CHECK_THAT(ended.err, Contains("the kernel's OOM killer ended the command"));
  CHECK_THAT(run(in_shard("kill -KILL $$"), state.options()).err, !Contains("OOM"));
}

}  // namespace nslaunch::test
