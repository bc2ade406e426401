#!/bin/sh
# Unpacks packages of another Debian suite with all their libraries into a folder, without touching the system, and
# writes FOLDER/run/PROGRAM for each redis-* and valkey-*, which starts it with that suite's own loader and libraries.
#
#   dev/debian-suite.sh SUITE FOLDER PACKAGE...
set -eu
suite=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
shift 2

# The mirror that this machine uses already.
mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
apt=$folder/apt
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$folder/root" "$folder/run"
# Nothing counts as installed: apt takes every library, libc included.
: >"$apt/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} $suite main" \
  >"$apt/sources.list"

from_suite() {
  apt-get -qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists" \
    -o "Dir::State::status=$apt/status" -o "Dir::Cache::archives=$apt/archives" -o Dir::Cache::pkgcache= \
    -o Dir::Cache::srcpkgcache= -o "APT::Sandbox::User=$(id -un)" "$@"
}
from_suite update
from_suite -y --no-install-recommends --download-only install "$@" >/dev/null
for package in "$apt"/archives/*.deb; do dpkg -x "$package" "$folder/root"; done
rm -rf "$apt"

loader=$(find "$folder/root" -name 'ld-linux*.so.*' -type f | head -n 1)
libraries=$(dirname "$loader")
libraries=${libraries#"$folder"/root}
libraries=${libraries#/usr}
for program in "$folder"/root/usr/bin/redis-* "$folder"/root/usr/bin/valkey-*; do
  [ -e "$program" ] || continue
  name=$(basename "$program")
  # The folder may be moved, so the wrapper looks from where it is. The programs care about their own name.
  cat >"$folder/run/$name" <<EOF
#!/bin/sh
root=\$(cd "\$(dirname "\$0")/../root" && pwd)
exec "\$root${loader#"$folder"/root}" --library-path "\$root/usr$libraries:\$root$libraries" "\$root/usr/bin/$name" "\$@"
EOF
  chmod +x "$folder/run/$name"
done
