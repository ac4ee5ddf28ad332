#include "shard/wire/protocol.hpp"

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>

#include "shard/diagnose/explain.hpp"
#include "sys/base/check.hpp"
#include "sys/process/channel.hpp"

namespace nslaunch::shard {
namespace {

std::string packed(const std::vector<std::string>& parts) {
  return pack(parts);
}

}  // namespace

TEST_CASE("a message arrives as it was sent") {
  auto [ours, theirs] = sys::make_channel();
  const Message sent = {Kind::kFailed, Step::kPrivate, Domain::kNetlink, -7, 3, std::string("a\0b", 3)};
  REQUIRE(send(ours.get(), sent));
  const auto received = receive(theirs.get());
  REQUIRE(received.has_value());
  CHECK(received->kind == sent.kind);
  CHECK(received->step == sent.step);
  CHECK(received->domain == sent.domain);
  CHECK(received->code == sent.code);
  CHECK(received->detail == sent.detail);
  CHECK(received->payload == sent.payload);
}

TEST_CASE("messages keep their boundaries, and a peer that is gone is told apart from one that is silent") {
  auto [ours, theirs] = sys::make_channel();
  CHECK_FALSE(receive(theirs.get(), false).has_value());
  for (int number = 0; number < 3; ++number)
    REQUIRE(send(ours.get(), {.kind = Kind::kStarted, .code = number, .payload = {}}));
  for (int number = 0; number < 3; ++number) CHECK(receive(theirs.get())->code == number);
  ours.reset();
  CHECK_FALSE(receive(theirs.get()).has_value());
  CHECK_FALSE(send(theirs.get(), {.kind = Kind::kTied, .payload = {}}));
}

TEST_CASE("what a peer said before it went is heard though it left a message of ours unread") {
  auto [ours, theirs] = sys::make_channel();
  REQUIRE(send(ours.get(), {.kind = Kind::kGo, .payload = "unread"}));
  REQUIRE(send(theirs.get(), {.kind = Kind::kFailed, .code = EIO, .payload = {}}));
  theirs.reset();
  const auto last_words = receive(ours.get());
  REQUIRE(last_words.has_value());
  CHECK(last_words->code == EIO);
  CHECK_FALSE(receive(ours.get()).has_value());
}

TEST_CASE("an error of libnl's is put into libnl's words") {
  constexpr int kNoSuchDevice = -31;  // NLE_NODEV; errno 31 is EMLINK
  const std::string said = explain(Plan(), {.kind = Kind::kFailed,
                                            .step = Step::kAnswer,
                                            .domain = Domain::kNetlink,
                                            .code = kNoSuchDevice,
                                            .payload = {}})
                               .what();
  CHECK_THAT(said, Catch::Contains("No such device") && !Catch::Contains(std::strerror(EMLINK)));
}

TEST_CASE("settings are unpacked as they were packed") {
  const std::vector<ns::Sysctl> sysctls = {
      {"core/somaxconn", "1"}, {"ipv4/ip_local_reserved_ports", ""}, {"a", "b\tc d"}};
  const auto unpacked = unpack_sysctls(pack(sysctls));
  REQUIRE(unpacked.size() == sysctls.size());
  for (std::size_t at = 0; at < sysctls.size(); ++at) {
    CHECK(unpacked[at].path == sysctls[at].path);
    CHECK(unpacked[at].value == sysctls[at].value);
  }
  CHECK(unpack_sysctls("").empty());
  CHECK(unpack_sysctls("lonely").empty());
}

TEST_CASE("a leak is unpacked as it was packed, and a damaged one is none") {
  const Leak leak = {12, 3, std::chrono::milliseconds(4567), "node server.js", {"127.0.0.1:9926", "unix:/x"}};
  const auto unpacked = unpack_leak(pack(leak)).value();
  CHECK(unpacked.pid == leak.pid);
  CHECK(unpacked.parent_pid == leak.parent_pid);
  CHECK(unpacked.age == leak.age);
  CHECK(unpacked.command_line == leak.command_line);
  CHECK(unpacked.listening == leak.listening);
  const auto damaged = [](const std::vector<std::string>& parts) { return !unpack_leak(packed(parts)); };
  CHECK(damaged({}));
  CHECK(damaged({"x"}));
  CHECK(damaged({"1", "1", "1"}));
  CHECK(damaged({"99999999999", "1", "1", "a"}));
  CHECK(damaged({"-1", "1", "1", "a"}));
  CHECK(damaged({"1", "1", "99999999999999999999", "a"}));
  CHECK(damaged({"1", "1x", "1", "a"}));
}

TEST_CASE("every step has a row of its own with a name of its own") {
  for (const auto& step : steps()) {
    CHECK(row(step.step).name == step.name);
    int namesakes = 0;
    for (const auto& other : steps()) namesakes += std::string_view(other.name) == step.name ? 1 : 0;
    CHECK(namesakes == 1);
    CHECK((step.may_be_missing ? step.token != nullptr : true));
  }
}

TEST_CASE("what became of a capture survives the crossing") {
  const CaptureOutcome sent = {.full = true, .error = sys::errno_code(ENOSPC), .lost = 1ULL << 40};
  const auto received = unpack_capture(pack(sent)).value();
  CHECK(received.full);
  CHECK(received.error == sent.error);
  CHECK(received.lost == sent.lost);
  const auto clean = unpack_capture(pack(CaptureOutcome{})).value();
  CHECK_FALSE((clean.full || clean.error || clean.lost != 0));
  CHECK_FALSE(unpack_capture(""));
  CHECK_FALSE(unpack_capture(packed({"", "999999999999", "0"})));
  CHECK_FALSE(unpack_capture(packed({"", "0", "-1"})));
}

namespace {

/// The bytes of a message as a liar puts them on the channel.
struct Raw {
  const char* what;
  std::uint8_t kind;
  std::uint8_t step;
  std::uint8_t domain;
  std::int32_t code;
  std::int32_t detail;
};

constexpr std::uint8_t number(Kind kind) {
  return static_cast<std::uint8_t>(kind);
}

bool is_taken(const Raw& raw) {
  auto [ours, theirs] = sys::make_channel();
  std::uint8_t bytes[12] = {raw.kind, raw.step, raw.domain, 0};
  std::memcpy(bytes + 4, &raw.code, 4);
  std::memcpy(bytes + 8, &raw.detail, 4);
  REQUIRE(::send(ours.get(), bytes, sizeof bytes, 0) == sizeof bytes);
  const bool taken = receive(theirs.get()).has_value();
  if (!taken) CHECK(errno == EPROTO);
  return taken;
}

}  // namespace

TEST_CASE("a message with a number that there is not is none, and told apart from silence and from the end") {
  const auto rows = static_cast<std::uint8_t>(steps().size());
  const Raw good[] = {
      {"a failed step", number(Kind::kFailed), static_cast<std::uint8_t>(rows - 1), 1, -31, 7},
      {"an exit", number(Kind::kCommandEnded), 0, 0, 0xFF00, 0},
      {"a death", number(Kind::kFinished), 0, 0, 9, 3},
      {"a real-time signal", number(Kind::kForward), 0, 0, 64, 0},
  };
  for (const auto& raw : good) {
    INFO(raw.what);
    CHECK(is_taken(raw));
  }
  const Raw bad[] = {
      {"a kind behind the last", static_cast<std::uint8_t>(number(Kind::kLog) + 1), 0, 0, 0, 0},
      {"the highest kind", 255, 0, 0, 0, 0},
      {"a step behind the last", number(Kind::kFailed), rows, 0, 1, 0},
      {"the highest step", number(Kind::kDone), 255, 0, 1, 0},
      {"a domain behind the last", number(Kind::kFailed), 0, 2, 1, 0},
      {"an error of no errno's", number(Kind::kFailed), 0, 0, 1 << 30, 0},
      {"signal 0", number(Kind::kForward), 0, 0, 0, 0},
      {"signal 65", number(Kind::kForwardAlone), 0, 0, 65, 0},
      {"signal -1", number(Kind::kFromTerminal), 0, 0, -1, 0},
      {"a stop by signal 1000", number(Kind::kStopped), 0, 0, 1000, 0},
      {"an answer between yes and no", number(Kind::kAnswer), 0, 0, 2, 0},
      {"a wait status of a stop", number(Kind::kCommandEnded), 0, 0, 0x137F, 0},
      {"a wait status of more than 16 bits", number(Kind::kHeld), 0, 0, 1 << 16, 0},
      {"a death with an exit status", number(Kind::kFinished), 0, 0, 0x109, 0},
      {"fewer than no leaks", number(Kind::kFinished), 0, 0, 0, -1},
      {"a directory before the first", number(Kind::kMountLost), 0, 0, 0, -1},
      {"a pid below 0", number(Kind::kStarted), 0, 0, -5, 0},
  };
  for (const auto& raw : bad) {
    INFO(raw.what);
    CHECK_FALSE(is_taken(raw));
  }
}

TEST_CASE("a message that is too short, or longer than any, is none") {
  auto [ours, theirs] = sys::make_channel();
  REQUIRE(::send(ours.get(), "x", 1, 0) == 1);
  CHECK_FALSE(receive(theirs.get()).has_value());
  CHECK(errno == EPROTO);
  const std::string longest(40'000, '\0');
  REQUIRE(::send(ours.get(), longest.data(), longest.size(), 0) == static_cast<ssize_t>(longest.size()));
  CHECK_FALSE(receive(theirs.get()).has_value());
  CHECK(errno == EMSGSIZE);
}

TEST_CASE("a directory that init can't have lost is no directory of ours") {
  const auto said = [](int at) -> std::string {
    try {
      throw_failure(Plan(), {.kind = Kind::kMountLost, .detail = at, .payload = {}});
    } catch (const Error& error) {
      return error.what();
    }
  };
  CHECK_THAT(said(0), Catch::Contains("listening to the shard's init"));
  CHECK_THAT(said(1 << 30), Catch::Contains("listening to the shard's init"));
}

TEST_CASE("requests with numbers that are none, or out of range, are not understood") {
  CHECK(unpack_socket(packed({"1", "127.0.0.1", "65535"})));
  CHECK_FALSE(unpack_socket(packed({"1", "127.0.0.1", "65536"})));
  CHECK_FALSE(unpack_socket(packed({"2", "127.0.0.1", "80"})));
  CHECK_FALSE(unpack_socket(packed({"-1", "127.0.0.1", "80"})));
  CHECK_FALSE(unpack_socket(packed({"1", "127.0.0.1", "80 "})));
  CHECK_FALSE(unpack_socket(packed({"1", "127.0.0.1", ""})));
  CHECK(unpack_process_request(packed({"/", "1", "A=1", "true"})));
  CHECK_FALSE(unpack_process_request(packed({"/", "-1", "A=1", "true"})));
  CHECK_FALSE(unpack_process_request(packed({"/", "18446744073709551617", "A=1", "true"})));
  CHECK_FALSE(unpack_process_request(packed({"/", "", "A=1", "true"})));
  CHECK(unpack_listeners(packed({"127.0.0.1:1", "7"})));
  CHECK_FALSE(unpack_listeners(packed({"127.0.0.1:1"})));
  CHECK_FALSE(unpack_listeners(packed({"127.0.0.1:1", "-7"})));
}

}  // namespace nslaunch::shard
