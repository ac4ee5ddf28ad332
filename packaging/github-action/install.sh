#!/bin/sh
# Downloads the release, compares its checksum and puts nslaunch on the PATH of the later steps.
#
#   INPUT_VERSION        which release (default: that of the sources that this action lies in)
#   INPUT_DOWNLOAD_FROM  where its files lie (default: the releases of ACTION_REPOSITORY)
set -eu
here=$(dirname -- "$0")
. "$here/lib.sh"

download() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --retry 3 --output "$2" "$1"
  elif command -v wget >/dev/null; then
    wget -q -O "$2" "$1"
  else
    die "there is neither curl nor wget to download $1 with" "Install one of them in the job's image."
  fi || die "$1 could not be downloaded" "Is there such a release? Another one: the inputs 'version' and 'download-from'."
}

architecture=$(uname -m)
case $(uname -s)-$architecture in
  Linux-x86_64 | Linux-aarch64) ;;
  *) die "this runner is $(uname -s) on $architecture" "It has to be Linux on x86_64 or aarch64: runs-on: ubuntu-24.04" ;;
esac

sources=$here/../../CMakeLists.txt
version=$INPUT_VERSION
if [ -z "$version" ] && [ -f "$sources" ]; then
  version=$(sed -n 's/^project(nslaunch VERSION \([0-9.]*\) .*/\1/p' "$sources")
fi
[ -n "$version" ] || die "this action does not know which release to install" "Say it: the input 'version'."
[ -n "$INPUT_DOWNLOAD_FROM$ACTION_REPOSITORY" ] ||
  die "this action does not know whose release to install" "Say where its files lie: the input 'download-from'."
from=${INPUT_DOWNLOAD_FROM:-$GITHUB_SERVER_URL/$ACTION_REPOSITORY/releases/download/v$version}
name=nslaunch-$version-linux-$architecture

cd -- "$RUNNER_TEMP"
download "$from/$name.tar.gz" "$name.tar.gz"
download "$from/SHA256SUMS" SHA256SUMS
grep " [ *]$name.tar.gz\$" SHA256SUMS >"$name.sha256" ||
  die "$from/SHA256SUMS does not list $name.tar.gz" "Without a checksum nothing is installed."
sha256sum -c "$name.sha256" || die "$from/$name.tar.gz is not the file that SHA256SUMS lists" "Nothing was installed."
tar -xzf "$name.tar.gz"
"./$name/bin/nslaunch" version
printf '%s\n' "$RUNNER_TEMP/$name/bin" >>"$GITHUB_PATH"
