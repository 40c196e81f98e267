#!/usr/bin/env bash
# package.sh BINARY TARGET FOLDER: writes FOLDER/k8sready-TARGET-vVERSION.tar.gz and its .sha256, prints the archive's path.
#
# Named and laid out as cargo-binstall expects. The same input gives the same bytes: sorted, no owner, no time but the
# commit's.
set -euo pipefail
binary=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
target=$2
mkdir -p "$3"
folder=$(cd "$3" && pwd)
cd "$(dirname "$0")/../.."

version=$("$binary" --version)
version=${version#k8sready }
name=k8sready-$target-v$version
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
inside=$staging/$name
mkdir -p "$inside/completions" "$inside/man"

cp "$binary" LICENSE-APACHE LICENSE-MIT README.md CHANGELOG.md "$inside/"
"$binary" completions bash >"$inside/completions/k8sready.bash"
"$binary" completions zsh >"$inside/completions/_k8sready"
"$binary" completions fish >"$inside/completions/k8sready.fish"
"$binary" completions powershell >"$inside/completions/_k8sready.ps1"
"$binary" man >"$inside/man/k8sready.1"
for file in "$inside"/completions/* "$inside"/man/*; do
    [ -s "$file" ] || { echo "$file is empty" >&2; exit 1; }
done

# macOS calls GNU's tar gtar; its own cannot sort.
tar=$(command -v gtar || command -v tar)
time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
(cd "$staging" && "$tar" --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX \
    --format=ustar -cf - "$name") | gzip -9 -n >"$folder/$name.tar.gz"
cd "$folder"
if command -v sha256sum >/dev/null; then sha256sum "$name.tar.gz"; else shasum -a 256 "$name.tar.gz"; fi >"$name.tar.gz.sha256"
printf '%s\n' "$folder/$name.tar.gz"
