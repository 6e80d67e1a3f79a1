/**
 * What a job's service runs: starts its container by the engine's API, waits for it and ends with its exit code. It knows
 * no secret, as the container was made before, and needs no client of the engine: curl, or perl, which Debian always has.
 * It enforces the deadline itself, as it goes on when its unit has gone.
 *
 * 75: one still runs, nothing was started. 124: it was stopped at its deadline. 125: the engine could not start it.
 */
export const runScript = `# Made by Slipway: what is changed here by hand comes back.
socket=$1 fleet=$2 app=$3 job=$4 container=$5 deadline=$6 grace=$7

# METHOD PATH SECONDS: the answer, then its status on a line of its own.
call() {
  if command -v curl >/dev/null 2>&1; then
    curl -q -sS --noproxy "*" --unix-socket "$socket" -m "$3" -X "$1" -w '\\n%{http_code}\\n' "http://engine$2"
  else
    perl -MIO::Socket::UNIX -e '
      my ($socket, $method, $path, $seconds) = @ARGV;
      alarm $seconds;
      my $engine = IO::Socket::UNIX->new(Peer => $socket) or die "$socket: $!\\n";
      print $engine "$method $path HTTP/1.0\\r\\nHost: engine\\r\\nContent-Length: 0\\r\\n\\r\\n";
      local $/;
      my ($head, $body) = split /\\r\\n\\r\\n/, <$engine>, 2;
      my ($status) = $head =~ m{^HTTP/\\S+ (\\d+)};
      print "$body\\n$status\\n";
    ' "$socket" "$1" "$2" "$3"
  fi
}
status() { printf '%s' "$1" | tail -n 1; }
halt() { call POST "/containers/$container/stop?t=$grace" "$((grace + 30))" >/dev/null; }

filters="%7B%22status%22%3A%5B%22running%22%2C%22paused%22%5D%2C%22label%22%3A%5B%22slipway.fleet%3D$fleet%22%2C%22slipway.app%3D$app%22%2C%22slipway.job%3D$job%22%5D%7D"
others=$(call GET "/containers/json?filters=$filters" 60) || exit 125
if [ "$(status "$others")" != 200 ]; then
  printf '%s\\n' "$others" >&2
  exit 125
fi
case $others in
'[]'*) ;;
*)
  echo "job $job of $app still runs: this start is skipped" >&2
  exit 75
  ;;
esac

trap 'halt; exit 143' TERM INT
end=$(($(date +%s) + deadline))
started=$(call POST "/containers/$container/start" 60)
if [ "$(status "$started")" != 204 ]; then
  printf '%s\\n' "$started" >&2
  exit 125
fi
while left=$((end - $(date +%s))) && [ "$left" -gt 0 ]; do
  ended=$(call POST "/containers/$container/wait" "$left" 2>/dev/null)
  code=$(printf '%s' "$ended" | sed -n 's/.*"StatusCode": *\\([0-9][0-9]*\\).*/\\1/p')
  [ -z "$code" ] || exit "$code"
  [ "$(status "$ended")" != 404 ] || exit 125
  # The engine may have been restarted.
  sleep 1
done
echo "job $job of $app did not end within $deadline s and is stopped" >&2
halt
exit 124
`;
