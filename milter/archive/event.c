#include "archive/internal.h"

#include <string.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 10000 };

void event_salt(json_t *json)
{
    guint8 salt[16];
    randombytes_buf(salt, sizeof salt);
    g_autofree char *hex = hex_encode(salt, sizeof salt);
    json_object_set_new(json, "salt", json_string(hex));
}

char *event_json(const char *id, const char *origin, const char *event, const char *who, const char *record,
                 json_t *detail, int64_t now_us, GError **error)
{
    g_autofree char *time = clock_format(now_us);
    json_t *json = json_object();
    json_object_set_new(json, "id", json_string(id));
    json_object_set_new(json, "origin", json_string(origin));
    json_object_set_new(json, "event", json_string(event));
    json_object_set_new(json, "time", json_string(time));
    json_object_set_new(json, "time_us", json_integer(now_us));
    json_object_set_new(json, "who", json_string(who));
    event_salt(json);
    if (record != NULL)
        json_object_set_new(json, "record", json_string(record));
    if (detail != NULL)
        json_object_set(json, "detail", detail);
    char *text = json_object_get(json, "event") != NULL && json_object_get(json, "who") != NULL
                     ? encode_json(json, error)
                     : NULL;
    if (text == NULL && error != NULL && *error == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "an event without a name, or by nobody, is not recorded");
    json_decref(json);
    return text;
}

static bool encode_event(const Config *config, const char *id, const char *json, int64_t now_us, Frame *out,
                         GError **error)
{
    EncodeInput input = {.id = id,
                         .dir = config->archive.dir,
                         .fd = -1,
                         .json = json,
                         .time_us = now_us,
                         .level = config->archive.compression,
                         .context = ZSTD_createCCtx()};
    bool ok = input.context != NULL && encode_record(&input, out, error);
    ZSTD_freeCCtx(input.context);
    return ok;
}

static bool append_once(Stream *stream, const Frame *frame, int64_t now_us, GError **error)
{
    g_autoptr(ArchiveRef) ref = g_new0(ArchiveRef, 1);
    if (stream_must_rotate(stream, frame->length, now_us))
        stream_rotate(stream);
    bool ok = stream_append(stream, frame, now_us, ref, error) && stream_commit(stream, error);
    if (!ok)
        stream_abandon(stream);
    return ok;
}

bool archive_event_once(const Config *config, const char *event, const char *who, const char *record,
                        json_t *detail, int64_t now_us, GError **error)
{
    char id[ULID_LEN + 1];
    return ulid_new(now_us, id, error) &&
           archive_event_once_as(config, id, event, who, record, detail, now_us, error);
}

bool archive_event_once_as(const Config *config, const char *id, const char *event, const char *who,
                           const char *record, json_t *detail, int64_t now_us, GError **error)
{
    const char *dir = config->archive.dir;
    g_autofree char *origin = g_strconcat(config->archive.origin, "-cmd", NULL);
    g_autofree char *series = g_strconcat(origin, "-events", NULL);
    g_auto(Frame) frame = {.fd = -1};
    g_autofree char *json = event_json(id, origin, event, who, record, detail, now_us, error);
    if (json == NULL || !file_make_dirs(dir, 0750, error) ||
        !encode_event(config, id, json, now_us, &frame, error))
        return false;
    int lock = segment_lock(dir, series, LOCK_WAIT_MS, error);
    if (lock < 0)
        return false;
    Stream stream;
    bool ok = stream_open(&stream, dir, series, config->archive.segment_bytes, error) &&
              append_once(&stream, &frame, now_us, error);
    // Not sealed: the next command goes on in it. A finished day is sealed by whoever comes first after it.
    stream_close(&stream, false);
    close(lock);
    return ok;
}
