#!/bin/sh
# Makes a fresh checkout able to run: installs the packages of package-lock.json where they are not there yet, and
# prints the folder of the Node.js that everything here is run with. Says on stderr what it does.
set -eu

top=$(CDPATH='' cd "$(dirname "$0")/.." && pwd -P)
cd "$top"

fail() {
  for line in "$@"; do echo "set-up: $line" >&2; done
  exit 1
}

major_of() { "$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }

# The one pinned in package.json; the package of another architecture may be there too, so it has to run.
pinned_node() {
  for candidate in node_modules/node-linux-*/bin/node; do
    if [ -x "$candidate" ] && "$candidate" --version >/dev/null 2>&1; then
      echo "$top/$candidate"
      return 0
    fi
  done
  return 1
}

if ! node=$(pinned_node); then
  node=$(command -v node) || fail \
    "there is no Node.js here: install any version from 20 on (Debian, Ubuntu: apt-get install nodejs npm)"
  [ "$(major_of "$node")" -ge 20 ] || fail "$node is $("$node" --version); version 20 or later is needed"
fi

if ! "$node" tools/is-installed.js; then
  command -v npm >/dev/null || fail "npm is missing (Debian, Ubuntu: apt-get install npm)"
  echo "set-up: npm ci (the packages of package-lock.json, with Node.js 24, into $top/node_modules)" >&2
  npm ci --no-fund --no-audit --loglevel=error </dev/null >&2 || fail "npm ci failed; see above"
fi

if ! node=$(pinned_node); then
  node=$(command -v node || echo none)
  [ "$(major_of "$node")" -ge 24 ] || fail \
    "there is no packaged Node.js for this machine ($(uname -sm)): install Node.js 24 or later"
fi
dirname "$node"
