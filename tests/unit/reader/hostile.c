#include "hostile.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The set-up is looked at before it is taken, so that the real program can still be given it.
static const char PROGRAM[] =
    "#!/usr/bin/python3\n"
    "import mmap, os, signal, socket, struct, sys, time\n"
    "s = socket.socket(fileno=3)\n"
    "DIR, SETUP, REAL = %s, %zu, %s\n"
    "HEAD = struct.Struct('=IHHQQ')\n"
    "cls = struct.unpack_from('=I', s.recv(SETUP, socket.MSG_PEEK | socket.MSG_WAITALL), HEAD.size + "
    "%zu)[0]\n"
    "if cls in REAL:\n"
    "    os.execve(%s, ['chaperone-reader'], {})\n"
    "s.recv(SETUP, socket.MSG_WAITALL)\n"
    "def head(kind, length, value=0):\n"
    "    return HEAD.pack(0x43687231, kind, 0, value, length)\n"
    "def answer(name, blob=b''):\n"
    "    piece = open(f'{DIR}/{name}', 'rb').read()\n"
    "    s.sendall(head(4, len(piece), len(blob)) + piece + blob)\n"
    "def count():\n"
    "    f = os.open(f'{DIR}/count{cls}', os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)\n"
    "    os.write(f, b'.')\n"
    "    os.close(f)\n"
    "    return os.stat(f'{DIR}/count{cls}').st_size\n"
    "s.sendall(head(2, 512) + struct.pack('=II504s', 1, 127, b''))\n"
    "while True:\n"
    "    got, fds, _, _ = socket.recv_fds(s, HEAD.size, 1)\n"
    "    if not got:\n"
    "        break\n"
    "    magic, kind, flags, value, length = HEAD.unpack(got)\n"
    "    payload = s.recv(length, socket.MSG_WAITALL) if length else b''\n"
    "    offset = struct.unpack_from('=Q', payload)[0] if length else 0\n"
    "    data = os.pread(fds[0], value, offset)\n"
    "    os.close(fds[0])\n"
    "    if cls == 0:\n"
    "        %s\n"
    "    elif cls == 1:\n"
    "        %s\n"
    "    else:\n"
    "        %s\n";

static char *quoted(const char *text)
{
    return g_strdup_printf("'%s'", text);
}

Hostile *hostile_new(const char *messages, const char *documents, const char *ocr)
{
    Hostile *hostile = g_new0(Hostile, 1);
    hostile->dir = g_dir_make_tmp("chaperone-XXXXXX", NULL);
    hostile->config = fixture_config(1);
    g_autofree char *real = g_canonicalize_filename(hostile->config->reader.program, NULL);
    g_autofree char *dir = quoted(hostile->dir), *real_quoted = quoted(real);
    g_autofree char *classes = g_strdup_printf("(%s%s%s)", messages == NULL ? "0," : "",
                                               documents == NULL ? "1," : "", ocr == NULL ? "2," : "");
    g_autofree char *text =
        g_strdup_printf(PROGRAM, dir, sizeof(ChannelHead) + sizeof(ChannelSetup), classes,
                        G_STRUCT_OFFSET(ChannelSetup, cls), real_quoted, messages != NULL ? messages : "pass",
                        documents != NULL ? documents : "pass", ocr != NULL ? ocr : "pass");
    g_free(hostile->config->reader.program);
    hostile->config->reader.program = g_build_filename(hostile->dir, "reader", NULL);
    cr_assert(g_file_set_contents(hostile->config->reader.program, text, -1, NULL));
    cr_assert_eq(g_chmod(hostile->config->reader.program, 0755), 0);
    // Its workers write into the directory.
    g_free(hostile->config->reader.user);
    hostile->config->reader.user = g_strdup("");
    g_free(hostile->config->attachments.cache_dir);
    hostile->config->attachments.cache_dir = g_build_filename(hostile->dir, "cache", NULL);
    hostile->config->attachments.workers = 2;
    hostile->config->attachments.ocr_workers = 1;
    return hostile;
}

void hostile_remove_dir(const char *dir)
{
    g_autoptr(GDir) list = g_dir_open(dir, 0, NULL);
    for (const char *name; list != NULL && (name = g_dir_read_name(list)) != NULL;) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_remove(path);
    }
    g_rmdir(dir);
}

void hostile_free(Hostile *hostile)
{
    g_autofree char *cache = g_build_filename(hostile->dir, "cache", NULL);
    hostile_remove_dir(cache);
    hostile_remove_dir(hostile->dir);
    config_unref(hostile->config);
    g_free(hostile->dir);
    g_free(hostile);
}

void hostile_give(const Hostile *hostile, const char *name, Message *message)
{
    g_autofree char *path = g_build_filename(hostile->dir, name, NULL);
    g_autoptr(GBytes) bytes = message_to_bytes(message);
    gsize len = 0;
    const char *data = g_bytes_get_data(bytes, &len);
    cr_assert(g_file_set_contents(path, data, (gssize)len, NULL));
    message_free(message);
}

guint hostile_count(const Hostile *hostile, ReaderClass cls)
{
    g_autofree char *path = g_strdup_printf("%s/count%d", hostile->dir, cls);
    struct stat st;
    return stat(path, &st) == 0 ? (guint)st.st_size : 0;
}

Readers *hostile_readers(const Hostile *hostile)
{
    g_autoptr(GError) error = NULL;
    Readers *readers = readers_new(hostile->config, &error);
    cr_assert_not_null(readers, "%s", error != NULL ? error->message : "");
    return readers;
}

Message *hostile_piece(const char *text, guint pictures)
{
    Message *message = message_new();
    Part *part = message->parts->pdata[0];
    part->state = PART_READ;
    part->pictures = pictures;
    message_add_passage(message, 0, ORIGIN_DOCUMENT, VISIBILITY_SHOWN, text, strlen(text));
    return message;
}

GByteArray *hostile_bytes(const char *word)
{
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)"SQLite format 3\0", 16);
    g_byte_array_append(bytes, (const guint8 *)word, (guint)strlen(word));
    return bytes;
}

Reading *hostile_message(Readers *readers, GByteArray **bytes, guint count)
{
    g_autoptr(GString) raw = g_string_new(
        "From: a@example.org\r\nTo: b@example.net\r\nSubject: files\r\nMessage-ID: <1@example.org>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\ncasserole\r\n");
    for (guint i = 0; i < count; i++) {
        g_autofree char *body = g_malloc(bytes[i]->len * 4 / 3 + bytes[i]->len / 50 + 100);
        gint state = 0, save = 0;
        gsize n = g_base64_encode_step(bytes[i]->data, bytes[i]->len, TRUE, body, &state, &save);
        n += g_base64_encode_close(TRUE, body + n, &state, &save);
        g_string_append_printf(
            raw,
            "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; "
            "filename=\"a%u.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            i);
        g_string_append_len(raw, body, (gssize)n);
        g_string_append(raw, "\r\n");
    }
    g_string_append(raw, "--b--\r\n");
    g_autoptr(GError) error = NULL;
    int fd = reader_seal(raw->str, raw->len, &error);
    cr_assert_geq(fd, 0);
    Reading *reading = readers_read(readers, fd, raw->len, 0, &error);
    close(fd);
    cr_assert_not_null(reading, "%s", error != NULL ? error->message : "");
    return reading;
}

Reading *hostile_reading(Readers *readers, const char *word)
{
    g_autoptr(GByteArray) bytes = hostile_bytes(word);
    return hostile_message(readers, &bytes, 1);
}

const Part *hostile_part(const Reading *reading, guint nth)
{
    for (guint i = 0; i < reading->message->parts->len; i++) {
        const Part *part = reading->message->parts->pdata[i];
        if (part->name != NULL && part->parent == 0 && nth-- == 0)
            return part;
    }
    cr_assert_fail("no such attachment");
    return NULL;
}

bool hostile_fact(const Reading *reading, const Part *part, const char *fact, const char **out_detail)
{
    for (guint i = 0; i < reading->message->facts->len; i++) {
        const Fact *at = reading->message->facts->pdata[i];
        if (at->part >= 0 && reading->message->parts->pdata[at->part] == part &&
            strcmp(at->name, fact) == 0) {
            if (out_detail != NULL)
                *out_detail = at->detail;
            return true;
        }
    }
    return false;
}
