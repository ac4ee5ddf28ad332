#!/bin/sh
# Lets the runner's user make namespaces that are good for something, and tries one. Ubuntu 24.04 allows that only to
# programs with an AppArmor profile, which is for a path: the setting is for whatever path nslaunch was installed in.
set -eu
. "$(dirname -- "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin

setting=kernel.apparmor_restrict_unprivileged_userns
if [ "$(id -u)" != 0 ] && [ "$(sysctl -n $setting 2>/dev/null)" = 1 ]; then
  sudo -n sysctl -w $setting=0 ||
    die "$setting could not be set to 0" "Where this runner has no sudo, its owner has to type: sysctl -w $setting=0"
fi
nslaunch -- true || die "this runner can't isolate anything: see above"
