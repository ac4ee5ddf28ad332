#include "shard/diagnose/remedies.hpp"

#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>

#include "sys/base/check.hpp"

namespace nslaunch::shard {
namespace {

/// How to start a container with fewer restrictions.
struct Engine {
  Place place;
  const char* where;  ///< where the lines belong; empty: they are commands
  const char* filter;
  const char* profile;
  const char* filter_and_profile;
  const char* proc;  ///< nullptr: only all rights help
  const char* capabilities;
  const char* one_capability;  ///< with its name for {}
  const char* all;
};

constexpr Engine kEngines[] = {
    {Place::kDocker, "", "docker run --security-opt seccomp=unconfined ...",
     "docker run --security-opt apparmor=unconfined ...",
     "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined ...",
     "docker run --security-opt systempaths=unconfined ...",
     "docker run --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt apparmor=unconfined ...",
     "docker run --cap-add {} ...", "docker run --privileged ..."},
    {Place::kPodman, "", "podman run --security-opt seccomp=unconfined ...",
     "podman run --security-opt apparmor=unconfined ...",
     "podman run --security-opt seccomp=unconfined --security-opt apparmor=unconfined ...",
     "podman run --security-opt unmask=ALL ...", "podman run --cap-add SYS_ADMIN --cap-add NET_ADMIN ...",
     "podman run --cap-add {} ...", "podman run --privileged ..."},
    {Place::kKubernetes, "in the container's specification",
     "securityContext: {{seccompProfile: {{type: Unconfined}}}}",
     "securityContext: {{appArmorProfile: {{type: Unconfined}}}}",
     "securityContext: {{seccompProfile: {{type: Unconfined}}, appArmorProfile: {{type: Unconfined}}}}",
     "securityContext: {{procMount: Unmasked}}  # and hostUsers: false for the pod",
     "securityContext: {{capabilities: {{add: [SYS_ADMIN, NET_ADMIN]}}}}",
     "securityContext: {{capabilities: {{add: [{}]}}}}", "securityContext: {{privileged: true}}"},
    {Place::kGitHubContainer, "in the job's container:", "options: --security-opt seccomp=unconfined",
     "options: --security-opt apparmor=unconfined",
     "options: --security-opt seccomp=unconfined --security-opt apparmor=unconfined",
     "options: --security-opt systempaths=unconfined",
     "options: --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt apparmor=unconfined",
     "options: --cap-add {}", "options: --privileged"},
    {Place::kGitLabContainer, "in [runners.docker] of the runner's config.toml",
     "security_opt = [\"seccomp:unconfined\"]", "security_opt = [\"apparmor:unconfined\"]",
     "security_opt = [\"seccomp:unconfined\", \"apparmor:unconfined\"]", nullptr,
     "cap_add = [\"SYS_ADMIN\", \"NET_ADMIN\"]", "cap_add = [\"{}\"]", "privileged = true"},
    {Place::kOtherContainer, "for LXC, from outside", "lxc config set NAME security.nesting=true",
     "lxc config set NAME security.nesting=true", "lxc config set NAME security.nesting=true", nullptr,
     nullptr, nullptr, "lxc config set NAME security.privileged=true"},
};

/// Outside any known container: Docker's options, as an example.
const Engine& engine_of(Place place) {
  const auto* found = std::find_if(std::begin(kEngines), std::end(kEngines),
                                   [&](const Engine& engine) { return engine.place == place; });
  return found == std::end(kEngines) ? kEngines[0] : *found;
}

class Ways {
 public:
  explicit Ways(const Evidence& machine) : machine_(machine), engine_(engine_of(machine.place)) {}

  Ways& add(const std::string& what, const char* paste, const std::string& name = {}) {
    if (paste == nullptr) return *this;
    std::string full = what;
    if (*engine_.where != '\0') full += fmt::format(" ({})", engine_.where);
    if (!is_container(machine_.place)) full = "in a container: " + full;
    remedies_.push_back({full, fmt::format(fmt::runtime(paste), name)});
    return *this;
  }
  /// Capabilities that are added to a container reach only its root.
  Ways& add_capabilities() {
    const bool has_them = machine_.has(CAP_SYS_ADMIN) && machine_.has(CAP_NET_ADMIN);
    if (machine_.is_root && !has_them) add("with two capabilities", engine_.capabilities);
    return *this;
  }
  Ways& add_all() { return add("with all rights", engine_.all); }
  const Engine& engine() const { return engine_; }
  Remedies take() { return std::move(remedies_); }

 private:
  const Evidence& machine_;
  const Engine& engine_;
  Remedies remedies_;
};

/// A command for the machine itself.
Remedy on_machine(const Evidence& machine, std::string what, const std::string& command) {
  if (is_container(machine.place)) what += " (on the container's host)";
  if (machine.place == Place::kGitHub) return {what + " (a step before)", "- run: " + command};
  if (machine.place == Place::kGitLab) return {what + " (in before_script:)", "- " + command};
  return {what, command};
}

Remedy as_root() {
  return {"as root", "sudo nslaunch ..."};
}

}  // namespace

Remedies without_filter(const Evidence& machine) {
  Ways ways(machine);
  if (machine.apparmor_profile.empty()) ways.add("without its seccomp filter", ways.engine().filter);
  if (!machine.apparmor_profile.empty())
    ways.add("without its seccomp filter and its AppArmor profile", ways.engine().filter_and_profile);
  ways.add_capabilities().add_all();
  auto remedies = ways.take();
  if (!is_container(machine.place))
    remedies.push_back({"in a systemd unit", "RestrictNamespaces=no and no SystemCallFilter="});
  return remedies;
}

Remedies without_profile(const Evidence& machine) {
  Ways ways(machine);
  return ways.add("without its AppArmor profile", ways.engine().profile).add_all().take();
}

Remedies with_whole_proc(const Evidence& machine) {
  Ways ways(machine);
  ways.add("with the whole /proc", ways.engine().proc);
  if (machine.in_first_user_namespace) ways.add_capabilities();  // K10
  return ways.add_all().take();
}

Remedies with_capability(const Evidence& machine, const std::string& name) {
  Ways ways(machine);
  ways.add("with " + name, ways.engine().one_capability, name);
  return ways.take();
}

Remedies with_user_namespaces_by_apparmor(const Evidence& machine) {
  return {
      on_machine(machine, "for nslaunch alone",
                 "nslaunch doctor --apparmor-profile | sudo tee /etc/apparmor.d/nslaunch && "
                 "sudo apparmor_parser -r /etc/apparmor.d/nslaunch"),
      on_machine(machine, "for everybody", "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
      as_root()};
}

Remedies by_sysctl(const Evidence& machine, const std::string& setting) {
  Remedies remedies = {on_machine(machine, "allow them", "sudo sysctl -w " + setting)};
  if (!machine.is_root) remedies.push_back(as_root());
  return remedies;
}

Remedies by_more_processes(const Evidence& machine) {
  if (machine.reached_pids_max.empty()) {
    return {{"in this shell", "ulimit -u unlimited"},
            {"where the hard limit is in the way", "sudo prlimit --pid $$ --nproc=unlimited"}};
  }
  switch (machine.place) {
    case Place::kDocker:
      return {{"with more processes", "docker run --pids-limit 4096 ..."}};
    case Place::kPodman:
      return {{"with more processes", "podman run --pids-limit 4096 ..."}};
    case Place::kGitHubContainer:
      return {{"in the job's container:", "options: --pids-limit 4096"}};
    case Place::kKubernetes:
      return {{"in the node's kubelet configuration", "podPidsLimit: 4096"}};
    default:
      return {{"for a login session",
               fmt::format("sudo systemctl set-property user-{}.slice TasksMax=infinity", ::geteuid())}};
  }
}

}  // namespace nslaunch::shard
