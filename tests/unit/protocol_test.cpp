#include "shard/protocol.hpp"

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>

#include "shard/explain.hpp"
#include "sys/channel.hpp"
#include "sys/check.hpp"

namespace nslaunch::shard {

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
    REQUIRE(send(ours.get(), {.kind = Kind::kForward, .code = number, .payload = {}}));
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

TEST_CASE("a leak is unpacked as it was packed, and a damaged one is an empty one") {
  const Leak leak = {12, 3, std::chrono::milliseconds(4567), "node server.js", {"127.0.0.1:9926", "unix:/x"}};
  const auto unpacked = unpack_leak(pack(leak));
  CHECK(unpacked.pid == leak.pid);
  CHECK(unpacked.parent_pid == leak.parent_pid);
  CHECK(unpacked.age == leak.age);
  CHECK(unpacked.command_line == leak.command_line);
  CHECK(unpacked.listening == leak.listening);
  CHECK(unpack_leak("x").pid == 0);
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
  const auto received = unpack_capture(pack(sent));
  CHECK(received.full);
  CHECK(received.error == sent.error);
  CHECK(received.lost == sent.lost);
  const auto clean = unpack_capture(pack(CaptureOutcome{}));
  CHECK_FALSE((clean.full || clean.error || clean.lost != 0));
}

}  // namespace nslaunch::shard
