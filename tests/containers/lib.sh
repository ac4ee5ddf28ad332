# Sourced by the container scenarios: a Debian image and Docker's seccomp profile, both fetched once and kept outside
# the repository; podman with a storage of the scenario's own; and the release program, which is what images have.
#
#   NSLAUNCH_CONTAINER_CACHE  where image and profile are kept (default: /var/cache/nslaunch)

# shellcheck shell=bash
# shellcheck disable=SC2034  # some of this is for the scenarios
source "$(dirname -- "${BASH_SOURCE[0]}")/../support/scenario.sh"

image=localhost/debian-test
program=$scenario_root/build/release/nslaunch
inside=$scenario_root/tests/containers/inside
user=${NSLAUNCH_TEST_USER:-nslaunch-test}
cache=${NSLAUNCH_CONTAINER_CACHE:-/var/cache/nslaunch}
image_file=$cache/bookworm-1.tar # another number where what is in it changes
docker_seccomp=$cache/docker-seccomp.json
# Those that Docker gives by default (moby, oci/caps/defaults.go). podman leaves out MKNOD, NET_RAW and AUDIT_WRITE.
docker_capabilities=AUDIT_WRITE,CHOWN,DAC_OVERRIDE,FOWNER,FSETID,KILL,MKNOD,NET_BIND_SERVICE,NET_RAW
docker_capabilities+=,SETFCAP,SETGID,SETPCAP,SETUID,SYS_CHROOT

need_containers() {
  local tool
  ((EUID == 0)) || skip "needs root"
  for tool in podman crun debootstrap newuidmap; do
    command -v "$tool" >/dev/null || skip "needs podman, crun, debootstrap and uidmap (CI=true scripts/setup)"
  done
}

finish() {
  end_marked
  # podman's own, private to this shard; somebody of podman's who has been left may still use it.
  umount -R -l -- "$scratch/root/storage/overlay" 2>/dev/null || true
  rm -rf -- "$scratch"
}

# Runs the rest of the script in a shard: whatever podman leaves behind (storage, mounts, processes) goes with it.
begin_containers() {
  if [[ -z ${CONTAINER_SCENARIO:-} ]]; then
    need_containers
    [[ -x $program && -e $image_file && -e $docker_seccomp ]] || fail "run tests/containers/prepare first"
    # crun keeps what it knows in /run, podman some of its cache in /var/lib, wherever else they are told to.
    exec "$program" --name containers --timeout 4m --leaks fail --private /run --private /var/lib \
      --env CONTAINER_SCENARIO=1 -- "$(realpath -- "$0")" "$@"
  fi
  NSLAUNCH=$program
  begin
  chmod 711 -- "$scratch"
  mkdir -m 1777 -- "$scratch/gate"
  # crun takes no machine that has both versions of control groups.
  umount -R /sys/fs/cgroup 2>/dev/null || true
  mount -t cgroup2 none /sys/fs/cgroup || fail "there are no control groups of version 2"
  as_root import --quiet "$image_file" "$image" >/dev/null
}

# podman DIRECTORY ...: with its storage and all else that it keeps in DIRECTORY.
podman_in() {
  local directory=$1
  shift
  install -d -m 700 -- "$directory/home" "$directory/runtime"
  HOME=$directory/home XDG_RUNTIME_DIR=$directory/runtime podman --root "$directory/storage" --runroot "$directory/runroot" \
    --tmpdir "$directory/libpod" --cgroup-manager cgroupfs --events-backend none --runtime "$(command -v crun)" \
    --log-level error "$@"
}

as_root() { podman_in "$scratch/root" "$@"; }

# Rootless podman.
as_user() {
  local directory=$scratch/user
  install -d -m 700 -o "$user" -- "$directory"
  setpriv --reuid "$user" --regid "$user" --init-groups --reset-env \
    env SCENARIO_MARK="$SCENARIO_MARK" bash -c "$(declare -f podman_in); podman_in \"\$@\"" podman "$directory" "$@"
}

# Control groups are left alone: nslaunch needs none, and machines differ.
run_options=(--rm --cgroups=disabled --network=none --pull=never)

# The program in an image that has none.
with_program=(-v "$program:/usr/local/bin/nslaunch:ro")
