#include "shard/diagnose/place.hpp"

#include <catch2/catch.hpp>

namespace nslaunch::test {
namespace {

using shard::Place;
using shard::place_by;
using shard::PlaceSigns;

PlaceSigns with_cgroup(const std::string& line) {
  PlaceSigns signs;
  signs.first_cgroup = line;
  return signs;
}

}  // namespace

TEST_CASE("a place is told by the files and variables that its engine leaves") {
  CHECK(place_by({}) == Place::kMachine);
  CHECK(place_by({.docker_file = true}) == Place::kDocker);
  CHECK(place_by({.podman_file = true}) == Place::kPodman);
  CHECK(place_by({.docker_file = true, .podman_file = true}) == Place::kPodman);
  CHECK(place_by({.container = "podman"}) == Place::kPodman);
  CHECK(place_by({.container = "lxc"}) == Place::kOtherContainer);
  CHECK(place_by({.docker_file = true, .kubernetes_service = true}) == Place::kKubernetes);
}

TEST_CASE("a place is told by the control group of its first process where that shows one") {
  CHECK(place_by(with_cgroup("0::/\n")) == Place::kMachine);
  CHECK(place_by(with_cgroup("0::/init.scope\n")) == Place::kMachine);
  CHECK(place_by(with_cgroup("4:memory:/docker/0123\n")) == Place::kDocker);
  CHECK(place_by(with_cgroup("0::/machine.slice/libpod-0123.scope\n")) == Place::kPodman);
  CHECK(place_by(with_cgroup("0::/kubepods/besteffort/pod0123\n")) == Place::kKubernetes);
  CHECK(place_by(with_cgroup("0::/lxc.payload.web\n")) == Place::kOtherContainer);
}

TEST_CASE("a CI job on the runner itself is another place than one in a container") {
  CHECK(place_by({.github = true}) == Place::kGitHub);
  CHECK(place_by({.gitlab = true}) == Place::kGitLab);
  CHECK(place_by({.docker_file = true, .github = true}) == Place::kGitHubContainer);
  CHECK(place_by({.docker_file = true, .gitlab = true}) == Place::kGitLabContainer);
  CHECK(place_by({.kubernetes_service = true, .gitlab = true}) == Place::kKubernetes);
}

TEST_CASE("every place has a name for programs and one for people") {
  for (auto place = Place::kMachine; place <= Place::kOtherContainer;
       place = static_cast<Place>(static_cast<int>(place) + 1)) {
    CHECK_FALSE(std::string(shard::key_of(place)).empty());
    CHECK_FALSE(std::string(shard::in_words(place)).empty());
  }
  CHECK_FALSE(shard::is_container(Place::kGitHub));
  CHECK(shard::is_container(Place::kGitHubContainer));
}

}  // namespace nslaunch::test
