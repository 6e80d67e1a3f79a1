#define _GNU_SOURCE
#include "app.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

/* Finds `trouble` or `trouble:value` among the words of FAIL, from `at` on; gives the word after it. */
static const char *find(const char *at, const char *trouble, char *value, size_t size) {
  size_t length = strlen(trouble);
  while (at && *at) {
    size_t end = strcspn(at, ",");
    if (strncmp(at, trouble, length) == 0 && (at[length] == ':' || length == end)) {
      snprintf(value, size, "%.*s", length == end ? 0 : (int)(end - length - 1), at + length + 1);
      return at + end + (at[end] == ',');
    }
    at += end + (at[end] == ',');
  }
  return NULL;
}

int fails_with(const char *trouble, char *value, size_t size) {
  return find(setting("FAIL", ""), trouble, value, size) != NULL;
}

int fails_at(const struct request *asked) {
  char path[256];
  const char *at = setting("FAIL", "");
  while ((at = find(at, "path", path, sizeof path)))
    if (path_is(asked, path)) return 1;
  return 0;
}

static void *end_late(void *seconds) {
  sleep((unsigned)(long)seconds);
  fprintf(stderr, "fatal: lost the will to go on\n");
  _exit(3);
}

/* Up to a limit, as a test that forgot its own must not cost the host its memory. */
static void *eat_memory(void *limit_mib) {
  for (long eaten = 0; eaten < (long)limit_mib; eaten += 8) {
    char *more = malloc(8 * MIB);
    if (more) memset(more, 1, 8 * MIB);
    usleep(20000);
  }
  return NULL;
}

void begin_trouble(void) {
  char value[32];
  pthread_t thread;
  if (fails_with("late", value, sizeof value))
    pthread_create(&thread, NULL, end_late, (void *)(*value ? atol(value) : 5L));
  if (fails_with("memory", value, sizeof value))
    pthread_create(&thread, NULL, eat_memory, (void *)(*value ? atol(value) : 512L));
}
