/* util - memory, time and the bytes of the milter protocol. */
#ifndef MILTERLOAD_UTIL_H
#define MILTERLOAD_UTIL_H

#include <stddef.h>
#include <stdint.h>

#define EXIT_USAGE   2
#define NS_PER_S     1000000000LL
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Says why on standard error and exits with EXIT_USAGE. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* These never return NULL. */
void *xrealloc(void *old, size_t size);
void *xcalloc(size_t count, size_t size);
char *xstrndup(const char *text, size_t len);

/* Makes room for one more element in a growing array. */
#define GROW(array, count, capacity)                                                                         \
    do {                                                                                                     \
        if ((count) == (capacity)) {                                                                         \
            (capacity) = (capacity) ? 2 * (capacity) : 16;                                                   \
            (array) = xrealloc((array), (capacity) * sizeof *(array));                                       \
        }                                                                                                    \
    } while (0)

/* Monotonic. */
int64_t now_ns(void);

struct buf {
    char *data;
    size_t len;
    size_t cap;
};

void buf_add(struct buf *buf, const void *data, size_t len);
void buf_add_string(struct buf *buf, const char *text); /* with its NUL */
void buf_add_u32(struct buf *buf, uint32_t value);
uint32_t get_u32(const char *data);

/*
 * A packet is a 4-byte length, one command byte, and length - 1 bytes.
 * packet_begin() returns where it starts; packet_end() fills in the length.
 */
size_t packet_begin(struct buf *buf, char command);
void packet_end(struct buf *buf, size_t start);

#endif
