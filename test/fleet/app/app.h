/* What the parts of the test app share; server.c says what the app can do. */
#ifndef APP_H
#define APP_H

#include <stdatomic.h>
#include <stddef.h>

enum { HEAD_MAX = 16384, ANSWER_MAX = 131072, ECHO_MAX = 4194304 };

struct connection {
  int fd;
  size_t have;
  char bytes[HEAD_MAX + 1];
};

struct request {
  char method[16], target[2048], head[HEAD_MAX + 1];
  /* Whether the client would go on with the connection. */
  int keep;
  /* How long its body was, and the body itself where it is to be echoed. */
  size_t received;
  char *body;
};

extern atomic_int stopping;

/* wire.c: bytes and answers. What fails gives -1, and the connection is to be closed. */
const char *setting(const char *name, const char *otherwise);
int open_wake(void);
void wake_all(void);
int wait_for_stop(int ms);
int readable(int fd, int insist);
int fill(struct connection *from, int insist);
size_t drop(struct connection *from, size_t count);
int read_exactly(struct connection *from, char *into, size_t count, int insist);
int send_all(int fd, const char *data, size_t length);
void hang_up(struct connection *with);
int keeps(const struct request *asked);
int answer(int fd, const struct request *asked, const char *status, const char *body, size_t length);
int begin_chunks(int fd, const struct request *asked, const char *type);
int send_chunk(int fd, const char *text);
int end_chunks(int fd);

/* request.c */
int read_request(struct connection *from, struct request *into);
const char *header(const struct request *asked, const char *name, char *value, size_t size);
int path_is(const struct request *asked, const char *path);
void parameter(const struct request *asked, const char *name, char *value, size_t size);
int number(const struct request *asked, const char *name, int otherwise);

/* answers.c */
int respond(struct connection *to, const struct request *asked);
void be_unhealthy(void);

/* websocket.c */
int websocket(struct connection *to, const struct request *asked);

/* trouble.c: what FAIL asks for. */
int fails_with(const char *trouble, char *value, size_t size);
int fails_at(const struct request *asked);
void begin_trouble(void);

#endif
