/*
 * The app that the tests deploy: a small HTTP server that tells what it is and misbehaves on request.
 *
 *   /                  version, hostname and greeting, a line each
 *   /up                200, or 500 while unhealthy
 *   /unhealthy /healthy   switch that
 *   /env               the whole environment      /file?path=P      a file
 *   /headers           the request as it came     /echo             its body (at most 4 MiB)
 *   /slow?ms=N         answers after N ms         /stream?ms=N&n=C  C chunks, N ms after each
 *   /events?ms=N&n=C   server-sent events: C, or without end
 *   /log?text=T        prints T                   /exit?code=N      ends at once
 *   POST elsewhere     answers with the length of the body
 *   Upgrade: websocket    echoes frames, on any path without a meaning of its own
 *
 * Each answer has X-Version, X-Machine and X-Hostname. PORT (8080), VERSION, GREETING; START_MS delays listening.
 * FAIL, words with commas between them: `health` is never healthy, `exit` ends with 3 at once, `late:N` after N seconds
 * (5), `memory:N` takes N MiB (512), `path:/buy` answers 500 there. SIGTERM: no new connections, requests under way are
 * finished, idle connections and WebSockets closed, exit 0.
 */
#define _GNU_SOURCE
#include "app.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static atomic_int connections;

static void on_term(int signal) {
  (void)signal;
  wake_all();
}

static void *serve(void *argument) {
  struct connection client = {.fd = (int)(long)argument};
  struct request asked;
  for (int go_on = 1; go_on;) {
    asked.body = NULL;
    go_on = read_request(&client, &asked) == 0;
    if (go_on) {
      int keep = keeps(&asked);
      go_on = respond(&client, &asked) == 0 && keep && keeps(&asked);
    }
    free(asked.body);
  }
  hang_up(&client);
  connections--;
  return NULL;
}

static int listen_on(const char *port) {
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
  return bind(listener, any, size) || listen(listener, 1024) ? -1 : listener;
}

static void accept_on(int listener) {
  pthread_t thread;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 512 * 1024);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  while (!stopping && readable(listener, 0)) {
    int on = 1, fd = accept(listener, NULL, NULL);
    if (fd < 0) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections++;
    if (pthread_create(&thread, &small, serve, (void *)(long)fd)) {
      close(fd);
      connections--;
    }
  }
}

int main(void) {
  char value[64];
  const char *port = setting("PORT", "8080");
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (fails_with("exit", value, sizeof value)) {
    fprintf(stderr, "fatal: cannot start: FAIL=exit\n");
    return 3;
  }
  if (fails_with("health", value, sizeof value)) be_unhealthy();
  if (open_wake()) return 1;
  struct sigaction term = {.sa_handler = on_term};
  sigaction(SIGTERM, &term, NULL);
  sigaction(SIGINT, &term, NULL);
  begin_trouble();
  usleep((useconds_t)atoi(setting("START_MS", "0")) * 1000);
  int listener = listen_on(port);
  if (listener < 0) {
    fprintf(stderr, "fatal: cannot listen on %s: %s\n", port, strerror(errno));
    return 1;
  }
  printf("version %s listening on %s\n", setting("VERSION", "none"), port);
  accept_on(listener);
  printf("stopping\n");
  close(listener);
  while (connections > 0) usleep(10000);
  printf("stopped\n");
  return 0;
}
