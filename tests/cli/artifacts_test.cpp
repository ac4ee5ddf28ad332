#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

struct Kept {
  RegistryView registry;
  TempDir directory;

  Result run_with(Words options, const std::string& script) const {
    auto start = registry.options();
    start.directory = directory.path();
    start.environment.emplace_back("NSLAUNCH_ARTIFACTS");
    start.prepare = [] { ::umask(027); };
    return run(in_shard(script, std::move(options)), start);
  }
};

}  // namespace

TEST_CASE(
    "the artifacts directory is made as mkdir -p makes it, and the command finds it under a private /tmp") {
  const Kept kept;
  const auto result = kept.run_with({"--artifacts", "a/b"},
                                    "echo $NSLAUNCH_ARTIFACTS; echo found >$NSLAUNCH_ARTIFACTS/by-command");
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  CHECK(result.out == (kept.directory / "a/b") + "\n");
  CHECK(std::filesystem::exists(kept.directory / "a/b/by-command"));
  CHECK(std::filesystem::status(kept.directory / "a").permissions() == std::filesystem::perms(0750));
  // Also where nothing else keeps that part of /tmp visible.
  auto elsewhere = kept.registry.options();
  elsewhere.directory = "/";
  const TempDir apart;
  const auto far =
      run(in_shard("echo found >$NSLAUNCH_ARTIFACTS/far", {"--artifacts", apart / "c"}), elsewhere);
  INFO(far.err);
  CHECK(far.status == 0);
  CHECK(std::filesystem::exists(apart / "c/far"));
}

TEST_CASE("a command without --artifacts has no NSLAUNCH_ARTIFACTS") {
  const Kept kept;
  CHECK(kept.run_with({}, "echo ${NSLAUNCH_ARTIFACTS-unset}").out == "unset\n");
}

TEST_CASE("an artifacts directory that is there is left as it is, by whatever way it is reached") {
  const Kept kept;
  std::filesystem::create_directory(kept.directory / "real");
  std::filesystem::permissions(kept.directory / "real", std::filesystem::perms(0711));
  std::filesystem::create_directory_symlink("real", kept.directory / "link");
  const auto result = kept.run_with({"--artifacts", "link/"}, "echo $NSLAUNCH_ARTIFACTS");
  INFO(result.err);
  CHECK(result.out == (kept.directory / "real") + "\n");
  CHECK(std::filesystem::status(kept.directory / "real").permissions() == std::filesystem::perms(0711));
}

TEST_CASE("an artifacts directory that can't be had is refused before anything runs, and nothing is made") {
  const Kept kept;
  write_file(kept.directory / "file", "");
  const auto refused = [&](Words options) {
    const auto result = kept.run_with(std::move(options), "echo ran");
    INFO(result.err);
    CHECK(result.status == 125);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Contains("--artifacts"));
  };
  for (const std::string bad : {"file", "file/below", "/tmp", "/proc/of-the-shard",
                                "/dev/shm/nslaunch-artifacts", "/sys/nslaunch-artifacts", ""}) {
    INFO(bad);
    refused({"--artifacts", bad});
  }
  CHECK_FALSE(std::filesystem::exists("/dev/shm/nslaunch-artifacts"));
  refused({"--private", kept.directory / "own", "--artifacts", kept.directory / "own/below"});
  if (::geteuid() != 0) refused({"--artifacts", "/usr"});
}

}  // namespace nslaunch::test
