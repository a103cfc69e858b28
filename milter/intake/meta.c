#include "intake/internal.h"

#include <string.h>

// A message's own word on when it came is taken where it is possible at all.
#define EARLIEST_US ((int64_t)315532800 * G_USEC_PER_SEC) // 1980
#define AHEAD_US    ((int64_t)86400 * G_USEC_PER_SEC)

static json_t *clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return json_string(valid);
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, key, clean(text));
}

// ---- "message" -----------------------------------------------------------------------------------------------

static json_t *message_json(const IntakeHeader *header)
{
    static const char *const HEADERS[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc"};
    json_t *message = json_object(), *addresses = json_array();
    const char *subject = header_value(header, "Subject");
    g_autofree char *decoded = subject != NULL ? header_decode(subject) : NULL;
    set_text(message, "subject", decoded);
    set_text(message, "message_id", header_value(header, "Message-ID"));
    set_text(message, "date", header_value(header, "Date"));
    for (gsize i = 0; i < G_N_ELEMENTS(HEADERS); i++) {
        const char *value = header_value(header, HEADERS[i]);
        g_autoptr(GPtrArray) list = header_addresses(value != NULL ? value : "");
        for (guint k = 0; k < list->len; k++) {
            const IntakeAddress *address = list->pdata[k];
            json_t *one = json_pack("{s:s}", "header", HEADERS[i]);
            set_text(one, "address", address->address);
            set_text(one, "name", address->name);
            json_array_append_new(addresses, one);
        }
    }
    json_object_set_new(message, "addresses", addresses);
    return message;
}

// ---- the time ------------------------------------------------------------------------------------------------

// Of the topmost Received field: of the last machine that took it.
static int64_t received_time(const IntakeHeader *header)
{
    const char *value = header_value(header, "Received");
    const char *date = value != NULL ? strrchr(value, ';') : NULL;
    return date != NULL ? mail_date_parse(date + 1) : 0;
}

static int64_t header_time(const IntakeHeader *header)
{
    const char *date = header_value(header, "Date");
    return date != NULL ? mail_date_parse(date) : 0;
}

static int64_t choose_time(const IntakeHints *hints, const IntakeHeader *wrapper, const IntakeHeader *inner,
                           const char **out_from)
{
    const struct {
        int64_t us;
        const char *from;
    } TIMES[] = {{received_time(inner), "received"},
                 {wrapper != NULL ? received_time(wrapper) : 0, "journal"},
                 {wrapper != NULL ? header_time(wrapper) : 0, "journal"},
                 {hints->arrived ? hints->file_us : 0, "arrival"},
                 {header_time(inner), "date"},
                 {hints->file_us, "file"}};
    for (gsize i = 0; i < G_N_ELEMENTS(TIMES); i++)
        if (TIMES[i].us >= EARLIEST_US && TIMES[i].us <= hints->now_us + AHEAD_US) {
            *out_from = TIMES[i].from;
            return TIMES[i].us;
        }
    *out_from = "arrival";
    return hints->now_us;
}

// ---- "envelope" ----------------------------------------------------------------------------------------------

static void add_recipient(json_t *rcpts, const char *address)
{
    bool there = false;
    for (size_t i = 0; i < json_array_size(rcpts) && !there; i++)
        there =
            g_strcmp0(json_string_value(json_object_get(json_array_get(rcpts, i), "address")), address) == 0;
    if (!there) {
        json_t *one = json_object();
        set_text(one, "address", address);
        json_array_append_new(rcpts, one);
    }
}

// What a delivering program wrote down.
static const char *delivered_recipients(const IntakeHeader *header, json_t *rcpts)
{
    static const char *const NAMES[] = {"X-Original-To", "Envelope-To", "X-Envelope-To", "Delivered-To"};
    enum { MOST = 100 }; // fields: each names one mailbox
    guint taken = 0;
    for (gsize k = 0; k < G_N_ELEMENTS(NAMES) && taken == 0; k++)
        for (guint i = 0; i < header->fields->len && taken < MOST; i++) {
            const IntakeField *field = header->fields->pdata[i];
            if (g_ascii_strcasecmp(field->name, NAMES[k]) != 0)
                continue;
            g_autoptr(GPtrArray) list = header_addresses(field->value);
            for (guint n = 0; n < list->len && n < MOST; n++, taken++)
                add_recipient(rcpts, ((const IntakeAddress *)list->pdata[n])->address);
        }
    return taken > 0 ? "delivered-to" : NULL;
}

static const char *smtp_recipients(const IntakeHints *hints, json_t *rcpts)
{
    for (const char *const *one = hints->recipients; one != NULL && *one != NULL; one++) {
        json_t *rcpt = json_object();
        set_text(rcpt, "address", *one);
        json_array_append_new(rcpts, rcpt);
    }
    return json_array_size(rcpts) > 0 ? "smtp" : NULL;
}

static char *sender_of(const IntakeHints *hints, const IntakeHeader *header, const char **out_from)
{
    const char *path = header_value(header, "Return-Path");
    *out_from = hints->sender != NULL      ? "smtp"
                : path != NULL             ? "return-path"
                : hints->from_line != NULL ? "from-line"
                                           : NULL;
    if (hints->sender != NULL)
        return g_strdup(hints->sender);
    if (path == NULL)
        return g_strdup(hints->from_line);
    g_autoptr(GPtrArray) list = header_addresses(path);
    return g_strdup(list->len > 0 ? ((const IntakeAddress *)list->pdata[0])->address : "");
}

static json_t *envelope_json(const IntakeHints *hints, const IntakeHeader *header,
                             const JournalReport *report, json_t *intake)
{
    json_t *envelope = json_object(), *rcpts = json_array();
    const char *sender_from = NULL, *rcpts_from = NULL;
    g_autofree char *sender = NULL;
    if (report != NULL && report->unreadable == NULL) {
        sender = g_strdup(report->sender);
        sender_from = sender != NULL ? "journal" : NULL;
        rcpts_from = "journal";
        json_array_extend(rcpts, report->rcpts);
        set_text(envelope, "on_behalf_of", report->behalf);
    } else {
        sender = sender_of(hints, header, &sender_from);
        rcpts_from = smtp_recipients(hints, rcpts);
        if (rcpts_from == NULL)
            rcpts_from = delivered_recipients(header, rcpts);
    }
    set_text(envelope, "mail_from", sender);
    set_text(envelope, "queue_id", hints->queue_id);
    set_text(envelope, "client_addr", hints->client);
    json_object_set_new(envelope, "rcpts", rcpts);
    set_text(intake, "sender_from", sender_from);
    set_text(intake, "rcpts_from", rcpts_from);
    return envelope;
}

// ---- "intake" ------------------------------------------------------------------------------------------------

static json_t *wrapper_json(const JournalReport *report, const IntakeHeader *header, const IntakeHints *hints)
{
    json_t *wrapper = json_pack("{s:s}", "kind", report->kind);
    set_text(wrapper, "message_id", header_value(header, "Message-ID"));
    set_text(wrapper, "unreadable", report->unreadable);
    if (report->unreadable == NULL) {
        g_autofree char *hash =
            sha256_hex(g_bytes_get_data(report->inner, NULL), g_bytes_get_size(report->inner));
        set_text(wrapper, "sha256", hash);
        json_object_set_new(wrapper, "offset", json_integer((json_int_t)report->offset));
        json_object_set_new(wrapper, "length", json_integer((json_int_t)report->length));
        // What the report came in, where it was mailed here.
        set_text(wrapper, "mail_from", hints->sender);
    }
    return wrapper;
}

static json_t *intake_json(const IntakeHints *hints)
{
    json_t *intake = json_object();
    set_text(intake, "source", hints->source);
    set_text(intake, "format", hints->format);
    json_object_set_new(intake, "position", json_integer(hints->position));
    if (hints->mbox_kind != NULL)
        json_object_set_new(
            intake, "mbox",
            json_pack("{s:s, s:I}", "kind", hints->mbox_kind, "unquoted", (json_int_t)hints->unquoted));
    return intake;
}

json_t *intake_meta(GBytes *raw, const IntakeHints *hints, bool *out_report)
{
    gsize len = 0;
    const char *data = g_bytes_get_data(raw, &len);
    data = data != NULL ? data : "";
    g_autoptr(IntakeHeader) header = header_parse(data, len);
    g_autoptr(JournalReport) report = journal_parse(header, data, len);
    bool wrapped = report != NULL && report->unreadable == NULL;
    gsize inner_len = 0;
    const char *inner = wrapped ? g_bytes_get_data(report->inner, &inner_len) : NULL;
    g_autoptr(IntakeHeader) own = wrapped ? header_parse(inner != NULL ? inner : "", inner_len) : NULL;
    const IntakeHeader *message = own != NULL ? own : header;
    json_t *meta = json_object(), *intake = intake_json(hints);
    json_t *envelope = envelope_json(hints, header, report, intake);
    const char *from = NULL;
    int64_t received_us = choose_time(hints, wrapped ? header : NULL, message, &from);
    g_autofree char *received = clock_format(received_us);
    json_object_set_new(envelope, "received", json_string(received));
    json_object_set_new(intake, "received_us", json_integer(received_us));
    json_object_set_new(intake, "received_from", json_string(from));
    if (report != NULL)
        json_object_set_new(intake, "wrapper", wrapper_json(report, header, hints));
    json_object_set_new(meta, "envelope", envelope);
    json_object_set_new(meta, "intake", intake);
    json_object_set_new(meta, "message", message_json(message));
    if (out_report != NULL)
        *out_report = wrapped;
    return meta;
}
