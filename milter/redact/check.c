// What was rendered is read back as its receiver would read it, and searched for every string that was redacted.
#include "redact/internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define RUN_WORDS     8  // of a long redaction each run of so many words is a string of its own
#define PLACES_MOST   20 // named in an error
#define FIGURES_LEAST 4  // shorter numbers are page and line numbers too: looked for in the text only
#define FIGURES_PLAIN 7  // shorter ones may be the number of a line

typedef struct {
    const Rendition *rendition;
    const GPtrArray *redactions;
    Needles *needles; // numbered as the redactions
    Needles *marks;   // the marks' own words are no finding
    GHashTable *said; // places that were told already
    GString *found;   // lines for the error
    guint places;
    GPtrArray *warnings;
} Checking;

// ---- strings ---------------------------------------------------------------------------------------------

static const char *words_of(const Checking *checking, const Redaction *redaction, gsize *out_len)
{
    const RenditionSection *section = checking->rendition->sections->pdata[redaction->section];
    *out_len = redaction->to - redaction->from;
    return section->text + redaction->from;
}

// A sentence of a redacted letter is to be nowhere else either.
static void add_runs(Checking *checking, const char *text, gsize len, guint number)
{
    g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(gsize));
    bool in_word = false;
    for (gsize i = 0; i < len; i++) {
        bool space = g_ascii_isspace(text[i]);
        if (!space && !in_word)
            g_array_append_val(starts, i);
        in_word = !space;
    }
    for (guint i = 0; i + RUN_WORDS < starts->len; i++) {
        gsize from = g_array_index(starts, gsize, i), to = g_array_index(starts, gsize, i + RUN_WORDS);
        (void)needles_add(checking->needles, text + from, (gssize)(to - from), 0, number);
    }
}

// Of equal strings the first counts: one that may stand nowhere else goes before those that may.
static void add_strings(Checking *checking)
{
    for (int keep = 0; keep <= 1; keep++)
        for (guint i = 0; i < checking->redactions->len; i++) {
            const Redaction *one = checking->redactions->pdata[i];
            gsize len = 0;
            const char *text = words_of(checking, one, &len);
            if (one->keep_others != (keep == 1))
                continue;
            (void)needles_add(checking->needles, text, (gssize)len, 0, i);
            add_runs(checking, text, len, i);
        }
}

static void add_marks(Checking *checking, const Draft *draft)
{
    for (guint i = 0; i < draft->lines->len; i++) {
        const Line *line = draft->lines->pdata[i];
        for (guint k = 0; k < line->marks->len; k++) {
            const LineMark *mark = &g_array_index(line->marks, LineMark, k);
            g_autofree char *text = g_strndup(line->text + mark->from, mark->to - mark->from);
            if (g_hash_table_add(checking->said, g_strdup(text)))
                (void)needles_add(checking->marks, text, -1, NEEDLE_LOOSE, 0);
        }
    }
}

// ---- places ----------------------------------------------------------------------------------------------

static void tell(Checking *checking, const Redaction *redaction, const char *place)
{
    guint line = rendition_line(checking->rendition, redaction->section, redaction->from);
    g_autofree char *key = g_strdup_printf("%u %s", line, place);
    if (!g_hash_table_add(checking->said, g_steal_pointer(&key)))
        return;
    char *what = g_strdup_printf("%s redacted in line %u of the message still stands in %s", redaction->kind,
                                 line, place);
    if (redaction->keep_others) {
        g_ptr_array_add(checking->warnings, what);
        return;
    }
    checking->places++;
    if (checking->places <= PLACES_MOST)
        g_string_append_printf(checking->found, "%s%s", checking->found->len > 0 ? "\n" : "", what);
    g_free(what);
}

static bool in_mark(const GArray *marks, const NeedleHit *hit)
{
    bool within = false;
    for (guint i = 0; i < marks->len && !within; i++) {
        const NeedleHit *mark = &g_array_index(marks, NeedleHit, i);
        within = mark->from <= hit->from && mark->to >= hit->to;
    }
    return within;
}

// Numbers of fewer than `least` figures do not count.
static void search(Checking *checking, const char *text, gsize len, guint least, const char *place)
{
    g_autoptr(GArray) hits = needles_find(checking->needles, text, len);
    g_autoptr(GArray) marks = hits->len > 0 ? needles_find(checking->marks, text, len) : NULL;
    for (guint i = 0; i < hits->len; i++) {
        const NeedleHit *hit = &g_array_index(hits, NeedleHit, i);
        const Redaction *one = checking->redactions->pdata[hit->needle];
        gsize size = 0;
        const char *words = words_of(checking, one, &size);
        guint figures = needle_figures(words, size);
        if ((figures == 0 || figures >= least) && !in_mark(marks, hit))
            tell(checking, one, place);
    }
}

static void search_lines(Checking *checking, const Draft *draft)
{
    g_autoptr(GString) block = g_string_new(NULL);
    const char *section = "the text";
    for (guint i = 0; i <= draft->lines->len; i++) {
        const Line *line = i < draft->lines->len ? draft->lines->pdata[i] : NULL;
        if (line != NULL && line->number > 0) {
            g_string_append_printf(block, "%s\n", line->text);
            continue;
        }
        search(checking, block->str, block->len, 0, section);
        g_string_truncate(block, 0);
        section = line != NULL ? line->text : section;
    }
}

// ---- the PDF ---------------------------------------------------------------------------------------------

// The PDF as an attachment: what the reader takes.
static Message *read_pdf(const Config *config, Readers *readers, GBytes *pdf, GError **error)
{
    gsize len = 0;
    const guchar *data = g_bytes_get_data(pdf, &len);
    g_autoptr(GString) mail = g_string_new("MIME-Version: 1.0\r\nContent-Type: application/pdf\r\n"
                                           "Content-Disposition: attachment\r\n"
                                           "Content-Transfer-Encoding: base64\r\n\r\n");
    for (gsize at = 0; at < len; at += 57) {
        g_autofree char *line = g_base64_encode(data + at, MIN(57, len - at));
        g_string_append_printf(mail, "%s\r\n", line);
    }
    g_autoptr(GBytes) raw = g_bytes_new(mail->str, mail->len);
    return redact_read(config, readers, NULL, raw, error);
}

// Of each line without the number that stands before it.
static char *without_numbers(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        gsize space = strspn(*line, " "), figures = strspn(*line + space, "0123456789");
        char after = (*line)[space + figures];
        if (figures > 0 && (after == ' ' || after == '\0'))
            memset(*line, ' ', space + figures);
    }
    return g_strjoinv("\n", lines);
}

static void search_pdf(Checking *checking, const Message *message)
{
    g_autoptr(GString) pages = g_string_new(NULL);
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = message->passages->pdata[i];
        if (passage->origin == ORIGIN_SWEEP || passage->origin == ORIGIN_HEADER)
            continue;
        if (passage->origin == ORIGIN_DOCUMENT)
            g_string_append_printf(pages, "%s\n", passage->text);
        search(checking, passage->text, passage->len, FIGURES_PLAIN,
               passage->origin == ORIGIN_METADATA ? "the PDF's properties" : "the PDF");
        g_autofree char *plain = without_numbers(passage->text);
        search(checking, plain, strlen(plain), FIGURES_LEAST, "the PDF");
    }
    // Over the ends of pages too.
    g_autofree char *plain = without_numbers(pages->str);
    search(checking, plain, strlen(plain), FIGURES_LEAST, "the PDF");
}

// A PDF that gives no text back would pass every search.
static bool pdf_is_read(const Checking *checking, const Config *config, const Message *message,
                        const Draft *draft, guint pages, GError **error)
{
    guint found = 0;
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = message->passages->pdata[i];
        if (passage->origin != ORIGIN_DOCUMENT)
            continue;
        g_autofree char *plain = without_numbers(passage->text);
        g_autoptr(GArray) marks = needles_find(checking->marks, plain, strlen(plain));
        found += marks->len;
    }
    if (pages > (guint)config->limits.pdf_pages)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "the rendition has %u pages and cannot be read back to its end (limits.pdf_pages is %d); "
                    "redact whole sections of it, withhold it, or raise the limit",
                    pages, config->limits.pdf_pages);
    else if (found < draft->marks)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "the PDF was read back with %u of %u marks: it cannot be told what is in it; see "
                    "limits.document_text and the limits of attachments",
                    found, draft->marks);
    return pages <= (guint)config->limits.pdf_pages && found >= draft->marks;
}

// ---- all of it -------------------------------------------------------------------------------------------

static bool check(Checking *checking, const Config *config, Readers *readers, const Draft *draft, GBytes *pdf,
                  guint pages, GError **error)
{
    add_strings(checking);
    add_marks(checking, draft);
    search_lines(checking, draft);
    g_autoptr(Message) message = read_pdf(config, readers, pdf, error);
    if (message == NULL || !pdf_is_read(checking, config, message, draft, pages, error))
        return false;
    search_pdf(checking, message);
    if (checking->places > PLACES_MOST)
        g_string_append_printf(checking->found, "\nand %u places more", checking->places - PLACES_MOST);
    if (checking->places > 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s\nredact these places too (\"everywhere\"), or say that they stay (\"keep_others\")",
                    checking->found->str);
    return checking->places == 0;
}

bool check_rendered(const Config *config, Readers *readers, const Rendition *rendition,
                    const GPtrArray *redactions, const Draft *draft, GBytes *pdf, guint pages,
                    GPtrArray *warnings, GError **error)
{
    g_autoptr(Needles) needles = needles_new();
    g_autoptr(Needles) marks = needles_new();
    g_autoptr(GHashTable) said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) found = g_string_new(NULL);
    Checking checking = {rendition, redactions, needles, marks, said, found, 0, warnings};
    return check(&checking, config, readers, draft, pdf, pages, error);
}
