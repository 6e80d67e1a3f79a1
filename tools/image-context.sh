#!/bin/sh
# Makes a folder from which the image can be built without a network, and on a base without npm:
#   tools/image-context.sh [--with-node] FOLDER && docker build --build-arg BASE=… FOLDER
set -eu
top=$(CDPATH='' cd "$(dirname "$0")/.." && pwd -P)
with=
[ "${1-}" != --with-node ] || { with=--with-node; shift; }
[ $# = 1 ] || { echo "usage: tools/image-context.sh [--with-node] FOLDER" >&2; exit 2; }
mkdir -p "$1/tools"
cp "$top/Dockerfile" "$1"
cp "$top/tools/package.sh" "$1/tools"
# shellcheck disable=SC2086 # nothing, or one word
"$top/tools/package.sh" $with "$1/prepared"
