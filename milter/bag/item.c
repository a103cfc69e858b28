#include "bag/internal.h"

#include "base/mail_date.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// One item as it is written.
typedef struct {
    const BagJob *job;
    const BagItem *item;
    ArchiveRecord *record;
    BagNative *native;
    Reading *reading;
    GArray *attachments; // guint: parts
    json_t *files, *rows;
} Work;

static void work_clear(Work *work)
{
    g_clear_pointer(&work->record, archive_record_free);
    g_clear_pointer(&work->native, native_free);
    g_clear_pointer(&work->reading, reading_free);
    g_clear_pointer(&work->attachments, g_array_unref);
    g_clear_pointer(&work->files, json_decref);
    g_clear_pointer(&work->rows, json_decref);
}

// ---- rows ------------------------------------------------------------------------------------------------

static void set(json_t *row, const char *column, const char *text)
{
    json_t *value = text != NULL && *text != '\0' ? json_string(text) : NULL;
    if (value != NULL)
        json_object_set_new(row, column, value);
}

static void set_time(json_t *row, const char *column, int64_t us)
{
    g_autofree char *text = us != 0 ? clock_format(us) : NULL;
    set(row, column, text);
}

static char *exemption_codes(const BagItem *item)
{
    GString *codes = g_string_new(NULL);
    for (guint i = 0; item->exemptions != NULL && i < item->exemptions->len; i++)
        g_string_append_printf(codes, "%s%s", i > 0 ? "; " : "",
                               ((const BagExemption *)item->exemptions->pdata[i])->code);
    return g_string_free(codes, FALSE);
}

// A row of the item with what all of its documents have. Borrowed.
static json_t *row_new(Work *work, const char *number, const char *last)
{
    json_t *row = json_object();
    g_autofree char *codes = exemption_codes(work->item);
    set(row, "BEGBATES", number);
    set(row, "ENDBATES", number);
    set(row, "CUSTODIAN", work->item->custodian);
    set(row, "TREATMENT", bag_treatment_name(work->item->treatment));
    set(row, "EXEMPTIONS", codes);
    set_time(row, "DATERECEIVED", archive_mail_time(work->record->meta));
    if (last != NULL) {
        set(row, "BEGATTACH", work->item->bates);
        set(row, "ENDATTACH", last);
    }
    json_array_append_new(work->rows, row);
    return row;
}

void row_hashes(json_t *row, const void *data, gsize len)
{
    g_autofree char *md5 = g_compute_checksum_for_data(G_CHECKSUM_MD5, data, len);
    g_autofree char *sha256 = sha256_hex(data, len), *size = g_strdup_printf("%" G_GSIZE_FORMAT, len);
    set(row, "MD5HASH", md5);
    set(row, "SHA256HASH", sha256);
    set(row, "FILESIZE", size);
}

// Recipients that neither To nor Cc name, and Bcc itself.
static char *hidden_recipients(const Work *work)
{
    const Message *message = work->reading->message;
    g_autofree char *to = text_addresses(message, "To"), *cc = text_addresses(message, "Cc");
    g_autofree char *shown = g_strconcat(to, " ", cc, NULL), *lower = g_ascii_strdown(shown, -1);
    GString *hidden = g_string_new(NULL);
    const json_t *rcpts = json_object_get(json_object_get(work->record->meta, "envelope"), "rcpts");
    for (size_t i = 0; i < json_array_size(rcpts); i++) {
        const char *address = json_string_value(json_object_get(json_array_get(rcpts, i), "address"));
        g_autofree char *down = address != NULL ? g_ascii_strdown(address, -1) : NULL;
        if (down != NULL && strstr(lower, down) == NULL)
            g_string_append_printf(hidden, "%s%s", hidden->len > 0 ? "; " : "", address);
    }
    return g_string_free(hidden, FALSE);
}

static void set_headers(const Work *work, json_t *row)
{
    static const char *const ADDRESSES[][2] = {{"FROM", "From"}, {"TO", "To"}, {"CC", "Cc"}};
    static const char *const FIELDS[][2] = {{"INREPLYTO", "In-Reply-To"}, {"REFERENCES", "References"}};
    const Message *message = work->reading->message;
    for (guint i = 0; i < G_N_ELEMENTS(ADDRESSES); i++) {
        g_autofree char *text = text_addresses(message, ADDRESSES[i][1]);
        set(row, ADDRESSES[i][0], text);
    }
    for (guint i = 0; i < G_N_ELEMENTS(FIELDS); i++)
        set(row, FIELDS[i][0], message_header(message, FIELDS[i][1]));
    g_autofree char *hidden = work->job->spec->envelope ? hidden_recipients(work) : NULL;
    set(row, "BCC", hidden);
    set(row, "SUBJECT", message->subject);
    set(row, "MESSAGEID", message->message_id);
    set_time(row, "DATESENT", message->date != NULL ? mail_date_parse(message->date) : 0);
}

// ---- reading ---------------------------------------------------------------------------------------------

static bool work_record(Work *work, GError **error)
{
    const ArchiveRef *place = g_hash_table_lookup(work->job->places, work->item->record);
    work->record = archive_get_at(work->job->config, place, error);
    bool ok = work->record != NULL && work->record->raw != NULL;
    if (work->record != NULL && !ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: %s is an event, no message", work->item->bates,
                    work->item->record);
    else if (!ok)
        g_prefix_error(error, "%s: ", work->item->bates);
    return ok;
}

static bool work_read(Work *work, GError **error)
{
    work->native = native_of(work->record, work->job->spec->envelope, error);
    gsize len = 0;
    const void *data = work->native != NULL ? g_bytes_get_data(work->native->bytes, &len) : NULL;
    int fd = work->native != NULL ? reader_seal(data, len, error) : -1;
    if (fd >= 0) {
        work->reading = readers_read_keeping(work->job->readers, fd, len, error);
        close(fd);
    }
    if (work->reading != NULL)
        work->attachments = text_attachments(work->reading->message);
    return work->reading != NULL;
}

// ---- attachments -----------------------------------------------------------------------------------------

static char *attachment_number(const Work *work, guint place)
{
    return g_strdup_printf("%s.%03u", work->item->bates, place + 1);
}

// The ending of a file's name as far as it can do no harm; "bin" where there is none.
static char *ending_of(const Part *part)
{
    const char *dot = part->name != NULL ? strrchr(part->name, '.') : NULL;
    gsize len = dot != NULL ? strlen(dot + 1) : 0;
    bool fit = len >= 1 && len <= 8;
    for (gsize i = 0; fit && i < len; i++)
        fit = g_ascii_isalnum(dot[1 + i]);
    const char *known = strcmp(part->type, "message/rfc822") == 0 ? "eml" : "bin";
    return fit ? g_ascii_strdown(dot + 1, -1) : g_strdup(known);
}

static json_t *attachment_row(Work *work, guint place, const Part *part)
{
    g_autofree char *number = attachment_number(work, place);
    g_autofree char *last = attachment_number(work, work->attachments->len - 1);
    json_t *row = row_new(work, number, last);
    set(row, "PARENTID", work->item->bates);
    set(row, "FILENAME", part->name);
    set(row, "DOCTYPE", part->sniffed != NULL && *part->sniffed != '\0' ? part->sniffed : part->type);
    return row;
}

// `blob` may be NULL: there are no bytes of any.
static bool attachment_write(Work *work, guint place, const char *blob, GError **error)
{
    const Part *part = work->reading->message->parts->pdata[g_array_index(work->attachments, guint, place)];
    json_t *row = attachment_row(work, place, part);
    if (blob == NULL || part->blob < 0)
        return true;
    g_autofree char *number = attachment_number(work, place), *ending = ending_of(part);
    g_autofree char *name = g_strdup_printf("data/attachments/%s.%s", number, ending);
    set(row, "NATIVEPATH", name);
    row_hashes(row, blob + part->blob, part->size);
    return bag_put(work->job, work->files, name, blob + part->blob, part->size, error);
}

static bool attachments_write(Work *work, GError **error)
{
    const Reading *reading = work->reading;
    bool some = reading->blob >= 0 && reading->blob_len > 0;
    char *blob = some ? mmap(NULL, reading->blob_len, PROT_READ, MAP_PRIVATE, reading->blob, 0) : NULL;
    if (blob == MAP_FAILED) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "%s: cannot map its attachments: %s", work->item->bates,
                    g_strerror(errno));
        return false;
    }
    bool ok = true;
    for (guint i = 0; ok && i < work->attachments->len; i++)
        ok = attachment_write(work, i, blob, error);
    if (blob != NULL && munmap(blob, reading->blob_len) != 0)
        log_warn("cannot unmap attachments");
    return ok;
}

// ---- a whole message -------------------------------------------------------------------------------------

static bool put_text(Work *work, json_t *row, const char *number, const char *text, GError **error)
{
    g_autofree char *name = g_strdup_printf("data/text/%s.txt", number);
    set(row, "TEXTPATH", name);
    return bag_put(work->job, work->files, name, text, strlen(text), error);
}

// Rows stand in the order message, attachments.
static bool texts_write(Work *work, GError **error)
{
    const Message *message = work->reading->message;
    g_autofree char *text = text_of_message(message, work->attachments, work->job->spec->envelope);
    g_autofree char *unread = text_unread(message, work->attachments, 0);
    json_t *row = json_array_get(work->rows, 0);
    set(row, "UNREADABLE", unread);
    bool ok = put_text(work, row, work->item->bates, text, error);
    for (guint i = 0; ok && i < work->attachments->len; i++) {
        guint part = g_array_index(work->attachments, guint, i);
        g_autofree char *number = attachment_number(work, i);
        g_autofree char *inner = text_of_attachment(message, work->attachments, part);
        g_autofree char *why = text_unread(message, work->attachments, part);
        row = json_array_get(work->rows, i + 1);
        set(row, "UNREADABLE", why);
        ok = put_text(work, row, number, inner, error);
    }
    return ok;
}

// What is beside the message: its record for those entitled to it, for others what the message lacks.
static bool sidecar_write(Work *work, GError **error)
{
    if (work->job->spec->envelope) {
        gsize len = 0;
        const void *json = g_bytes_get_data(work->record->json, &len);
        g_autofree char *name = g_strdup_printf("data/eml/%s.json", work->item->bates);
        return bag_put(work->job, work->files, name, json, len, error);
    }
    const BagNative *native = work->native;
    if (native->left_out->len == 0 && !native->unwrapped)
        return true;
    g_autofree char *name = g_strdup_printf("data/eml/%s.left-out.txt", work->item->bates);
    g_autoptr(GString) text =
        g_string_new("The message is in the archive with these parts, which tell of recipients that "
                     "its To and Cc do not name. They are left\nout here; nothing else was changed.\n\n");
    if (native->unwrapped)
        g_string_append(text, "the journal report around the message\n");
    for (guint i = 0; i < native->left_out->len; i++) {
        g_autofree char *valid = g_utf8_make_valid(native->left_out->pdata[i], -1);
        g_string_append_printf(text, "header field %s\n", valid);
    }
    return bag_put(work->job, work->files, name, text->str, text->len, error);
}

static bool proof_write(Work *work, GError **error)
{
    g_autofree char *proof =
        archive_log_prove_under(work->job->config, work->item->record, work->job->checkpoint, error);
    g_autofree char *name = g_strdup_printf("proofs/%s.tlog-proof", work->item->bates);
    if (proof == NULL)
        g_prefix_error(error, "%s: ", work->item->bates);
    return proof != NULL && bag_put(work->job, work->files, name, proof, strlen(proof), error);
}

static bool message_write(Work *work, GError **error)
{
    gsize len = 0;
    const void *data = g_bytes_get_data(work->native->bytes, &len);
    g_autofree char *name = g_strdup_printf("data/eml/%s.eml", work->item->bates);
    g_autofree char *last =
        work->attachments->len > 0 ? attachment_number(work, work->attachments->len - 1) : NULL;
    json_t *row = row_new(work, work->item->bates, last);
    set(row, "NATIVEPATH", name);
    set(row, "DOCTYPE", "message/rfc822");
    set(row, "RECORD", work->item->record);
    set_headers(work, row);
    row_hashes(row, data, len);
    return bag_put(work->job, work->files, name, data, len, error) && sidecar_write(work, error);
}

static bool full_write(Work *work, GError **error)
{
    ReaderNeeds needs = {.wanted = true, .ocr = work->job->config->archive.index_ocr};
    if (!work_read(work, error) || !message_write(work, error) || !attachments_write(work, error))
        return false;
    (void)readers_attachments(work->job->readers, work->reading, needs, 0);
    return texts_write(work, error) && proof_write(work, error);
}

// ---- the others ------------------------------------------------------------------------------------------

static void withheld_write(Work *work)
{
    json_t *row = row_new(work, work->item->bates, NULL);
    set(row, "DOCTYPE", "message/rfc822");
}

static bool redacted(Work *work, json_t *note, GError **error)
{
    row_new(work, work->item->bates, NULL);
    return redacted_write(work->job, work->item, work->record, note, error) && proof_write(work, error);
}

json_t *item_write(const BagJob *job, const BagItem *item, GError **error)
{
    Work work = {.job = job, .item = item, .files = json_array(), .rows = json_array()};
    json_t *note = json_pack("{s:O, s:O}", "files", work.files, "rows", work.rows);
    bool ok = work_record(&work, error);
    if (ok && item->treatment == BAG_FULL)
        ok = full_write(&work, error);
    else if (ok && item->treatment == BAG_REDACTED)
        ok = redacted(&work, note, error);
    else if (ok)
        withheld_write(&work);
    work_clear(&work);
    if (!ok)
        json_decref(g_steal_pointer(&note));
    return note;
}
