// A report as it came: what names the message it is about, and what it holds of it. Clients forward in many ways: as an attachment
// (in the clear or in base64), inline with the headers of a reply, inline with nothing but the text.
#include "archivist/watch.h"

#include <string.h>
#include <unistd.h>

#define MOST_IDS     200
#define MOST_ID_LEN  998
#define MOST_WORDS   20000
#define MOST_SUBJECT 2000
// Longest run of words that is compared as one, and the shortest that tells anything.
#define RUN       5
#define LEAST_RUN 3
#define SHARE     0.6

struct Report {
    GHashTable *ids;           // char*, without brackets -> ReportWay
    char *subject;             // bare; "" = none
    GHashTable *runs[RUN + 1]; // by length: hashes of all runs of so many words; NULL below LEAST_RUN
    GHashTable *pictures;      // SHA-256 of parts that are pictures or video
};

void report_free(Report *report)
{
    if (report == NULL)
        return;
    g_hash_table_unref(report->ids);
    g_free(report->subject);
    for (int i = LEAST_RUN; i <= RUN; i++)
        g_clear_pointer(&report->runs[i], g_hash_table_unref);
    g_hash_table_unref(report->pictures);
    g_free(report);
}

// ---- names -----------------------------------------------------------------------------------------------

// Every <id> in `text`.
static void take_ids(Report *report, const char *text, gsize len, ReportWay way)
{
    const char *end = text + len, *open;
    while (text < end && (open = memchr(text, '<', (gsize)(end - text))) != NULL) {
        const char *close = memchr(open, '>', MIN((gsize)(end - open), MOST_ID_LEN));
        text = close != NULL ? close + 1 : open + 1;
        if (close == NULL || g_hash_table_size(report->ids) >= MOST_IDS)
            continue;
        g_autofree char *id = g_strndup(open + 1, (gsize)(close - open) - 1);
        gpointer before;
        bool known = g_hash_table_lookup_extended(report->ids, id, NULL, &before);
        if (strchr(id, '@') != NULL && (!known || GPOINTER_TO_INT(before) > (int)way))
            g_hash_table_replace(report->ids, g_steal_pointer(&id), GINT_TO_POINTER((int)way));
    }
}

// The end of the field that begins at `at`: its folded lines belong to it.
static const char *field_end(const char *at, const char *end)
{
    const char *line = memchr(at, '\n', (gsize)(end - at));
    while (line != NULL && line + 1 < end && (line[1] == ' ' || line[1] == '\t'))
        line = memchr(line + 1, '\n', (gsize)(end - line - 1));
    return line != NULL ? line : end;
}

// Fields that name messages, in any text: the header of the report (`inside` false), and headers inside of it.
static void take_fields(Report *report, const char *text, gsize len, bool inside)
{
    static const struct {
        const char *name;
        ReportWay top;
        bool only_top;
    } FIELDS[] = {{"Message-ID:", WAY_NONE, false},
                  {"X-Forwarded-Message-Id:", WAY_FORWARDED, true},
                  {"In-Reply-To:", WAY_REPLY, true},
                  {"References:", WAY_REFERENCE, true}};
    const char *end = text + len;
    for (const char *line = text; line != NULL && line < end;) {
        for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
            gsize name = strlen(FIELDS[i].name);
            ReportWay way = inside ? WAY_ATTACHED : FIELDS[i].top;
            if ((gsize)(end - line) > name && g_ascii_strncasecmp(line, FIELDS[i].name, name) == 0 &&
                way != WAY_NONE && !(inside && FIELDS[i].only_top))
                take_ids(report, line + name, (gsize)(field_end(line, end) - line) - name, way);
        }
        line = memchr(line, '\n', (gsize)(end - line));
        line = line != NULL ? line + 1 : NULL;
    }
}

static bool is_base64_line(const char *line, gsize len)
{
    bool is = len >= 40;
    for (gsize i = 0; i < len && is; i++)
        is = g_ascii_isalnum(line[i]) || strchr("+/=", line[i]) != NULL;
    return is;
}

// Messages that were attached in base64, as some clients do.
static void take_encoded(Report *report, const char *text, gsize len)
{
    const char *end = text + len;
    GString *block = g_string_new(NULL);
    for (const char *line = text; line != NULL && line < end;) {
        const char *stop = memchr(line, '\n', (gsize)(end - line));
        gsize width = (gsize)((stop != NULL ? stop : end) - line);
        width -= width > 0 && line[width - 1] == '\r';
        bool more = is_base64_line(line, width);
        if (more || (block->len > 0 && width > 0 && width < 80))
            g_string_append_len(block, line, (gssize)width);
        if (!more && block->len > 0) {
            gsize size = 0;
            g_autofree guchar *data = g_base64_decode(block->str, &size);
            take_fields(report, (const char *)data, size, true);
            g_string_set_size(block, 0);
        }
        line = stop != NULL ? stop + 1 : NULL;
    }
    g_string_free(block, TRUE);
}

static void take_names(Report *report, const char *raw, gsize len)
{
    const char *head_end = g_strstr_len(raw, (gssize)len, "\r\n\r\n");
    if (head_end == NULL)
        head_end = g_strstr_len(raw, (gssize)len, "\n\n");
    gsize head = head_end != NULL ? (gsize)(head_end - raw) : len;
    take_fields(report, raw, head, false);
    take_fields(report, raw + head, len - head, true);
    take_encoded(report, raw + head, len - head);
}

ReportWay report_names(const Report *report, const char *message_id)
{
    g_autofree char *id = g_strdup(message_id);
    g_strstrip(id);
    gsize len = strlen(id);
    bool bracketed = len >= 2 && id[0] == '<' && id[len - 1] == '>';
    if (bracketed)
        id[len - 1] = '\0';
    gpointer way;
    return g_hash_table_lookup_extended(report->ids, bracketed ? id + 1 : id, NULL, &way)
               ? (ReportWay)GPOINTER_TO_INT(way)
               : WAY_NONE;
}

// ---- subjects --------------------------------------------------------------------------------------------

// Without "Fwd:", "Re:" and the like, folded. Caller frees.
static char *bare_subject(const char *subject)
{
    static const char *const PREFIXES[] = {"re:", "fw:", "fwd:", "rv:", "tr:", "aw:", "wg:", "enc:"};
    g_autofree char *folded = g_utf8_casefold(subject != NULL ? subject : "", MOST_SUBJECT);
    const char *at = folded;
    bool cut = true;
    while (cut) {
        at += strspn(at, " \t[(");
        cut = false;
        for (gsize i = 0; i < G_N_ELEMENTS(PREFIXES) && !cut; i++) {
            cut = g_str_has_prefix(at, PREFIXES[i]);
            at += cut ? strlen(PREFIXES[i]) : 0;
        }
    }
    return g_strstrip(g_strdup(at));
}

bool report_subject_is(const Report *report, const char *subject)
{
    g_autofree char *bare = bare_subject(subject);
    return *bare != '\0' && strcmp(bare, report->subject) == 0;
}

// ---- words -----------------------------------------------------------------------------------------------

static bool is_body(const Passage *passage)
{
    return passage->visibility == VISIBILITY_SHOWN &&
           (passage->origin == ORIGIN_TEXT || passage->origin == ORIGIN_HTML);
}

// Hash of each word of the text people see. GArray of guint.
static GArray *words_of(const Message *message, bool all)
{
    GArray *words = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < message->passages->len && words->len < MOST_WORDS; i++) {
        const Passage *passage = message->passages->pdata[i];
        if (!all && !is_body(passage))
            continue;
        g_autofree char *folded = g_utf8_casefold(passage->text, (gssize)passage->len);
        guint hash = 0;
        bool inside = false;
        for (const char *p = folded; words->len < MOST_WORDS; p = g_utf8_next_char(p)) {
            gunichar c = g_utf8_get_char(p);
            bool letter = c != 0 && g_unichar_isalnum(c);
            if (!letter && inside)
                g_array_append_val(words, hash);
            hash = letter ? (inside ? hash : 5381u) * 33u + c : 0;
            inside = letter;
            if (c == 0)
                break;
        }
    }
    return words;
}

static guint run_hash(const GArray *words, guint at, guint run)
{
    guint hash = 0;
    for (guint i = 0; i < run; i++)
        hash = hash * 1000003u + g_array_index(words, guint, at + i);
    return hash;
}

static GHashTable *runs_of(const GArray *words, guint run)
{
    GHashTable *runs = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i + run <= words->len; i++)
        g_hash_table_add(runs, GUINT_TO_POINTER(run_hash(words, i, run)));
    return runs;
}

// How much of the `words` the report holds, 0..1; -1 where there are too few to tell.
static double share_of(const Report *report, const GArray *words)
{
    guint run = MIN(words->len, RUN), held = 0, count = 0;
    if (run < LEAST_RUN)
        return -1;
    for (guint i = 0; i + run <= words->len; i++, count++)
        held += g_hash_table_contains(report->runs[run], GUINT_TO_POINTER(run_hash(words, i, run)));
    return (double)held / count;
}

// ---- pictures --------------------------------------------------------------------------------------------

static bool is_picture(const Part *part)
{
    return part->sha256 != NULL &&
           (g_str_has_prefix(part->sniffed, "image/") || g_str_has_prefix(part->sniffed, "video/"));
}

static bool holds_picture(const Report *report, const Message *message)
{
    bool holds = false;
    for (guint i = 0; i < message->parts->len && !holds; i++) {
        const Part *part = message->parts->pdata[i];
        holds = is_picture(part) && g_hash_table_contains(report->pictures, part->sha256);
    }
    return holds;
}

// ---- reading ---------------------------------------------------------------------------------------------

static Reading *read_record(Readers *readers, const ArchiveRecord *record, bool attachments, GError **error)
{
    gsize len;
    const void *data = g_bytes_get_data(record->raw, &len);
    int fd = reader_seal(data, len, error);
    if (fd < 0)
        return NULL;
    Reading *reading = readers_read(readers, fd, len, 0, error);
    close(fd); // sealed memory: nothing can be lost
    if (reading != NULL)
        (void)readers_attachments(readers, reading, (ReaderNeeds){.wanted = attachments}, 0);
    return reading;
}

Report *report_read(const Config *config, Readers *readers, const ArchiveRecord *record, GError **error)
{
    g_autoptr(Reading) reading = read_record(readers, record, true, error);
    if (reading == NULL)
        return NULL;
    gsize len;
    const char *raw = g_bytes_get_data(record->raw, &len);
    Report *report = g_new0(Report, 1);
    report->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    report->pictures = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    report->subject = bare_subject(reading->message->subject);
    take_names(report, raw != NULL ? raw : "", len);
    g_autoptr(GArray) words = words_of(reading->message, true);
    for (guint i = LEAST_RUN; i <= RUN; i++)
        report->runs[i] = runs_of(words, i);
    for (guint i = 0; i < reading->message->parts->len; i++) {
        const Part *part = reading->message->parts->pdata[i];
        if (is_picture(part))
            g_hash_table_add(report->pictures, g_strdup(part->sha256));
    }
    return report;
}

bool report_holds(const Report *report, const Config *config, Readers *readers, const ArchiveRecord *record,
                  char **out_what, GError **error)
{
    *out_what = NULL;
    g_autoptr(Reading) reading = read_record(readers, record, false, error);
    if (reading == NULL)
        return false;
    g_autoptr(GArray) words = words_of(reading->message, false);
    double share = share_of(report, words);
    if (share >= SHARE)
        *out_what =
            g_strdup_printf("the reported message: the report holds %.0f %% of its text", share * 100);
    else if (share < 0 && holds_picture(report, reading->message))
        *out_what = g_strdup("the reported message: the report holds its picture");
    return true;
}
