#!/usr/bin/env bash
# reproduce.sh TARGET: builds the current commit twice, in two folders, and compares the archives byte by byte.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
unset CARGO_TARGET_DIR

for copy in one "another folder"; do
    mkdir -p "$work/$copy"
    git archive HEAD | tar -xf - -C "$work/$copy"
    binary=$(cd "$work/$copy" && .github/scripts/build.sh "$target")
    (cd "$work/$copy" && .github/scripts/package.sh "$binary" "$target" "$work/$copy/dist") >/dev/null
done
if cmp "$work/one/dist/"*.tar.gz "$work/another folder/dist/"*.tar.gz; then
    cat "$work/one/dist/"*.sha256
    echo "reproducible: both folders give these bytes"
else
    sha256sum "$work/one/target/$target/release/k8sready" "$work/another folder/target/$target/release/k8sready" >&2
    exit 1
fi
