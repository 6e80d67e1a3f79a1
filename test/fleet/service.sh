#!/bin/sh
# service.sh start|stop|freeze|thaw sshd|dockerd|cron, inside a machine. Stopping is a kill.
set -eu
service=$2

# Only the machine's own processes, not those of its containers.
signal() { pkill "-$1" -x --ns 1 --nslist pid "$service" || true; }

case $1 in
  start)
    case $service in
      sshd) mkdir -p /run/sshd && /usr/sbin/sshd ;;
      dockerd)
        rm -f /run/docker.pid
        # It starts itself anew several times for each container, which is gone before collecting garbage would pay.
        GOGC=400 setsid /usr/sbin/dockerd </dev/null >>/var/log/dockerd.log 2>&1 &
        ;;
      cron) /usr/sbin/cron ;;
    esac
    ;;
  stop)
    signal KILL
    # A new engine takes the old one's containerd for a living one until init has buried it.
    while pgrep -x --ns 1 --nslist pid "$service" >/dev/null ||
      { [ "$service" = dockerd ] && pgrep -x --ns 1 --nslist pid containerd >/dev/null; }; do
      sleep 0.02
    done
    ;;
  freeze) signal STOP ;;
  thaw) signal CONT ;;
esac
