#define _GNU_SOURCE
#include "app.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000 };

atomic_int stopping;

/* Never read: from the first byte on it wakes whoever waits, for good. */
static int wake[2];

const char *setting(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value ? value : otherwise;
}

int open_wake(void) { return pipe(wake); }

void wake_all(void) {
  stopping = 1;
  if (write(wake[1], "x", 1) < 0) return;
}

/* Waits so long, or until the app is to stop; says whether it is. */
int wait_for_stop(int ms) {
  struct pollfd stop = {wake[0], POLLIN, 0};
  return poll(&stop, 1, ms) > 0;
}

/* Waits for bytes; gives up at once when the app is to stop and the caller does not insist. */
int readable(int fd, int insist) {
  struct pollfd wanted[2] = {{fd, POLLIN, 0}, {wake[0], POLLIN, 0}};
  int ready;
  do ready = poll(wanted, insist ? 1 : 2, insist ? PATIENCE_MS : -1);
  while (ready < 0 && errno == EINTR);
  return ready > 0 && wanted[0].revents != 0;
}

int fill(struct connection *from, int insist) {
  if (from->have == HEAD_MAX || !readable(from->fd, insist)) return -1;
  ssize_t got = recv(from->fd, from->bytes + from->have, HEAD_MAX - from->have, 0);
  if (got <= 0) return -1;
  from->have += (size_t)got;
  from->bytes[from->have] = 0;
  return 0;
}

/* Takes so many of the bytes that are there away. */
size_t drop(struct connection *from, size_t count) {
  if (count > from->have) count = from->have;
  from->have -= count;
  memmove(from->bytes, from->bytes + count, from->have);
  from->bytes[from->have] = 0;
  return count;
}

/* Reads so many bytes; into nowhere, they are let go. */
int read_exactly(struct connection *from, char *into, size_t count, int insist) {
  while (count > 0) {
    if (from->have == 0 && fill(from, insist)) return -1;
    size_t some = count < from->have ? count : from->have;
    if (into) {
      memcpy(into, from->bytes, some);
      into += some;
    }
    count -= drop(from, some);
    insist = 1;
  }
  return 0;
}

int send_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return -1;
    data += sent;
    length -= (size_t)sent;
  }
  return 0;
}

/* Waits a moment for the other side to close as well: a reset for what it still sent could overtake our last answer. */
void hang_up(struct connection *with) {
  struct pollfd other = {with->fd, POLLIN, 0};
  shutdown(with->fd, SHUT_WR);
  for (int tries = 0; tries < 10 && poll(&other, 1, 100) >= 0; tries++)
    if (other.revents && recv(with->fd, with->bytes, HEAD_MAX, 0) <= 0) break;
  close(with->fd);
}

/* Asked when the answer begins: one that began before the stop may be the connection's last all the same. */
int keeps(const struct request *asked) { return asked->keep && !stopping; }

static int head(char *text, size_t size, const struct request *asked, const char *status, const char *type) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return snprintf(text, size,
                  "HTTP/1.1 %s\r\nContent-Type: %s\r\nX-Version: %s\r\nX-Machine: %s\r\nX-Hostname: %s\r\n%s", status,
                  type, setting("VERSION", "none"), setting("SLIPWAY_MACHINE", host), host,
                  keeps(asked) ? "" : "Connection: close\r\n");
}

int answer(int fd, const struct request *asked, const char *status, const char *body, size_t length) {
  char text[2048];
  int n = head(text, sizeof text, asked, status, "text/plain");
  n += snprintf(text + n, sizeof text - (size_t)n, "Content-Length: %zu\r\n\r\n", length);
  if (strcasecmp(asked->method, "HEAD") == 0) return send_all(fd, text, (size_t)n);
  if (length > sizeof text - (size_t)n) return send_all(fd, text, (size_t)n) || send_all(fd, body, length) ? -1 : 0;
  memcpy(text + n, body, length);
  return send_all(fd, text, (size_t)n + length);
}

int begin_chunks(int fd, const struct request *asked, const char *type) {
  char text[2048];
  int n = head(text, sizeof text, asked, "200 OK", type);
  n += snprintf(text + n, sizeof text - (size_t)n, "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n");
  return send_all(fd, text, (size_t)n);
}

int send_chunk(int fd, const char *text) {
  char chunk[1024];
  int n = snprintf(chunk, sizeof chunk, "%zx\r\n%s\r\n", strlen(text), text);
  return send_all(fd, chunk, (size_t)n);
}

int end_chunks(int fd) { return send_all(fd, "0\r\n\r\n", 5); }
