#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/checkout.hpp"
#include "support/identity.hpp"
#include "support/overlays.hpp"
#include "support/privilege_modes.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

void mount_at(const char* type, const std::string& path, unsigned long flags = 0) {
  sys::check(::mount("test", path.c_str(), type, flags, nullptr), "mounting {}", path);
}

/// What nslaunch answers to --overlay `words` in the checkout, after `prepare` in a mount namespace of its
/// own.
Result answer(const Checkout& checkout, const Words& words, const std::function<void()>& prepare,
              const std::string& script = "echo ran; ls") {
  return result_in_namespaces(CLONE_NEWNS, [&] {
    sys::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "making mounts private");
    prepare();
    return checkout.run_here(script, words);
  });
}

}  // namespace

TEST_CASE("an --overlay that can't be had as asked is refused before anything is made") {
  const Checkout checkout;
  fs::create_directories(checkout.directory / "full/of");
  struct Case {
    Words asked;
    std::string says;
  };
  const Case cases[] = {
      {{"missing"}, "--overlay missing: No such file or directory"},
      {{"missing=../new"}, "The last '=' ends the path"},
      {{"file"}, "--overlay file: Not a directory"},
      {{"file/below"}, "Not a directory"},
      {{"=../new"}, "names no directory to cover"},
      {{"/"}, "the root itself"},
      {{"/proc"}, "the shard has a /proc of its own"},
      {{"/tmp"}, "the shard has a /tmp of its own"},
      {{"/dev/shm"}, "the shard has a /dev/shm of its own"},
      {{".", "./modules/.."}, "it is given twice"},
      {{".=.."}, "the directory for the changes is not empty"},
      {{".=../full"}, "the directory for the changes is not empty"},
      {{".=../full/of/../../check, out: of\\ a=b"}, "No such file"},
      {{".=."}, "lies in what is covered"},
      {{".=new"}, "lies in what is covered"},
      {{"modules=new", "."}, "lies in what is covered"},
      {{".=/dev/null"}, "the directory for the changes: Not a directory"},
      {{".=/dev/shm"}, "is a mount point"},
      {{".=../new", "modules=../new"}, "another --overlay keeps its changes there"},
      {{".=../new", "modules=../new/inner"}, "another --overlay keeps its changes there"},
      {{".=/proc/new"}, "making /proc/new for --overlay"},
  };
  for (const auto& [asked, says] : cases) {
    CAPTURE(asked);
    Words words;
    for (const auto& each : asked) words.insert(words.end(), {"--overlay", each});
    const auto ended = checkout.run_here("echo ran", words);
    CAPTURE(ended.err);
    CHECK(explains_itself(ended));
    CHECK_THAT(ended.err, Contains(says));
    CHECK(checkout.is_untouched());
    CHECK(fs::is_empty(checkout.directory / "full/of"));
    CHECK_FALSE(fs::exists(checkout.directory / "new"));
  }
}

TEST_CASE("an --overlay of what another option covers, or needs as it is, is refused") {
  const Checkout checkout;
  const Words cases[] = {{"--overlay", "modules", "--private", "modules"},
                         {"--overlay", "modules", "--private", "."},
                         {"--overlay", ".", "--artifacts", "."},
                         {"--overlay", ".", "--overlay", "modules/one", "--artifacts", "modules"},
                         {"--overlay", ".=../kept", "--artifacts", "../kept/results"},
                         {"--overlay", "modules", "--tmp", "./modules"}};
  for (const auto& words : cases) {
    const auto ended = checkout.run_here("echo ran", words);
    CAPTURE(words, ended.err);
    CHECK(explains_itself(ended));
    CHECK_THAT(ended.err, Contains("--overlay"));
  }
  CHECK(checkout.is_untouched());
}

TEST_CASE("what is mounted below an --overlay is named, since overlayfs would not show it") {
  const Checkout checkout;
  const auto mounted = checkout.path + "/modules/one";
  const auto prepare = [&] {
    mount_at("tmpfs", mounted);
    write_file(mounted + "/mounted", "");
  };
  const auto refused = answer(checkout, {"--overlay", "."}, prepare);
  CAPTURE(refused.err);
  CHECK(explains_itself(refused));
  CHECK_THAT(refused.err, Contains("/modules/one is mounted below it"));
  const auto both = answer(checkout, {"--overlay", ".", "--overlay", "modules/one"}, prepare);
  CAPTURE(both.err);
  if (::geteuid() == 0) {
    CHECK(both.status == 0);
  } else {
    CHECK(explains_itself(both));
    CHECK_THAT(both.err, Contains("only root's own views can cover both"));
  }
  const auto itself = answer(checkout, {"--overlay", ".", "--workdir", "modules/one"}, prepare);
  CHECK(itself.out == "ran\nmounted\n");
}

TEST_CASE("what a mount forbids to run, or to gain rights, its overlay forbids, too") {
  need_overlays();
  const Checkout checkout;
  const auto mounted = checkout.path + "/modules";
  const auto ended = answer(
      checkout, {"--overlay", ".", "--workdir", "modules"},
      [&] {
        mount_at("tmpfs", mounted, MS_NOEXEC | MS_NOSUID);
        write_file(mounted + "/echo", "#!/bin/sh\necho ran\n", 0755);
      },
      "./echo; findmnt -n -o VFS-OPTIONS .");
  CAPTURE(ended.err);
  CHECK_THAT(ended.err, Contains("Permission denied"));
  CHECK_THAT(ended.out, Contains("nosuid,nodev,noexec"));
}

TEST_CASE("where files can't have attributes no changes are kept, and it says so") {
  const Checkout checkout;
  const auto place = checkout.directory / "ramfs";
  fs::create_directory(place);
  const auto refused =
      answer(checkout, {"--overlay", ".=" + place + "/kept"}, [&] { mount_at("ramfs", place); });
  CAPTURE(refused.err);
  CHECK(explains_itself(refused));
  CHECK_THAT(refused.err,
             Contains("mounting a copy-on-write view for --overlay (") && Contains("attributes"));
}

TEST_CASE("an overlay's changes can't be kept in another overlay, and it says so") {
  need_overlays();
  const Checkout checkout;
  const auto inner = " --overlay modules=modules-changed -- echo ran";
  const auto refused = checkout.run_here(nslaunch_binary() + inner, {"--overlay", "."});
  CAPTURE(refused.err);
  CHECK(explains_itself(refused));
  CHECK_THAT(refused.err, Contains("lies on an overlayfs itself"));
  CHECK(checkout.is_untouched());
}

TEST_CASE("an overlay in a shard's overlay works, and one more is refused by the kernel") {
  need_overlays();
  const Checkout checkout;
  const auto inner = nslaunch_binary() + " --overlay . -- sh -c ";
  const auto second = checkout.run_here(inner + "'echo inside > file; cat file'", {"--overlay", "."});
  CAPTURE(second.err);
  CHECK(second.out == "inside\n");
  const auto third = checkout.run_here(inner + "'" + inner + "\"echo ran\"'", {"--overlay", "."});
  CAPTURE(third.err);
  CHECK(third.status == 125);
  CHECK(third.out.empty());
  CHECK_THAT(third.err, Contains("a view of a view of a view"));
  CHECK(checkout.is_untouched());
}

TEST_CASE("a refused overlay is explained by its error, and the command has not run on the bare directory") {
  const Checkout checkout;
  struct Case {
    int error;
    std::string says;
  };
  const Case cases[] = {
      {ENODEV, "sudo modprobe overlay"},
      {EPERM, ::geteuid() == 0 ? "something here forbids an overlayfs" : "Run nslaunch as root"},
      {EOPNOTSUPP, "Linux 6.6"},
      {EINVAL, "sudo dmesg"}};
  for (const auto& [error, says] : cases) {
    auto options = checkout.options();
    options.environment.push_back("NSLAUNCH_FAULT=overlay:" + std::to_string(error));
    const auto ended = run(in_shard("echo ran; echo inside > file", {"--overlay", "."}), options);
    CAPTURE(ended.err);
    CHECK(explains_itself(ended));
    CHECK_THAT(ended.err, Contains(says) && Contains(checkout.path.substr(checkout.path.rfind('=') + 1)));
    CHECK(checkout.is_untouched());
  }
}

}  // namespace nslaunch::test
