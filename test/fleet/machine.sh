#!/bin/sh
# The first process of a machine, already in namespaces of its own:
#   machine.sh DIR NAME PUBLIC PRIVATE GATEWAY COMMAND...
# DIR holds the machine's upper, work, root, data and console.log. It prints its pid as the host
# sees it, waits for a line that says the cables are in, and becomes COMMAND, which builds the root.
set -eu
dir=$1 name=$2 public=$3 private=$4 gateway=$5
shift 5

# /proc is still the host's, and so is the pid.
read -r pid _ </proc/self/stat
echo "$pid"
read -r _
exec </dev/null >>"$dir/console.log" 2>&1
echo "== boot of $name at $(date -u +%FT%TZ)"

hostname "$name"
ip -batch - <<NET
link set lo up
addr add $public/24 dev eth0
addr add $private/24 dev eth1
link set eth0 up
link set eth1 up
route add default via $gateway
NET

exec "$@"
