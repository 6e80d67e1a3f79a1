# service.sh of a bare machine, read from standard input: sh -s start|stop|freeze|thaw sshd|dockerd. Stopping is a kill.
set -eu
case $2 in
  sshd) unit=ssh ;;
  dockerd) unit=docker ;;
esac

case $1 in
  start) systemctl start "$unit" ;;
  stop)
    # Neither systemd itself nor a socket is to start it again; the socket's end before its own would be a soft one.
    rules=/run/systemd/system/$unit.service.d
    mkdir -p "$rules"
    printf '[Service]\nRestart=no\n' >"$rules/fleet.conf"
    systemctl daemon-reload
    systemctl kill --signal=KILL --kill-whom=main "$unit"
    [ "$unit" != docker ] || systemctl stop docker.socket
    [ "$unit" != ssh ] || pkill -KILL -x sshd || true
    while [ "$(systemctl show --property=MainPID --value "$unit")" != 0 ]; do sleep 0.02; done
    rm "$rules/fleet.conf"
    systemctl daemon-reload
    systemctl reset-failed "$unit" 2>/dev/null || true
    ;;
  freeze) systemctl kill --signal=STOP --kill-whom=main "$unit" ;;
  thaw) systemctl kill --signal=CONT --kill-whom=main "$unit" ;;
esac
