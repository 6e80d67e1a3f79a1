#!/bin/sh
# Becomes COMMAND in control groups of its own, which it takes for the roots of all: own-groups.sh PREFIX NAME COMMAND...
set -eu
fleet=slipway-fleet-$1 group=slipway-fleet-$1/$2
shift 2

# One tree of groups, or one for each controller.
roots=/sys/fs/cgroup
[ -e "$roots/cgroup.procs" ] || roots=$(echo /sys/fs/cgroup/*)
for root in $roots; do
  mkdir -p "$root/$group"
  if [ -e "$root/cgroup.controllers" ]; then
    for above in "$root" "$root/$fleet"; do
      for controller in $(cat "$above/cgroup.controllers"); do
        echo "+$controller" >"$above/cgroup.subtree_control" || true
      done
    done
  elif [ -e "$root/cpuset.cpus" ]; then
    # Nobody may enter a set without processors and memory.
    for set in cpuset.cpus cpuset.mems; do
      for below in "$fleet" "$group"; do cat "$root/$set" >"$root/$below/$set"; done
    done
  fi
  echo 0 >"$root/$group/cgroup.procs"
done
exec unshare --cgroup "$@"
