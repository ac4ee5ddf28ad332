#include "shard/diagnose/place.hpp"

#include <unistd.h>

#include <cstdlib>

#include "sys/base/files.hpp"

namespace nslaunch::shard {
namespace {

struct PlaceRow {
  Place place;
  const char* key;
  const char* words;
};

constexpr PlaceRow kPlaces[] = {
    {Place::kMachine, "machine", "no container"},
    {Place::kGitHub, "github", "a job of GitHub Actions"},
    {Place::kGitLab, "gitlab", "a job of GitLab CI"},
    {Place::kDocker, "docker", "a Docker container"},
    {Place::kPodman, "podman", "a Podman container"},
    {Place::kKubernetes, "kubernetes", "a Kubernetes pod"},
    {Place::kGitHubContainer, "github-container", "a container of GitHub Actions"},
    {Place::kGitLabContainer, "gitlab-container", "a container of GitLab CI"},
    {Place::kOtherContainer, "container", "a container"},
};

const PlaceRow& row_of(Place place) {
  return kPlaces[static_cast<std::size_t>(place)];
}

std::string own_variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

Place kind_of_container(const PlaceSigns& signs) {
  const auto runs_under = [&](const char* engine) {
    return signs.first_cgroup.find(engine) != std::string::npos;
  };
  if (signs.podman_file || signs.container == "podman" || runs_under("libpod")) return Place::kPodman;
  if (signs.docker_file || runs_under("docker")) return Place::kDocker;
  if (!signs.container.empty() || runs_under("/lxc")) return Place::kOtherContainer;
  return Place::kMachine;
}

}  // namespace

PlaceSigns read_place_signs() {
  return {.docker_file = ::access("/.dockerenv", F_OK) == 0,
          .podman_file = ::access("/run/.containerenv", F_OK) == 0,
          .kubernetes_service = !own_variable("KUBERNETES_SERVICE_HOST").empty(),
          .github = own_variable("GITHUB_ACTIONS") == "true",
          .gitlab = own_variable("GITLAB_CI") == "true",
          .container = own_variable("container"),
          .first_cgroup = sys::read_file("/proc/1/cgroup").value_or("")};
}

Place place_by(const PlaceSigns& signs) {
  const bool is_pod = signs.kubernetes_service || signs.first_cgroup.find("kubepods") != std::string::npos;
  if (is_pod) return Place::kKubernetes;
  const auto container = kind_of_container(signs);
  const bool contained = container != Place::kMachine;
  if (signs.github) return contained ? Place::kGitHubContainer : Place::kGitHub;
  if (signs.gitlab) return contained ? Place::kGitLabContainer : Place::kGitLab;
  return container;
}

bool is_container(Place place) noexcept {
  return place != Place::kMachine && place != Place::kGitHub && place != Place::kGitLab;
}

const char* key_of(Place place) noexcept {
  return row_of(place).key;
}

const char* in_words(Place place) noexcept {
  return row_of(place).words;
}

}  // namespace nslaunch::shard
