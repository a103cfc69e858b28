/* corpus - the messages to send, encoded once for all connections. */
#define _GNU_SOURCE
#include "corpus.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

struct message *corpus;
size_t corpus_count;
uint64_t corpus_bytes;

static size_t corpus_cap;

static void add_rcpt(struct envelope *envelope, const char *address, size_t len)
{
    GROW(envelope->rcpts, envelope->nrcpts, envelope->rcpts_cap);
    envelope->rcpts[envelope->nrcpts++] = xstrndup(address, len);
}

/* ADDRESS, or @FILE with one address a line. */
void add_rcpt_option(struct envelope *envelope, const char *arg)
{
    char *line = NULL;
    size_t cap = 0;
    FILE *file;

    if (arg[0] != '@') {
        add_rcpt(envelope, arg, strlen(arg));
        return;
    }
    if ((file = fopen(arg + 1, "r")) == NULL)
        die("%s: %s", arg + 1, strerror(errno));
    while (getline(&line, &cap, file) > 0) {
        size_t len = strcspn(line, " \t\r\n");

        if (len > 0 && line[0] != '#')
            add_rcpt(envelope, line, len);
    }
    free(line);
    fclose(file);
}

/* NAME[ADDRESS], as in mail.example.org[192.0.2.1]. */
void set_client(struct envelope *envelope, const char *arg)
{
    size_t name = strcspn(arg, "[");

    if (arg[name] != '[' || arg[strlen(arg) - 1] != ']')
        die("client must look like NAME[ADDRESS], not %s", arg);
    envelope->client_name = xstrndup(arg, name);
    envelope->client_addr = xstrndup(arg + name + 1, strlen(arg) - name - 2);
}

static char *read_file(const char *path, size_t *len)
{
    struct buf buf = {0};
    char chunk[65536];
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        die("%s: %s", path, strerror(errno));
    while ((got = read(fd, chunk, sizeof chunk)) > 0)
        buf_add(&buf, chunk, (size_t)got);
    if (got < 0)
        die("%s: %s", path, strerror(errno));
    close(fd);
    *len = buf.len;
    buf_add(&buf, "", 1);
    return buf.data;
}

/* Length of the line at text without its end; *next is set past that end. */
static size_t line_length(const char *text, const char *end, const char **next)
{
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    size_t len = (size_t)((newline ? newline : end) - text);

    *next = newline ? newline + 1 : end;
    if (len > 0 && text[len - 1] == '\r')
        len--;
    return len;
}

/* Length of the field name that starts this line, 0 if none does. */
static size_t field_name_length(const char *line, size_t len)
{
    size_t i = 0;

    while (i < len && line[i] != ':' && line[i] > ' ' && line[i] < 127)
        i++;
    for (size_t j = i; i > 0 && j < len; j++) {
        if (line[j] == ':')
            return i;
        if (line[j] != ' ' && line[j] != '\t')
            break;
    }
    return 0;
}

static struct span encode_header(struct buf *wire, const char *name, size_t name_len, const char *value,
                                 size_t value_len)
{
    size_t start = packet_begin(wire, SMFIC_HEADER);

    buf_add(wire, name, name_len);
    buf_add(wire, "", 1);
    buf_add(wire, value, value_len);
    buf_add(wire, "", 1);
    packet_end(wire, start);
    return (struct span){start, wire->len - start};
}

static const char *encode_headers(struct message *message, const char *text, const char *end)
{
    struct buf value = {0};
    size_t cap = 0;

    while (text < end) {
        const char *next;
        size_t len = line_length(text, end, &next);
        size_t name_len = field_name_length(text, len);
        const char *colon;

        if (len == 0) {
            text = next;
            break;
        }
        if (name_len == 0)
            break; /* not a header: the body starts here */

        colon = memchr(text, ':', len);
        value.len = 0;
        buf_add(&value, colon + 1, len - (size_t)(colon + 1 - text));
        message->size += len + 2;

        /* Folded lines travel with a bare newline between them. */
        while (next < end && (*next == ' ' || *next == '\t')) {
            const char *folded = next;
            size_t folded_len = line_length(folded, end, &next);

            buf_add(&value, "\n", 1);
            buf_add(&value, folded, folded_len);
            message->size += folded_len + 2;
        }

        if (message->nheaders == cap) {
            cap = cap ? 2 * cap : 32;
            message->headers = xrealloc(message->headers, cap * sizeof(struct span));
            message->headers_stripped = xrealloc(message->headers_stripped, cap * sizeof(struct span));
        }
        message->headers[message->nheaders] =
            encode_header(&message->wire, text, name_len, value.data, value.len);
        if (value.len > 0 && value.data[0] == ' ')
            message->headers_stripped[message->nheaders] =
                encode_header(&message->wire, text, name_len, value.data + 1, value.len - 1);
        else
            message->headers_stripped[message->nheaders] = message->headers[message->nheaders];
        message->nheaders++;
        text = next;
    }
    free(value.data);
    return text;
}

static void encode_body(struct message *message, const char *text, const char *end)
{
    struct buf body = {0};
    size_t cap = 0;

    while (text < end) {
        const char *next;
        size_t len = line_length(text, end, &next);

        buf_add(&body, text, len);
        buf_add(&body, "\r\n", 2);
        text = next;
    }
    for (size_t off = 0; off < body.len; off += MILTER_CHUNK_SIZE) {
        size_t left = body.len - off;
        size_t start = packet_begin(&message->wire, SMFIC_BODY);

        buf_add(&message->wire, body.data + off, left < MILTER_CHUNK_SIZE ? left : MILTER_CHUNK_SIZE);
        packet_end(&message->wire, start);
        GROW(message->bodies, message->nbodies, cap);
        message->bodies[message->nbodies++] = (struct span){start, message->wire.len - start};
    }
    message->size += 2 + body.len;
    free(body.data);
}

/*
 * NAME.env beside NAME.eml overrides the envelope of the command line:
 * lines of "from: ADDRESS", "rcpt: ADDRESS" (repeatable), "auth: LOGIN",
 * "helo: NAME" and "client: NAME[ADDRESS]".
 */
static void load_envelope(struct message *message, const struct envelope *defaults)
{
    struct envelope *envelope = &message->envelope;
    size_t stem = strlen(message->path);
    char *line = NULL;
    size_t cap = 0;
    char *path;
    FILE *file;

    *envelope = *defaults;
    if (stem > 4 && strcmp(message->path + stem - 4, ".eml") == 0)
        stem -= 4;
    if (asprintf(&path, "%.*s.env", (int)stem, message->path) < 0)
        die("out of memory");
    if ((file = fopen(path, "r")) != NULL) {
        bool own_rcpts = false;

        while (getline(&line, &cap, file) > 0) {
            char *value = strchr(line, ':');

            line[strcspn(line, "\r\n")] = '\0';
            if (value == NULL || line[0] == '#')
                continue;
            *value++ = '\0';
            value += strspn(value, " \t");
            if (strcmp(line, "rcpt") == 0) {
                if (!own_rcpts) {
                    envelope->rcpts = NULL;
                    envelope->nrcpts = envelope->rcpts_cap = 0;
                    own_rcpts = true;
                }
                add_rcpt(envelope, value, strlen(value));
            } else if (strcmp(line, "from") == 0) {
                envelope->from = xstrndup(value, strlen(value));
            } else if (strcmp(line, "auth") == 0) {
                envelope->auth = *value ? xstrndup(value, strlen(value)) : NULL;
            } else if (strcmp(line, "helo") == 0) {
                envelope->helo = xstrndup(value, strlen(value));
            } else if (strcmp(line, "client") == 0) {
                set_client(envelope, value);
            } else {
                die("%s: unknown key \"%s\"", path, line);
            }
        }
        free(line);
        fclose(file);
    }
    free(path);
}

static void load_message(const char *path, const struct envelope *defaults)
{
    struct message *message;
    const char *next;
    const char *text;
    const char *end;
    size_t len;
    char *data = read_file(path, &len);

    GROW(corpus, corpus_count, corpus_cap);
    message = &corpus[corpus_count++];
    memset(message, 0, sizeof *message);
    message->path = xstrndup(path, strlen(path));

    text = data;
    end = data + len;
    if (len > 5 && memcmp(text, "From ", 5) == 0) { /* mbox separator */
        line_length(text, end, &next);
        text = next;
    }
    text = encode_headers(message, text, end);
    encode_body(message, text, end);
    free(data);
    load_envelope(message, defaults);
    corpus_bytes += message->size;
}

static int only_eml(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 4 && strcmp(entry->d_name + len - 4, ".eml") == 0;
}

void load_path(const char *path, const struct envelope *defaults)
{
    struct dirent **entries;
    struct stat st;
    int count;

    if (stat(path, &st) < 0)
        die("%s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode)) {
        load_message(path, defaults);
        return;
    }
    if ((count = scandir(path, &entries, only_eml, alphasort)) < 0)
        die("%s: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char *file;

        if (asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
            die("out of memory");
        load_message(file, defaults);
        free(file);
        free(entries[i]);
    }
    free(entries);
}

void shuffle_corpus(uint64_t seed)
{
    uint64_t state = seed * 2 + 1;

    for (size_t i = corpus_count; i > 1; i--) {
        struct message swap;
        size_t j;

        state = state * 6364136223846793005u + 1442695040888963407u;
        j = (size_t)(state >> 33) % i;
        swap = corpus[i - 1];
        corpus[i - 1] = corpus[j];
        corpus[j] = swap;
    }
}
