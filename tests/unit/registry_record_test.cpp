#include "registry/record/record.hpp"

#include <catch2/catch.hpp>

#include "registry/place/names.hpp"

namespace {

using namespace nslaunch;
using registry::Condition;
using registry::decode;
using registry::encode;

ShardRecord some_record() {
  ShardRecord record;
  record.id = "0badcafe";
  record.name = "a \"name\"\n";
  record.run_id = "run-1";
  record.command = {"npm", "test", "", "--grep", "a b"};
  record.cwd = "/home/someone/ü";
  record.uid = 4294967294U;
  record.started_at = 1'700'000'000;
  record.isolation = "net,pid";
  record.launcher = {411, 122, 18446744073709551615ULL, "boot-id", 4026531836};
  record.init = {412, 123, 456, "boot-id", 4026531836};
  return record;
}

bool same(const ShardRecord& one, const ShardRecord& other) {
  return one.id == other.id && one.name == other.name && one.run_id == other.run_id &&
         one.fleet_member == other.fleet_member && one.command == other.command && one.cwd == other.cwd &&
         one.uid == other.uid && one.started_at == other.started_at && one.isolation == other.isolation &&
         one.launcher == other.launcher && one.init == other.init;
}

std::string with(std::string text, const std::string& what, const std::string& instead) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), instead);
}

}  // namespace

TEST_CASE("a record read back is the record that was written", "[unit]") {
  for (const auto state :
       {ShardState::kStarting, ShardState::kRunning, ShardState::kHeld, ShardState::kStopping}) {
    const auto decoded = decode(encode(some_record(), state));
    CHECK(decoded.condition == Condition::kGood);
    CHECK(decoded.problem.empty());
    CHECK(decoded.state == state);
    CHECK(same(decoded.record, some_record()));
  }
}

TEST_CASE("a record says whether its launcher has other shards, and an older one by its run's id", "[unit]") {
  auto record = some_record();
  for (const bool member : {true, false}) {
    record.fleet_member = member;
    CHECK(decode(encode(record, ShardState::kRunning)).record.fleet_member == member);
  }
  const auto older = with(encode(record, ShardState::kRunning), "\"fleet_member\":false,", "");
  CHECK(decode(older).record.fleet_member);
  CHECK_FALSE(decode(with(older, "run-1", "0badcafe")).record.fleet_member);
}

TEST_CASE("the state is overwritten in place", "[unit]") {
  std::string text = encode(some_record(), ShardState::kStarting);
  text[registry::kStateOffset] = registry::state_letter(ShardState::kStopping);
  CHECK(text == encode(some_record(), ShardState::kStopping));
}

TEST_CASE("bytes that are not UTF-8 are replaced, not refused", "[unit]") {
  auto record = some_record();
  record.command = {"caf\xe9", std::string("nul\0nul", 7)};
  record.name = "\xff";
  const auto decoded = decode(encode(record, ShardState::kRunning));
  REQUIRE(decoded.condition == Condition::kGood);
  CHECK(decoded.record.command == std::vector<std::string>{"caf\xef\xbf\xbd", std::string("nul\0nul", 7)});
  CHECK(decoded.record.name == "\xef\xbf\xbd");
}

TEST_CASE("a long command is cut until its record can be read again", "[unit]") {
  auto record = some_record();
  SECTION("one long argument") {
    record.command = {"echo", std::string(3'000'000, 'x')};
  }
  SECTION("many short arguments") {
    record.command.assign(500'000, "x");
  }
  SECTION("control characters, six bytes each") {
    record.command = {std::string(1'000'000, '\x01')};
  }
  SECTION("everything at once") {
    record.command = {std::string(1'000'000, '\x01')};
    record.cwd = record.name = record.run_id = record.isolation = std::string(1'000'000, '\x02');
  }
  const auto text = encode(record, ShardState::kRunning);
  CHECK(text.size() <= registry::kRecordLimit);
  const auto decoded = decode(text);
  REQUIRE(decoded.condition == Condition::kGood);
  CHECK(decoded.record.command.front().substr(0, 1) == record.command.front().substr(0, 1));
  CHECK(decoded.record.command.back().ends_with("..."));
}

TEST_CASE("a newer format is named, not called damage", "[unit]") {
  for (const std::string start : {"nslaunch 2 R\n", "nslaunch 2\n", "nslaunch 2", "nslaunch 2x"}) {
    const auto decoded = decode(start);
    CHECK(decoded.condition == Condition::kNewer);
    CHECK(decoded.problem == "written by a newer nslaunch (format 2)");
  }
  CHECK(decode("nslaunch 99999999999999999999999999").condition == Condition::kNewer);
}

TEST_CASE("a record cut off anywhere is damaged", "[unit]") {
  const auto text = encode(some_record(), ShardState::kRunning);
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {  // the last byte is a line end
    const auto decoded = decode(std::string_view(text).substr(0, size));
    INFO(size);
    REQUIRE(decoded.condition == Condition::kDamaged);
    REQUIRE(decoded.problem == "damaged");
    REQUIRE(decoded.state == ShardState::kUnreadable);
    REQUIRE(decoded.record.init.pid == 0);
  }
}

TEST_CASE("no changed byte of a record is more than damage", "[unit]") {
  const auto good = encode(some_record(), ShardState::kRunning);
  // Every kind of byte, and the neighbours of what is there.
  constexpr char kBytes[] = "\0\n \"\\,:-09aZ[]{}\x7f\x80\xc3\xff";
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bytes(kBytes, sizeof kBytes - 1);
    bytes += {static_cast<char>(good[at] + 1), static_cast<char>(good[at] - 1)};
    for (const char byte : bytes) {
      std::string text = good;
      text[at] = byte;
      const auto decoded = decode(text);  // throws nothing
      if (decoded.condition != Condition::kGood) REQUIRE(!decoded.problem.empty());
    }
  }
}

TEST_CASE("what is no record is damaged", "[unit]") {
  const auto good = encode(some_record(), ShardState::kRunning);
  const auto header = good.substr(0, good.find('{'));
  const std::string texts[] = {
      "",
      "\n",
      "nslaunch 0 R\n",
      "nslaunch -1 R\n",
      "nslaunch  1 R\n",
      std::string(60'000, '\0'),
      header,
      header + "null",
      header + "[]",
      header + "{}",
      header + std::string(60'000, '['),
      header + std::string(10'000, '{'),
      with(good, "nslaunch 1 R", "nslaunch 1 X"),
      with(good, "nslaunch 1 R", "nslaunch 1 RR"),
      with(good, "launcher 411", "launcher -411"),
      with(good, "launcher 411", "launcher 99999999999"),
      with(good, "launcher 411", "launcher 0x19b"),
      with(good, "init 412", "init  412"),
      with(good, "from boot-id", "from " + std::string(500, 'b')),
      with(good, "\"uid\":4294967294", "\"uid\":4294967296"),
      with(good, "\"uid\":4294967294", "\"uid\":-1"),
      with(good, "\"uid\":4294967294", "\"uid\":1e99"),
      with(good, "\"started_at\":1700000000", "\"started_at\":18446744073709551615"),
      with(good, "\"started_at\":1700000000", "\"started_at\":null"),
      with(good, "[\"npm\",", "[7,"),
      with(good, "\"fleet_member\":false", "\"fleet_member\":1"),
      with(good, "\"id\":", "\"di\":"),
      good + "{}",
  };
  for (const auto& text : texts) {
    INFO(text.substr(0, 300));
    CHECK(decode(text).condition == Condition::kDamaged);
  }
}

TEST_CASE("a file's name tells what it is", "[unit]") {
  using registry::kind_of;
  using registry::NameKind;
  CHECK(kind_of(registry::record_name("0badcafe")) == NameKind::kRecord);
  CHECK(kind_of(registry::socket_name("0badcafe")) == NameKind::kSocket);
  CHECK(kind_of(registry::note_name("0badcafe")) == NameKind::kNote);
  CHECK(kind_of(registry::temporary_name("0badcafe", 17)) == NameKind::kTemporary);
  CHECK(kind_of(registry::temporary_name("0badcafe", 17, 3)) == NameKind::kTemporary);
  CHECK(registry::id_of("0badcafe.shard") == "0badcafe");
  CHECK(registry::id_of("0badcafe.sock") == "0badcafe");
  CHECK(registry::id_of("notes.txt") == "notes.txt");
  for (const char* name : {"notes.txt", ".shard", "a b.shard", "0badcafe.shard~", "0badcafe", "a/b.shard"}) {
    INFO(name);
    CHECK((kind_of(name) == NameKind::kStranger || kind_of(name) == NameKind::kIgnored));
  }
  for (const char* name : {".", "..", ".0badcafe.tmp", ".0badcafe.1a.tmp", "..1.tmp", ".nfs0001"}) {
    INFO(name);
    CHECK(kind_of(name) == NameKind::kIgnored);
  }
}

TEST_CASE("an id that can't be a plain file name is no id", "[unit]") {
  CHECK(is_valid_id("0badcafe"));
  CHECK(is_valid_id("my-shard_7"));
  for (const std::string id : {"", ".", "..", "a/b", "a.b", "a b", "\n", "\xff"})
    CHECK_FALSE(is_valid_id(id));
  CHECK(is_valid_id(std::string(64, 'a')));
  CHECK_FALSE(is_valid_id(std::string(65, 'a')));
}

TEST_CASE("every state has a word of its own", "[unit]") {
  CHECK(std::string(to_string(ShardState::kStarting)) == "starting");
  CHECK(std::string(to_string(ShardState::kRunning)) == "running");
  CHECK(std::string(to_string(ShardState::kStopping)) == "stopping");
  CHECK(std::string(to_string(ShardState::kOrphaned)) == "orphaned");
  CHECK(std::string(to_string(ShardState::kDead)) == "dead");
  CHECK(std::string(to_string(ShardState::kUnreadable)) == "unreadable");
}
