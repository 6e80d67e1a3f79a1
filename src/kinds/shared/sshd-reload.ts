/**
 * `reload` has the daemon read its files again, by the service manager where that runs it, and waits until it has: before that
 * a new connection would be answered as before.
 */
export const reloadSshd = `
reload() {
  pid_file=$(sshd -T 2>/dev/null | sed -n 's/^pidfile //p')
  case $pid_file in /*) ;; *) pid_file= ;; esac
  aside=$pid_file.slipway
  # Where this was cut it still lies aside.
  [ -z "$pid_file" ] || [ -s "$pid_file" ] || [ ! -s "$aside" ] || mv -f "$aside" "$pid_file"
  daemon=
  [ -z "$pid_file" ] || [ ! -f "$pid_file" ] || { daemon=$(cat "$pid_file") && mv -f "$pid_file" "$aside"; } || return 1
  told=
  if [ -d /run/systemd/system ]; then
    # Ubuntu's listens where the socket does, which takes Port and ListenAddress of sshd's files only when it is restarted.
    if [ -x /usr/lib/systemd/system-generators/sshd-socket-generator ] && systemctl is-enabled --quiet ssh.socket; then
      systemctl daemon-reload && systemctl restart ssh.socket && told=ssh.socket
    fi
    for unit in ssh sshd; do
      [ -n "$told" ] || ! systemctl is-active --quiet "$unit" || { systemctl reload "$unit" && told=$unit; }
    done
    # Where each connection has an sshd of its own there is none to tell.
    [ -n "$told" ] || ! systemctl is-active --quiet ssh.socket sshd.socket || { [ -z "$daemon" ] || rm -f "$aside"; return 0; }
  fi
  [ -n "$told" ] || [ -z "$daemon" ] || ! kill -HUP "$daemon" || told=$daemon
  if [ -z "$told" ]; then
    [ -z "$daemon" ] || mv -f "$aside" "$pid_file"
    echo 'no running sshd was found that could be told' >&2
    return 1
  fi
  [ -n "$daemon" ] || { sleep 1; return 0; }
  tries=0
  while [ ! -s "$pid_file" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 50 ] || { mv -f "$aside" "$pid_file"; echo 'sshd was told, and has not come back' >&2; return 1; }
    sleep 0.2
  done
  rm -f "$aside"
}
`;
