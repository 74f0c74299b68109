#!/bin/sh
# Installs the built tree into a folder of its own, builds the project beside this file against it, and runs it.
# usage: run.sh BUILD_DIR
set -eu
source_dir=$(cd "$(dirname "$0")" && pwd)
build_dir=$1
prefix=$build_dir/install-test
rm -rf "$prefix"
cmake --install "$build_dir" --prefix "$prefix/installed" >/dev/null
cmake -S "$source_dir" -B "$prefix/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix/installed" -DCMAKE_BUILD_TYPE=Release
cmake --build "$prefix/build"
"$prefix/build/uses_widthwise"
"$prefix/installed/bin/widthwise" classify abc --scheme mup --hidden-layers 3 --optimizer sgd --json
