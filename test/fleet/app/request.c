#define _GNU_SOURCE
#include "app.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The value of a header field; an empty text where there is none. */
const char *header(const struct request *asked, const char *name, char *value, size_t size) {
  size_t used = 0, length = strlen(name);
  const char *line = strstr(asked->head, "\r\n");
  for (; line; line = strstr(line + 2, "\r\n"))
    if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':') {
      line += 3 + length;
      while (*line == ' ') line++;
      while (*line && *line != '\r' && used + 1 < size) value[used++] = *line++;
      break;
    }
  value[used] = 0;
  return value;
}

int path_is(const struct request *asked, const char *path) {
  size_t length = strcspn(asked->target, "?");
  return length == strlen(path) && strncmp(asked->target, path, length) == 0;
}

/* The value of ?name= in the target, decoded; an empty text where there is none. */
void parameter(const struct request *asked, const char *name, char *value, size_t size) {
  size_t used = 0, length = strlen(name);
  const char *at = strchr(asked->target, '?');
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

int number(const struct request *asked, const char *name, int otherwise) {
  char value[32];
  parameter(asked, name, value, sizeof value);
  return *value ? atoi(value) : otherwise;
}

/* Reads one piece of a body; keeps it where it is to be echoed and there is room. */
static int take(struct connection *from, struct request *into, size_t count) {
  char *at = into->body && into->received + count <= ECHO_MAX ? into->body + into->received : NULL;
  into->received += count;
  return read_exactly(from, at, count, 1);
}

static int take_chunks(struct connection *from, struct request *into) {
  for (;;) {
    char *end;
    while (!(end = strstr(from->bytes, "\r\n")))
      if (fill(from, 1)) return -1;
    size_t count = strtoul(from->bytes, NULL, 16);
    drop(from, (size_t)(end + 2 - from->bytes));
    if (take(from, into, count) || read_exactly(from, NULL, 2, 1)) return -1; /* no trailers are sent by anyone here */
    if (count == 0) return 0;
  }
}

int read_request(struct connection *from, struct request *into) {
  char *end, value[256];
  while (!(end = strstr(from->bytes, "\r\n\r\n")))
    if (fill(from, from->have > 0)) return -1;
  size_t length = (size_t)(end + 4 - from->bytes);
  memcpy(into->head, from->bytes, length);
  into->head[length] = 0;
  drop(from, length);
  if (sscanf(into->head, "%15s %2047s", into->method, into->target) != 2) return -1;
  int is_old = strncmp(into->head + strcspn(into->head, "\r") - 8, "HTTP/1.0", 8) == 0;
  into->keep = !is_old && strcasecmp(header(into, "connection", value, sizeof value), "close") != 0;
  into->received = 0;
  into->body = path_is(into, "/echo") ? malloc(ECHO_MAX) : NULL;
  if (strcasecmp(header(into, "expect", value, sizeof value), "100-continue") == 0 &&
      send_all(from->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25))
    return -1;
  if (strcasecmp(header(into, "transfer-encoding", value, sizeof value), "chunked") == 0)
    return take_chunks(from, into);
  return take(from, into, strtoul(header(into, "content-length", value, sizeof value), NULL, 10));
}
