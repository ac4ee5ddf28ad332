#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/checkout.hpp"
#include "support/identity.hpp"
#include "support/live_shard.hpp"
#include "support/overlays.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("what a command changes below an --overlay its shard alone sees, and it is gone with it") {
  need_overlays();
  const Checkout checkout;
  Process process(in_shard("echo $NSLAUNCH_ISOLATION; pwd; stat -c '%a %u %g' .; "
                           "for name in *; do test -d \"$name\" || echo inside > \"$name\"; done; "
                           "rm -r modules; echo new > new; ls; cat *; read line; ls",
                           {"--overlay", "."}),
                  checkout.options());
  CHECK_THAT("," + process.read_line() + ",", Contains(",overlay,"));
  CHECK(process.read_line() == checkout.path);
  CHECK(process.read_line() == "751 " + std::to_string(::getuid()) + " " + std::to_string(::getgid()));
  for (const std::string line : {"file", "new", "odd, name: a\\b", "inside", "new", "inside"}) {
    CHECK(process.read_line() == line);
  }
  CHECK(checkout.is_untouched());
  process.close_input();
  const auto ended = process.wait();
  CHECK(ended.status == 0);
  CHECK(ended.err.empty());
  CHECK(ended.out == "file\nnew\nodd, name: a\\b\n");
  CHECK(checkout.is_untouched());
}

TEST_CASE("two shards at once write the same file of one checkout, and each sees its own") {
  need_overlays();
  const Checkout checkout;
  const Words words = in_shard("read word; echo $word > file; echo written; read line; cat file",
                               {"--overlay", checkout.path + "="});
  Process one(words, checkout.options());
  Process two(words, checkout.options());
  one.write_input("one\n");
  two.write_input("two\n");
  CHECK(one.read_line() == "written");
  CHECK(two.read_line() == "written");
  one.close_input();
  two.close_input();
  CHECK(one.wait().out == "one\n");
  CHECK(two.wait().out == "two\n");
  CHECK(checkout.is_untouched());
}

TEST_CASE("a directory below an --overlay can be removed, made again and moved") {
  need_overlays();
  const Checkout checkout;
  const auto ended = checkout.run_here(
      "rm -r modules && mkdir modules && ls -A modules | wc -l && rmdir modules && mkdir -p modules/two && "
      "mv modules moved && ls . moved",
      {"--overlay", "."});
  CAPTURE(ended.err);
  CHECK(ended.out == "0\n.:\nfile\nmoved\nodd, name: a\\b\n\nmoved:\ntwo\n");
  CHECK(checkout.run_here("mv modules moved && cat moved/one/index && ls", {"--overlay", "."}).out ==
        "1\nfile\nmoved\nodd, name: a\\b\n");
  CHECK(checkout.is_untouched());
}

TEST_CASE("a directory that was there before is renamed in a view of root's only, others copy it") {
  need_overlays();
  const Checkout checkout;
  const auto rename = probe_binary() + " rename modules moved";
  CHECK(checkout.run_here(rename, {"--overlay", "."}).out ==
        (::geteuid() == 0 ? "renamed\n" : "Invalid cross-device link\n"));
  CHECK(checkout.run_here("mkdir new && " + probe_binary() + " rename new moved", {"--overlay", "."}).out ==
        "renamed\n");
}

TEST_CASE("a file keeps its inode number when a command first writes to it below an --overlay") {
  need_overlays();
  const Checkout checkout;
  const auto ended =
      checkout.run_here("stat -c %i file; echo more >> file; stat -c %i file; cat file", {"--overlay", "."});
  const auto middle = ended.out.find('\n');
  REQUIRE(middle != std::string::npos);
  CHECK(ended.out == ended.out.substr(0, middle + 1) + ended.out.substr(0, middle + 1) + "outside\nmore\n");
}

TEST_CASE(
    "an --overlay of a directory in the host's /tmp is seen in the shard's /tmp, from wherever it is run") {
  need_overlays();
  const RegistryView registry;
  const TempDir directory;
  fs::create_directories(directory / "a/b");
  write_file(directory / "a/file", "outside\n");
  const auto file = directory / "a/file";
  const auto script = "cat " + file + " && echo inside > " + file + " && cat " + file;
  struct Case {
    std::string directory;
    std::string asked;
  };
  const Case cases[] = {{directory.path(), "."},     {directory / "a", "."},
                        {directory / "a/b", ".."},   {"/", directory / "a"},
                        {"/", directory.path()},     {directory / "a/b", directory / "a"},
                        {directory.path(), "a/b/.."}};
  for (const auto& [from, asked] : cases) {
    CAPTURE(from, asked);
    auto options = registry.options();
    options.directory = from;
    const auto ended = run(in_shard(script, {"--overlay", asked}), options);
    CAPTURE(ended.err);
    CHECK(ended.out == "outside\ninside\n");
    CHECK(text_of(file) == "outside\n");
  }
}

TEST_CASE("overlays and private directories may lie in an overlay") {
  need_overlays();
  const Checkout checkout;
  const auto ended = checkout.run_here(
      "ls -A modules/one; echo x > modules/one/database; echo y > modules/other; echo z > other; "
      "ls . modules modules/one",
      {"--private", "modules/one", "--overlay", "modules", "--overlay", "."});
  CAPTURE(ended.err);
  CHECK(ended.out ==
        ".:\nfile\nmodules\nodd, name: a\\b\nother\n\nmodules:\none\nother\n\nmodules/one:\ndatabase\n");
  CHECK(checkout.is_untouched());
}

TEST_CASE("what is to be found afterwards is written through an --overlay") {
  need_overlays();
  const Checkout checkout;
  fs::create_directory(checkout.path + "/tmp");
  const auto ended = checkout.run_here(
      "echo found > $NSLAUNCH_ARTIFACTS/artifact; echo found > /tmp/kept; ls results tmp; echo lost > lost",
      {"--overlay", ".", "--artifacts", "results", "--tmp", "./tmp", "--report-json", "report", "--pcap",
       "pcap"});
  CAPTURE(ended.err);
  CHECK(ended.out == "results:\nartifact\n\ntmp:\nkept\n");
  for (const char* there : {"results/artifact", "tmp/kept", "report", "pcap"}) {
    CAPTURE(there);
    CHECK(fs::exists(checkout.path + "/" + there));
  }
  CHECK_FALSE(fs::exists(checkout.path + "/lost"));
}

TEST_CASE("exec finds a shard's overlay, and the shard as --map-root and --user have it, too") {
  need_overlays();
  const Checkout checkout;
  LiveShard shard(checkout.registry,
                  {"--map-root", "--overlay", checkout.path + "=", "--workdir", checkout.path}, "exec cat",
                  "echo inside > file");
  auto options = checkout.registry.options();
  CHECK(run(nslaunch({"exec", shard.id, "--", "cat", "file"}), options).out == "inside\n");
  CHECK(checkout.is_untouched());
  if (::geteuid() != 0) return;
  fs::permissions(checkout.directory.path(), fs::perms(0755));
  REQUIRE(::chown(checkout.path.c_str(), 12345, 12345) == 0);
  const auto ended =
      checkout.run_here("echo x > new && id -u && cat new", {"--user", "12345:12345", "--overlay", "."});
  CHECK(ended.out == "12345\nx\n");
  CHECK(checkout.is_untouched());
}

TEST_CASE("an overlay's directory that is removed from outside ends the shard with 125") {
  need_overlays();
  for (const bool in_tmp : {false, true}) {
    const RegistryView registry;
    const HostDirectory directory;
    const TempDir temporary;
    const std::string path = in_tmp ? temporary / "view" : directory / "view";
    fs::create_directories(path + "/private");
    Process process(in_shard("echo up; exec sleep 1000", {"--overlay", path, "--private", path + "/private"}),
                    registry.options());
    REQUIRE(process.read_line() == "up");
    REQUIRE(fs::remove_all(path) == 2);
    const auto ended = process.wait();
    CAPTURE(ended.err);
    CHECK(ended.status == 125);
    CHECK_THAT(ended.err, Contains(path + ", which --overlay had covered"));
    CHECK(registry.files().empty());
  }
}

TEST_CASE("a launcher that is killed leaves nothing of an --overlay") {
  need_overlays();
  const Checkout checkout;
  checkout.be_left_by_a_killed_launcher({"--overlay", "."});
  CHECK_THAT(sys::read_file("/proc/self/mountinfo", 16 << 20).value_or(""),
             !Contains(checkout.directory.path()));
  CHECK(names_below(checkout.directory.path()).size() == 6);
}

}  // namespace nslaunch::test
