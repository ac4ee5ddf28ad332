#include "run/part/expand_spec.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace nslaunch;

/// What the DIR of --overlay and the FILE of --pcap become for a line of a list.
std::pair<std::string, std::string> paths_for(const std::string& line) {
  FleetSpec fleet;
  fleet.shard.overlays = {{.path = "/project", .keep = "/kept/{name}/{1}/{2}"}};
  fleet.shard.capture.file = "/captured/{}";
  const auto spec = run::spec_of(fleet, {.index = 1, .total = 1, .name = line, .line = line}, {});
  return {spec.overlays.at(0).keep, spec.capture.file};
}

}  // namespace

TEST_CASE("a line of a list is one name in a path, and leads nowhere else") {
  const auto [kept, captured] = paths_for("../../etc ..");
  CHECK(kept == "/kept/%2E.%2F..%2Fetc %2E./%2E.%2F..%2Fetc/%2E.");
  CHECK(captured == "/captured/%2E.%2F..%2Fetc %2E.");
  CHECK(paths_for("a.js b") ==
        std::pair<std::string, std::string>("/kept/a.js b/a.js/b", "/captured/a.js b"));
  CHECK(paths_for("a/b").second != paths_for("a%2Fb").second);
}

TEST_CASE("a word that a line has not is a name in a path all the same, and no other's") {
  CHECK(paths_for("one").first == "/kept/one/one/%");
  CHECK(paths_for(" ").first == "/kept/ /%/%");
  CHECK(paths_for("").second == "/captured/%");
  CHECK(paths_for("%").second == "/captured/%25");
}
