/*
 * The app that the tests deploy: a small HTTP server that tells what it is and misbehaves on request.
 *
 *   /                  version, hostname and greeting, a line each
 *   /up                200, or 500 while unhealthy
 *   /unhealthy /healthy   switch that
 *   /env               the whole environment      /file?path=P      a file
 *   /slow?ms=N         answers after N ms         /stream?ms=N      a chunk every 50 ms for N ms
 *   /log?text=T        prints T                   /exit?code=N      ends at once
 *   /tunnel            with an Upgrade header: echoes bytes until it is told to stop
 *   POST anything      answers with the length of the body
 *
 * PORT (8080), VERSION, GREETING; START_MS delays listening; FAIL=health is never healthy, FAIL=exit ends with
 * 3 at once, FAIL=late after 5 s. SIGTERM: no new connections, those in use finish, exit 0.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ;

enum { HEAD_MAX = 16384, BODY_MAX = 262144 };

static atomic_int stopping, connections, unhealthy;
static int wake[2];

static const char *setting(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value ? value : otherwise;
}

static void on_term(int signal) {
  (void)signal;
  stopping = 1;
  if (write(wake[1], "x", 1) < 0) return;
}

static int send_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return -1;
    data += sent;
    length -= (size_t)sent;
  }
  return 0;
}

static int answer(int fd, const char *status, const char *body, size_t length, int keep) {
  char head[256];
  int n = snprintf(head, sizeof head,
                   "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nX-Version: %s\r\n%s\r\n", status,
                   length, setting("VERSION", "none"), keep ? "" : "Connection: close\r\n");
  return send_all(fd, head, (size_t)n) || send_all(fd, body, length) ? -1 : 0;
}

/* The value of ?name= in a target, decoded; an empty text where there is none. */
static void parameter(const char *target, const char *name, char *value, size_t size) {
  size_t used = 0, length = strlen(name);
  const char *at = strchr(target, '?');
  while (at && !(strncmp(at + 1, name, length) == 0 && at[1 + length] == '=')) at = strchr(at + 1, '&');
  if (at)
    for (at += length + 2; *at && *at != '&' && used + 1 < size; at++) {
      unsigned byte = (unsigned char)*at;
      if (*at == '+') byte = ' ';
      if (*at == '%' && sscanf(at + 1, "%2x", &byte) == 1) at += 2;
      value[used++] = (char)byte;
    }
  value[used] = 0;
}

/* Waits for bytes; gives up at once when the server is to stop and the caller does not insist. */
static int readable(int fd, int insist) {
  struct pollfd wanted = {fd, POLLIN, 0};
  for (;;) {
    int ready = poll(&wanted, 1, 100);
    if (ready > 0) return 1;
    if (ready < 0 && errno != EINTR) return 0;
    if (stopping && !insist) return 0;
  }
}

static void tunnel(int fd) {
  static const char head[] = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
  char bytes[4096];
  if (send_all(fd, head, sizeof head - 1)) return;
  while (readable(fd, 0)) {
    ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0 || send_all(fd, bytes, (size_t)got)) return;
  }
}

static void stream(int fd, int ms) {
  static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
  if (send_all(fd, head, sizeof head - 1)) return;
  for (; ms > 0; ms -= 50) {
    if (send_all(fd, "5\r\ntick\n\r\n", 10)) return;
    usleep(50000);
  }
  send_all(fd, "0\r\n\r\n", 5);
}

static int respond(int fd, const char *target, int upgrade, int keep) {
  char body[BODY_MAX], value[1024], host[256] = "";
  size_t used = 0, path = strcspn(target, "?");
#define IS(text) (path == strlen(text) && strncmp(target, text, path) == 0)
  if (IS("/up")) return unhealthy ? answer(fd, "500 Unhealthy", "unhealthy\n", 10, keep) : answer(fd, "200 OK", "ok\n", 3, keep);
  if (IS("/unhealthy") || IS("/healthy")) unhealthy = IS("/unhealthy");
  if (IS("/exit")) {
    parameter(target, "code", value, sizeof value);
    fprintf(stderr, "told to end with %s\n", value);
    _exit(atoi(value));
  }
  if (IS("/log")) {
    parameter(target, "text", value, sizeof value);
    printf("%s\n", value);
  }
  if (IS("/slow")) {
    parameter(target, "ms", value, sizeof value);
    usleep((useconds_t)atoi(value) * 1000);
  }
  if (IS("/stream")) {
    parameter(target, "ms", value, sizeof value);
    stream(fd, atoi(value));
    return -1;
  }
  if (IS("/tunnel") && upgrade) {
    tunnel(fd);
    return -1;
  }
  if (IS("/env")) {
    for (char **one = environ; *one && used + strlen(*one) + 2 < sizeof body; one++)
      used += (size_t)snprintf(body + used, sizeof body - used, "%s\n", *one);
    return answer(fd, "200 OK", body, used, keep);
  }
  if (IS("/file")) {
    parameter(target, "path", value, sizeof value);
    FILE *file = fopen(value, "r");
    if (!file) return answer(fd, "404 Not Found", strerror(errno), strlen(strerror(errno)), keep);
    used = fread(body, 1, sizeof body, file);
    fclose(file);
    return answer(fd, "200 OK", body, used, keep);
  }
  gethostname(host, sizeof host - 1);
  used = (size_t)snprintf(body, sizeof body, "version=%s\nhostname=%s\ngreeting=%s\n", setting("VERSION", "none"), host,
                          setting("GREETING", ""));
  return answer(fd, "200 OK", body, used, keep);
}

static void *serve(void *argument) {
  int fd = (int)(long)argument;
  char head[HEAD_MAX + 1];
  size_t have = 0;
  for (;;) {
    char *end;
    head[have] = 0;
    while (!(end = strstr(head, "\r\n\r\n"))) {
      if (have == HEAD_MAX || !readable(fd, have > 0)) goto done;
      ssize_t got = recv(fd, head + have, HEAD_MAX - have, 0);
      if (got <= 0) goto done;
      have += (size_t)got;
      head[have] = 0;
    }
    end[2] = 0;
    char method[16], target[2048];
    if (sscanf(head, "%15s %2047s", method, target) != 2) goto done;
    char *length = strcasestr(head, "\r\ncontent-length:");
    char *expect = strcasestr(head, "\r\nexpect: 100-continue");
    int upgrade = strcasestr(head, "\r\nupgrade:") != NULL;
    int keep = !stopping && !strcasestr(head, "\r\nconnection: close") && !strstr(head, "HTTP/1.0");
    size_t body = length ? strtoul(length + 17, NULL, 10) : 0, total = body;
    size_t after = (size_t)(end + 4 - head), rest = have - after;
    if (expect && send_all(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25)) goto done;
    memmove(head, head + after, rest);
    have = rest;
    size_t taken = have < body ? have : body;
    memmove(head, head + taken, have - taken);
    have -= taken;
    for (body -= taken; body > 0;) {
      char bytes[65536];
      ssize_t got = recv(fd, bytes, body < sizeof bytes ? body : sizeof bytes, 0);
      if (got <= 0) goto done;
      body -= (size_t)got;
    }
    if (strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) {
      char text[64];
      int n = snprintf(text, sizeof text, "received=%zu\n", total);
      if (answer(fd, "200 OK", text, (size_t)n, keep)) goto done;
    } else if (respond(fd, target, upgrade, keep)) {
      goto done;
    }
    if (!keep) goto done;
  }
done:
  shutdown(fd, SHUT_WR);
  close(fd);
  connections--;
  return NULL;
}

static void *end_late(void *unused) {
  (void)unused;
  sleep(5);
  fprintf(stderr, "fatal: lost the will to go on\n");
  _exit(3);
}

int main(void) {
  const char *fail = setting("FAIL", ""), *port = setting("PORT", "8080");
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (strcmp(fail, "exit") == 0) {
    fprintf(stderr, "fatal: cannot start: FAIL=exit\n");
    return 3;
  }
  unhealthy = strcmp(fail, "health") == 0;
  if (pipe(wake)) return 1;
  struct sigaction term = {.sa_handler = on_term};
  sigaction(SIGTERM, &term, NULL);
  sigaction(SIGINT, &term, NULL);
  pthread_t thread;
  if (strcmp(fail, "late") == 0) pthread_create(&thread, NULL, end_late, NULL);
  usleep((useconds_t)atoi(setting("START_MS", "0")) * 1000);

  int on = 1, off = 0, listener = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)atoi(port))};
  struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = any6.sin6_port};
  struct sockaddr *any = (struct sockaddr *)&any6;
  socklen_t size = sizeof any6;
  if (listener < 0) {
    listener = socket(AF_INET, SOCK_STREAM, 0);
    any = (struct sockaddr *)&any4;
    size = sizeof any4;
  } else {
    setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, any, size) || listen(listener, 1024)) {
    fprintf(stderr, "fatal: cannot listen on %s: %s\n", port, strerror(errno));
    return 1;
  }
  printf("version %s listening on %s\n", setting("VERSION", "none"), port);

  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 512 * 1024);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  struct pollfd both[2] = {{listener, POLLIN, 0}, {wake[0], POLLIN, 0}};
  while (!stopping) {
    if (poll(both, 2, -1) < 0 || !(both[0].revents & POLLIN)) continue;
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections++;
    if (pthread_create(&thread, &small, serve, (void *)(long)fd)) {
      close(fd);
      connections--;
    }
  }
  printf("stopping\n");
  close(listener);
  while (connections > 0) usleep(10000);
  printf("stopped\n");
  return 0;
}
