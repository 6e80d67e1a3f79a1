#define _GNU_SOURCE
#include "app.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLOSE = 8, PING = 9, PONG = 10, FRAME_MAX = 65536 };

static uint32_t left(uint32_t value, int by) { return value << by | value >> (32 - by); }

static void sha1_block(uint32_t state[5], const unsigned char *block) {
  uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
           block[4 * i + 3];
  for (int i = 16; i < 80; i++) w[i] = left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  for (int i = 0; i < 80; i++) {
    uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                 : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                 : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                          : (b ^ c ^ d) + 0xca62c1d6;
    uint32_t next = left(a, 5) + f + e + w[i];
    e = d, d = c, c = left(b, 30), b = a, a = next;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

/* The answer to a key of RFC 6455: base64 of a SHA-1, of a text that fits into two blocks. */
static void accept_key(const char *key, char out[29]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  unsigned char block[128] = {0}, sum[21] = {0};
  int length = snprintf((char *)block, 112, "%.60s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
  block[length] = 0x80;
  int blocks = length < 56 ? 1 : 2;
  block[64 * blocks - 2] = (unsigned char)(length * 8 >> 8);
  block[64 * blocks - 1] = (unsigned char)(length * 8);
  for (int i = 0; i < blocks; i++) sha1_block(state, block + 64 * i);
  for (int i = 0; i < 20; i++) sum[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
  for (int i = 0; i < 7; i++) {
    uint32_t three = (uint32_t)sum[3 * i] << 16 | (uint32_t)sum[3 * i + 1] << 8 | sum[3 * i + 2];
    for (int k = 0; k < 4; k++) out[4 * i + k] = letters[three >> (18 - 6 * k) & 63];
  }
  out[27] = '=';
  out[28] = 0;
}

static int send_frame(int fd, unsigned first, const char *data, size_t length) {
  char frame[FRAME_MAX + 4];
  size_t at = 2;
  frame[0] = (char)first;
  frame[1] = (char)(length < 126 ? length : 126);
  if (length >= 126) {
    frame[2] = (char)(length >> 8);
    frame[3] = (char)length;
    at = 4;
  }
  memcpy(frame + at, data, length);
  return send_all(fd, frame, at + length);
}

/* Frames as long as one of 16 bits says; echoed one by one, so a message in pieces comes back in these pieces. */
static int echo_frame(struct connection *to, char *data) {
  unsigned char start[2], mask[4];
  if (read_exactly(to, (char *)start, 2, 0)) {
    if (stopping) send_frame(to->fd, 0x80 | CLOSE, "\x03\xe9", 2);
    return -1;
  }
  size_t length = start[1] & 127;
  if (length == 126) {
    unsigned char more[2];
    if (read_exactly(to, (char *)more, 2, 1)) return -1;
    length = (size_t)more[0] << 8 | more[1];
  }
  if (length == 127 || !(start[1] & 128)) return -1;
  if (read_exactly(to, (char *)mask, 4, 1) || read_exactly(to, data, length, 1)) return -1;
  for (size_t i = 0; i < length; i++) data[i] = (char)(data[i] ^ mask[i % 4]);
  unsigned kind = start[0] & 15;
  if (kind == PONG) return 0;
  if (send_frame(to->fd, kind == PING ? 0x80 | PONG : start[0], data, length)) return -1;
  return kind == CLOSE ? -1 : 0;
}

/* Echoes until either side closes; a stop closes with 1001, "going away". */
int websocket(struct connection *to, const struct request *asked) {
  char key[64], expected[29], head[512];
  accept_key(header(asked, "sec-websocket-key", key, sizeof key), expected);
  int n = snprintf(head, sizeof head,
                   "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                   "Sec-WebSocket-Accept: %s\r\nX-Version: %s\r\n\r\n",
                   expected, setting("VERSION", "none"));
  char data[FRAME_MAX];
  if (send_all(to->fd, head, (size_t)n)) return -1;
  while (echo_frame(to, data) == 0) continue;
  return -1;
}
