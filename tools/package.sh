#!/bin/sh
# Lays out Slipway as it is shipped: compiled, with the libraries that it runs with and nothing else.
#   tools/package.sh [--with-node] FOLDER
# --with-node takes the pinned Node.js along, for places that have none. Where `prepared/` stands beside `tools/`, that is
# taken instead of being made: so it goes in a context of tools/image-context.sh.
set -eu

top=$(CDPATH='' cd "$(dirname "$0")/.." && pwd -P)
omit=--omit=optional
[ "${1-}" != --with-node ] || { omit=--include=optional; shift; }
[ $# = 1 ] || { echo "usage: tools/package.sh [--with-node] FOLDER" >&2; exit 2; }

mkdir -p "$1"
out=$(CDPATH='' cd "$1" && pwd -P)
if [ -n "$(ls -A "$out")" ]; then echo "package: $out is not empty" >&2; exit 1; fi

if [ -d "$top/prepared" ]; then
  cp -R "$top/prepared/." "$out"
  exit 0
fi

cd "$top"
node=$(tools/set-up.sh)
PATH=$node:$top/node_modules/.bin:$PATH
tsc -p tsconfig.build.json --outDir "$out/dist"
mkdir "$out/bin"
cp bin/slipway "$out/bin/"
cp -R schemas LICENSE package.json package-lock.json .npmrc "$out"
cd "$out"
npm ci --omit=dev "$omit" --prefer-offline --no-fund --no-audit --loglevel=error </dev/null >&2
rm package-lock.json .npmrc node_modules/.package-lock.json
