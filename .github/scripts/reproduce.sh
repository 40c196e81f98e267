#!/usr/bin/env bash
# reproduce.sh TARGET: builds the current commit twice, in two folders, and compares the binaries byte by byte.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CARGO_TARGET_DIR

binaries=()
for copy in one "another folder"; do
    mkdir -p "$work/$copy"
    git archive HEAD | tar -xf - -C "$work/$copy"
    binaries+=("$work/$copy/$("$work/$copy/.github/scripts/build.sh" "$target")")
done
sha256sum "${binaries[@]}"
if ! cmp "${binaries[@]}"; then
    echo "not reproducible" >&2
    exit 1
fi
# What is in the binary names neither folder.
if grep -q -F -e "$work" -e "$HOME/.cargo" "${binaries[0]}"; then
    echo "the binary holds a path of this machine" >&2
    exit 1
fi
