#pragma once

#include <string>

namespace nslaunch::shard {

/// Where nslaunch runs, as far as the commands to type differ.
enum class Place {
  kMachine,
  kGitHub,  ///< a job of GitHub Actions, on the runner itself
  kGitLab,  ///< a job of GitLab CI, on the runner itself
  kDocker,
  kPodman,
  kKubernetes,
  kGitHubContainer,  ///< a job's `container:`
  kGitLabContainer,  ///< of the docker executor
  kOtherContainer,
};

/// What the place is determined from.
struct PlaceSigns {
  bool docker_file = false;         ///< /.dockerenv
  bool podman_file = false;         ///< /run/.containerenv
  bool kubernetes_service = false;  ///< KUBERNETES_SERVICE_HOST
  bool github = false;              ///< GITHUB_ACTIONS
  bool gitlab = false;              ///< GITLAB_CI
  std::string container{};          ///< the variable of that name, as podman, LXC and systemd-nspawn set it
  std::string first_cgroup{};       ///< /proc/1/cgroup
};

PlaceSigns read_place_signs();
Place place_by(const PlaceSigns& signs);

bool is_container(Place place) noexcept;
/// "docker", for programs.
const char* key_of(Place place) noexcept;
/// "a Docker container", for people.
const char* in_words(Place place) noexcept;

}  // namespace nslaunch::shard
