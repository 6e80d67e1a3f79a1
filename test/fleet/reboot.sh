#!/bin/sh
# reboot, poweroff and halt of a machine, and shutdown for those who say it that way.
verb=${0##*/}
if [ "$verb" = shutdown ]; then
  verb=poweroff
  for word in "$@"; do [ "$word" != -r ] || verb=reboot; done
fi
exec /bin/busybox "$verb"
