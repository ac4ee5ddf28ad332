# Sourced by scenarios that need packages of npm's registry: installed once, outside the repository, for all of them.
# root's copy everybody uses, an ordinary user's lies below ~/.cache.

# shellcheck shell=bash

npm_home=$HOME # `begin` puts the scratch directory's in its place

# npm_installed DIRECTORY PLACE: whether what DIRECTORY/package.json wants is installed in PLACE.
npm_installed() { cmp -s -- "$1/package.json" "$2/package.json"; }

# npm_place DIRECTORY NAME: prints where it is, or is to be, installed.
npm_place() {
  local shared=/var/cache/nslaunch/$2
  if ((EUID == 0)) || npm_installed "$1" "$shared"; then
    echo "$shared"
  else
    echo "${XDG_CACHE_HOME:-$npm_home/.cache}/nslaunch/$2"
  fi
}

# npm_install_once DIRECTORY PLACE: fails where npm does, twice. The lock makes tests that run side by side install once;
# the rename makes an interrupted installation none at all.
npm_install_once() (
  if npm_installed "$1" "$2"; then exit 0; fi
  umask 022
  mkdir -p -- "$(dirname -- "$2")"
  exec {lock}>"$2.lock"
  flock -w 600 "$lock" || fail "somebody else has been installing $2 for ten minutes"
  if npm_installed "$1" "$2"; then exit 0; fi
  say "installing $2 (once)"
  rm -rf -- "$2" "$2.new"
  mkdir -- "$2.new"
  cp -- "$1/package.json" "$2.new"
  [[ ! -e $1/.npmrc ]] || cp -- "$1/.npmrc" "$2.new"
  cd -- "$2.new" || exit
  # What a slow registry has given by then need not be fetched again.
  npm_try {lock}>&- || npm_try {lock}>&- || exit 1
  mv -T -- "$2.new" "$2"
)

npm_try() {
  HOME=$npm_home timeout 290 npm install --ignore-scripts --prefer-offline --no-audit --no-fund --no-package-lock \
    --loglevel=error --no-progress >&2
}
