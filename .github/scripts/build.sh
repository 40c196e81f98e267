#!/usr/bin/env bash
# build.sh TARGET: the release build. Prints the path of the binary.
#
# Whoever builds the same commit with the same compiler gets the same bytes: no path of the machine and no time goes in.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$1

flags=("--remap-path-prefix=$PWD=/k8sready" "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo")
case $target in
    # Static, so that it runs on every distribution and in an empty image.
    *-musl) flags+=("-Ctarget-feature=+crt-static") ;;
    # Without a time stamp in the executable's header.
    *-msvc) flags+=("-Clink-arg=/Brepro" "-Ctarget-feature=+crt-static") ;;
esac
# Paths may hold blanks, so flags are separated by the unit separator.
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && printf '%s' "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS CARGO_INCREMENTAL=0
cargo build --release --locked --target "$target" >&2

suffix=""
case $target in *-windows-*) suffix=.exe ;; esac
printf '%s\n' "${CARGO_TARGET_DIR:-target}/$target/release/k8sready$suffix"
