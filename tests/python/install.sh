#!/bin/sh
# Installs the package with pip into a fresh virtual environment and runs the door's tests there.
# usage: tests/python/install.sh [PROGRAM]   PROGRAM: the built `widthwise`, for the tests that compare with it
set -eu
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
if [ $# -gt 0 ]; then WIDTHWISE_PROGRAM=$(realpath "$1"); export WIDTHWISE_PROGRAM; fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=/usr/bin/python3
[ -x $python ] || python=python3
$python -m venv "$folder/environment"
start=$(date +%s)
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check "$source_dir"
echo "pip install took $(($(date +%s) - start)) s"
cd "$folder"  # not where the sources are
PYTHONDONTWRITEBYTECODE=1 "$folder/environment/bin/python" -m unittest discover -s "$source_dir/tests/python"
