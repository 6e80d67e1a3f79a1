#define _GNU_SOURCE
#include "app.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

extern char **environ;

static atomic_int unhealthy;

void be_unhealthy(void) { unhealthy = 1; }

static int say(int fd, const struct request *asked, const char *text) {
  return answer(fd, asked, "200 OK", text, strlen(text));
}

static int hello(int fd, const struct request *asked) {
  char body[4096], host[256] = "";
  gethostname(host, sizeof host - 1);
  snprintf(body, sizeof body, "version=%s\nhostname=%s\ngreeting=%s\n", setting("VERSION", "none"), host,
           setting("GREETING", ""));
  return say(fd, asked, body);
}

static int environment(int fd, const struct request *asked) {
  char body[ANSWER_MAX];
  size_t used = 0;
  for (char **one = environ; *one && used + strlen(*one) + 2 < sizeof body; one++)
    used += (size_t)snprintf(body + used, sizeof body - used, "%s\n", *one);
  return answer(fd, asked, "200 OK", body, used);
}

static int file(int fd, const struct request *asked) {
  char body[ANSWER_MAX], path[1024];
  parameter(asked, "path", path, sizeof path);
  FILE *found = fopen(path, "r");
  if (!found) return answer(fd, asked, "404 Not Found", strerror(errno), strlen(strerror(errno)));
  size_t used = fread(body, 1, sizeof body, found);
  fclose(found);
  return answer(fd, asked, "200 OK", body, used);
}

/* A request under way is finished, also when the app is to stop. */
static int stream(int fd, const struct request *asked) {
  char text[64];
  int pause_ms = number(asked, "ms", 50), count = number(asked, "n", 20);
  if (begin_chunks(fd, asked, "text/plain")) return -1;
  for (int i = 1; i <= count; i++) {
    snprintf(text, sizeof text, "tick %d\n", i);
    if (send_chunk(fd, text)) return -1;
    usleep((useconds_t)pause_ms * 1000);
  }
  return end_chunks(fd);
}

/* These have no end of their own: a stop is one. */
static int events(int fd, const struct request *asked) {
  char text[256];
  int pause_ms = number(asked, "ms", 1000), count = number(asked, "n", 0);
  if (begin_chunks(fd, asked, "text/event-stream")) return -1;
  for (int i = 1; count == 0 || i <= count; i++) {
    snprintf(text, sizeof text, "id: %d\ndata: version=%s\n\n", i, setting("VERSION", "none"));
    if (send_chunk(fd, text)) return -1;
    if (wait_for_stop(pause_ms)) break;
  }
  return end_chunks(fd);
}

/* -1: the connection is done with. */
int respond(struct connection *to, const struct request *asked) {
  int fd = to->fd;
  char value[1024];
  if (fails_at(asked)) return answer(fd, asked, "500 Internal Server Error", "as asked by FAIL\n", 17);
  if (path_is(asked, "/echo"))
    return asked->received > ECHO_MAX ? answer(fd, asked, "413 Too Large", "", 0)
                                      : answer(fd, asked, "200 OK", asked->body, asked->received);
  if (strcmp(asked->method, "POST") == 0 || strcmp(asked->method, "PUT") == 0) {
    snprintf(value, sizeof value, "received=%zu\n", asked->received);
    return say(fd, asked, value);
  }
  if (path_is(asked, "/up"))
    return unhealthy ? answer(fd, asked, "500 Unhealthy", "unhealthy\n", 10) : say(fd, asked, "ok\n");
  if (path_is(asked, "/unhealthy")) unhealthy = 1;
  if (path_is(asked, "/healthy")) unhealthy = 0;
  if (path_is(asked, "/exit")) {
    fprintf(stderr, "told to end with %d\n", number(asked, "code", 0));
    _exit(number(asked, "code", 0));
  }
  if (path_is(asked, "/log")) {
    parameter(asked, "text", value, sizeof value);
    printf("%s\n", value);
  }
  if (path_is(asked, "/slow")) usleep((useconds_t)number(asked, "ms", 0) * 1000);
  if (path_is(asked, "/stream")) return stream(fd, asked);
  if (path_is(asked, "/events")) return events(fd, asked);
  if (path_is(asked, "/headers")) return say(fd, asked, asked->head);
  if (path_is(asked, "/env")) return environment(fd, asked);
  if (path_is(asked, "/file")) return file(fd, asked);
  if (strcasecmp(header(asked, "upgrade", value, sizeof value), "websocket") == 0) return websocket(to, asked);
  return hello(fd, asked);
}
