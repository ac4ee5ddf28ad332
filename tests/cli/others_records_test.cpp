#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

#include "registry/reap/leftover_note.hpp"
#include "registry/record/control.hpp"
#include "shard/wire/protocol.hpp"
#include "support/fake_init.hpp"
#include "support/process.hpp"
#include "support/skip.hpp"
#include "support/somebody.hpp"
#include "support/write_file.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

// What another user's records cost root, who looks at shards of its own.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using shard::Kind;

constexpr rlim_t kDescriptors = 64;

std::string make_dir(const std::string& path) {
  sys::check(::mkdir(path.c_str(), 0700), "making {}", path);
  return path;
}

/// A socket in the directory that takes clients in for as long as this process lives.
void listen_for_ever(const sys::Fd& directory, const std::string& id) {
  const auto address = registry::address_in(directory.get(), id + ".sock");
  const int listener = sys::check(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "making a socket");
  sys::check(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), "binding");
  sys::check(::listen(listener, 16), "listening");
}

/// More shards than root may have descriptors, and listed before its own.
void publish_as_somebody() {
  become(kSomebody);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // which that has taken back
  ::umask(077);
  static std::vector<registry::PublishedRecord> kept;  // till this process ends
  const auto directory = sys::open_file(make_dir(fmt::format("/tmp/nslaunch-{}", kSomebody)), O_PATH);
  for (rlim_t number = 0; number <= kDescriptors; ++number) {
    auto record = make_record(fmt::format("a{}", number));
    record.init = record.launcher;
    listen_for_ever(directory, record.id);
    kept.push_back(publish(record));
    kept.back().set_state(ShardState::kRunning);
  }
}

void tell_a_listener(int listener) {
  ns::Socket socket;
  socket.listening = true;
  socket.local = "127.0.0.1:80";
  const auto payload = shard::pack(std::vector<ns::Socket>{socket});
  for (;;) {
    const sys::Fd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    char question[65536];
    if (::recv(client.get(), question, sizeof question, 0) > 0)
      static_cast<void>(shard::send(client.get(), {.kind = Kind::kListening, .payload = payload}));
  }
}

/// Where nobody has a registry yet.
std::string without_session(const std::function<std::string()>& body) {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
  return in_private_mounts([&] {
    ::unsetenv("XDG_RUNTIME_DIR");
    ::unsetenv("NSLAUNCH_STATE_DIR");
    return body();
  });
}

/// From what `list --all` tells.
std::string advice_after(const std::string& words, char end) {
  const auto told = run(nslaunch({"list", "--all"})).err;
  const auto begin = told.find(words);
  if (begin == std::string::npos) return "echo " + words + " is missing >&2; false";
  return told.substr(begin + words.size(), told.find(end, begin) - begin - words.size());
}

/// Runs where a user has a shard of the name "vic", and another one has one of the id "vic".
std::string among_namesakes(const std::function<std::string(const IdleProcess&, const IdleProcess&)>& body) {
  return without_session([&] {
    const auto publish_as = [](uid_t user, const char* id) {
      become(user);
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // which that has taken back
      auto record = make_record(id);
      record.name = "vic";
      static auto kept = publish(record);  // till this process ends
      kept.set_state(ShardState::kRunning);
    };
    const IdleProcess named([&] { publish_as(kSomebody, "aaaa1111"); });
    const IdleProcess same_id([&] { publish_as(kSomebody + 1, "vic"); });
    return body(named, same_id);
  });
}

/// Runs where root has a shard, and somebody has many.
std::string among_others(const std::function<std::string()>& body) {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
  return in_private_mounts([&] {
    ::unsetenv("XDG_RUNTIME_DIR");
    const IdleProcess others(publish_as_somebody);
    const FakeInit own(make_dir("/run/nslaunch"), "own", tell_a_listener);
    return body();
  });
}

}  // namespace

TEST_CASE("what root is told to do about another user's records is done as that user") {
  const bool exchanged = GENERATE(false, true);
  const auto seen = without_session([&] {
    const auto theirs = make_dir(fmt::format("/tmp/nslaunch-{}", kSomebody));
    const auto mine = make_dir("/tmp/mine");
    for (const auto& directory : {theirs + "/etc", mine + "/etc"})
      write_file(make_dir(directory) + "/file", "");
    sys::check(::chmod("/tmp/mine", 0711), "opening");
    for (const auto& path : {theirs, theirs + "/etc", theirs + "/etc/file"})
      sys::check(::lchown(path.c_str(), kSomebody, kSomebody), "giving it away");
    const auto told = advice_after("run: ", '\n');
    sys::check(::chmod(theirs.c_str(), 0755), "opening");
    const auto told_of_directory = advice_after("instead of 0700 (", ')');
    if (exchanged) {
      sys::check(::rename(theirs.c_str(), "/tmp/moved"), "moving it away");
      sys::check(::symlink(mine.c_str(), theirs.c_str()), "making a link");
    }
    for (const auto& advice : {told_of_directory, told}) run({"sh", "-c", advice});
    struct stat mode = {};
    ::stat(theirs.c_str(), &mode);
    const bool there = ::access((theirs + "/etc/file").c_str(), F_OK) == 0;
    return fmt::format("{:o} {}", mode.st_mode & 0777U, there ? "is there" : "is gone");
  });
  CHECK(seen == (exchanged ? "711 is there" : "700 is gone"));
}

TEST_CASE("what another user's note names is told root as that user's to mend") {
  const auto told = without_session([] {
    IdleProcess launcher([] {
      become(kSomebody);
      make_dir(fmt::format("/tmp/nslaunch-{}", kSomebody));
      static registry::LeftoverNote note;  // till this process ends
      const std::string left = "/tmp/.nslaunch-a.work";
      note.add(AT_FDCWD, left);
      note.made(sys::open_file(make_dir(left), O_PATH | O_DIRECTORY).get());
      // Anybody may have moved there what is in it.
      const auto open = make_dir(left + "/open");
      ::chmod(open.c_str(), 0777);
      make_dir(open + "/moved");
    });
    launcher.kill();
    return run(nslaunch({"reap", "--all"})).err;
  });
  CHECK_THAT(told, Contains(fmt::format("user {}'s, and for that user to mend: a shard has left "
                                        "/tmp/.nslaunch-a.work: Directory not empty",
                                        kSomebody)));
}

TEST_CASE("others' shards take no descriptor that is needed for one's own") {
  const auto text = among_others([] {
    StartOptions options;
    options.prepare = [] {
      const rlimit few = {kDescriptors, kDescriptors};
      ::setrlimit(RLIMIT_NOFILE, &few);
    };
    const auto listed = run(nslaunch({"list", "--all", "--json"}), options);
    return listed.status == 0 ? listed.out : listed.err;
  });
  CAPTURE(text);
  const auto shards = nlohmann::json::parse(text).at("shards");
  REQUIRE(shards.size() == kDescriptors + 2);
  CHECK(shards.back().at("id") == "own");
  CHECK(shards.back().at("ports").is_array());
  CHECK(shards.back().at("processes").is_number());
}

TEST_CASE("a shard that is called as another user's is not taken for it, and what is told to type means it") {
  const auto seen = among_namesakes([](const IdleProcess& named, const IdleProcess& same_id) {
    const auto kill = [&](const std::string& word) {
      const auto killed = run(nslaunch({"kill", "--signal", "KILL", word}));
      const auto state = [](const IdleProcess& launcher) { return launcher.has_ended() ? "ended" : "lives"; };
      const auto which = killed.err.find("say which: ");
      return fmt::format("{} {} {}, {}\n", killed.status, state(named), state(same_id),
                         which == std::string::npos ? killed.err : killed.err.substr(which));
    };
    auto told = kill("vic");
    told += kill("54321/aaaa1111");
    return told + kill("54322/vic");
  });
  CHECK(seen ==
        "125 lives lives, say which: 54321/aaaa1111, 54322/vic\n\n"
        "0 ended lives, nslaunch: shard aaaa1111 is user 54321's\n\n"
        "0 ended ended, nslaunch: shard vic is user 54322's\n\n");
}

TEST_CASE("what list -q shows of other users' shards means these, whatever they are called") {
  const auto seen = among_namesakes([](const IdleProcess&, const IdleProcess&) {
    const auto own = publish(make_record("vic"));
    std::istringstream words(run(nslaunch({"list", "-q", "--all"})).out);
    std::string told;
    for (std::string word; words >> word;)
      told += word + " " + run(nslaunch({"kill", "-s", "CONT", word})).err;
    return told;
  });
  CHECK_THAT(seen, Contains("54321/aaaa1111 nslaunch: shard aaaa1111 is user 54321's\n"));
  CHECK_THAT(seen, Contains("54322/vic nslaunch: shard vic is user 54322's\n"));
}

TEST_CASE("USER/ before a shard's name finds it, however many other users have registry directories") {
  const auto seen = among_namesakes([](const IdleProcess& named, const IdleProcess&) {
    for (uid_t user = 20'000; user < 20'201; ++user) {
      const auto directory = make_dir(fmt::format("/tmp/nslaunch-{}", user));
      sys::check(::chown(directory.c_str(), user, user), "giving it away");
    }
    auto told = run(nslaunch({"kill", "-s", "KILL", "aaaa1111"})).err;
    told += run(nslaunch({"kill", "-s", "KILL", "54321/aaaa1111"})).err;
    return told + (named.has_ended() ? "ended" : "lives");
  });
  CHECK_THAT(seen, Contains("more than 200 other users") && Contains("there is no shard 'aaaa1111'"));
  CHECK_THAT(seen, EndsWith("\nnslaunch: shard aaaa1111 is user 54321's\nended"));
}

TEST_CASE("a shard of one's own is found without a look at others' directories") {
  const auto told_of = [](const char* id) {
    return among_others([&] {
      const auto open = make_dir("/tmp/nslaunch-11111");  // to others, too: who looks there says so
      sys::check(::chown(open.c_str(), 11111, 11111), "giving it away");
      sys::check(::chmod(open.c_str(), 0755), "opening");
      return run(nslaunch({"ports", id})).err;
    });
  };
  CHECK_THAT(told_of("own"), !Contains("/tmp/nslaunch-11111") && !Contains("no shard"));
  CHECK_THAT(told_of("a1"), Contains("/tmp/nslaunch-11111") && Contains("is user 54321's"));
}

}  // namespace nslaunch::test
