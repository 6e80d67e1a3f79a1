#!/bin/sh
# Holds the network that the machines of a fleet are plugged into, in a namespace of its own:
#   hub.sh PREFIX (the prefix is only there to be seen in a list of processes)
set -eu
ip -batch - <<NET
link add public type bridge
link add private type bridge
link set public up
link set private up
NET
echo ready
exec cat
