// The conversation of a held message: what the archive's index has of it, and the text of one of them beside it.
#include "console/content.h"
#include "console/held.h"

#include "search/search.h"

#include <string.h>

enum { IDS_MOST = 20, SHOWN = 40, DAYS = 120 };

typedef struct {
    GPtrArray *hits;  // of SearchHit, oldest first
    GHashTable *seen; // records in it: borrowed
    int64_t through_us;
} Thread;

static void thread_clear(Thread *thread)
{
    if (thread->seen != NULL)
        g_hash_table_unref(thread->seen);
    if (thread->hits != NULL)
        g_ptr_array_unref(thread->hits);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Thread, thread_clear)

// ---- what belongs to it ------------------------------------------------------------------------------------

static char *quoted(const char *text)
{
    g_autofree char *clean = g_strdelimit(g_strdup(text), "\"\r\n", ' ');
    return g_strdup_printf("\"%s\"", clean);
}

// message-id:"..." of every id in a header, joined by OR.
static void add_ids(GString *query, const char *header, guint *count)
{
    g_auto(GStrv) parts = g_strsplit_set(header != NULL ? header : "", " \t\r\n,", -1);
    for (char **part = parts; *part != NULL && *count < IDS_MOST; part++) {
        char *open = strchr(*part, '<'), *close = open != NULL ? strchr(open, '>') : NULL;
        if (close == NULL || close <= open + 1)
            continue;
        *close = '\0';
        g_autofree char *id = quoted(open + 1);
        g_string_append_printf(query, "%smessage-id:%s", query->len > 0 ? " OR " : "", id);
        (*count)++;
    }
}

// "Re: Fwd: Trip" -> "Trip". Borrowed.
static const char *plain_subject(const char *subject)
{
    static const char *const MARKS[] = {"re:", "fw:", "fwd:", "rv:", "aw:"};
    bool more = subject != NULL;
    while (more) {
        more = false;
        subject += strspn(subject, " \t");
        for (gsize i = 0; i < G_N_ELEMENTS(MARKS) && !more; i++)
            if (g_ascii_strncasecmp(subject, MARKS[i], strlen(MARKS[i])) == 0) {
                subject += strlen(MARKS[i]);
                more = true;
            }
    }
    return subject;
}

// The same subject between the sender and one it went to, either way: answers name ids that the index does not know them by.
static char *subject_query(const Message *message, const HoldItem *item)
{
    const char *subject = plain_subject(message->subject);
    const HoldRcpt *rcpt = item->rcpts->len > 0 ? item->rcpts->pdata[0] : NULL;
    if (subject == NULL || *subject == '\0' || rcpt == NULL)
        return NULL;
    g_autofree char *words = quoted(subject), *sender = quoted(held_text(item, "sender")),
                    *other = quoted(rcpt->address);
    return g_strdup_printf("subject:%s ((from:%s rcpt:%s) OR (from:%s rcpt:%s)) newer:%dd", words, sender,
                           other, other, sender, DAYS);
}

static bool thread_take(Request *request, Thread *thread, const char *text, GError **error)
{
    const SearchTerms terms = {request->config->district.timezone, request->now_us, true};
    g_autoptr(SearchQuery) query = search_query_parse(text, &terms, error);
    g_autoptr(GPtrArray) hits =
        query != NULL ? search_newest(request->config, query, SHOWN, &thread->through_us, error) : NULL;
    while (hits != NULL && hits->len > 0) {
        SearchHit *hit = g_ptr_array_steal_index(hits, hits->len - 1);
        g_ptr_array_add(thread->hits, hit);
        if (!g_hash_table_add(thread->seen, hit->record))
            g_ptr_array_remove_index(thread->hits, thread->hits->len - 1);
    }
    return hits != NULL;
}

static gint oldest_first(gconstpointer a, gconstpointer b)
{
    const SearchHit *one = *(SearchHit *const *)a, *other = *(SearchHit *const *)b;
    return (one->received_us > other->received_us) - (one->received_us < other->received_us);
}

static void free_hit(gpointer hit)
{
    search_hit_free(hit);
}

static bool thread_find(Request *request, const HoldItem *item, Thread *thread, GError **error)
{
    ArchiveRef ref = {.segment = item->segment, .offset = item->offset, .length = item->length};
    g_strlcpy(ref.id, item->record, sizeof ref.id);
    const Content *content = content_read(request, &ref, error);
    if (content == NULL)
        return false;
    const Message *message = content->judgement->message;
    g_autoptr(GString) ids = g_string_new(NULL);
    g_autofree char *subject = subject_query(message, item);
    guint count = 0;
    thread->hits = g_ptr_array_new_with_free_func(free_hit);
    thread->seen = g_hash_table_new(g_str_hash, g_str_equal);
    add_ids(ids, message_header(message, "In-Reply-To"), &count);
    add_ids(ids, message_header(message, "References"), &count);
    bool ok = (ids->len == 0 || thread_take(request, thread, ids->str, error)) &&
              (subject == NULL || thread_take(request, thread, subject, error));
    g_ptr_array_sort(thread->hits, oldest_first);
    return ok;
}

// ---- showing -----------------------------------------------------------------------------------------------

// Who wrote it, as its record has it.
static void author(Request *request, Html *html, const ArchiveRecord *record, bool revealed)
{
    const json_t *parties = json_object_get(json_object_get(record->meta, "judgement"), "parties");
    const json_t *first = json_array_get(parties, 0);
    const char *address = json_string_value(json_object_get(first, "address"));
    const char *role = json_string_value(json_object_get(first, "role"));
    held_party(request, html, address != NULL ? address : "", role, revealed);
}

static bool row(Request *request, Html *html, const HoldItem *item, const SearchHit *hit, bool revealed,
                GError **error)
{
    g_autoptr(GError) gone = NULL;
    g_autoptr(ArchiveRecord) record = archive_get(request->config, hit->record, &gone);
    bool self = strcmp(hit->record, item->record) == 0;
    g_autofree char *show = page_query_with(request, "show", hit->record);
    g_autofree char *outcome = g_strconcat("pair.did-", *hit->action != '\0' ? hit->action : "deliver", NULL);
    if (record == NULL && g_error_matches(gone, BASE_ERROR, BASE_ERROR_NOINPUT))
        return true; // destroyed since
    if (record == NULL) {
        g_propagate_error(error, g_steal_pointer(&gone));
        return false;
    }
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    page_time(request, html, hit->received_us);
    html_close(html, "th");
    html_open(html, "td", NULL);
    author(request, html, record, revealed);
    html_close(html, "td");
    html_open(html, "td", NULL);
    html_words(html, words_has(request->words, outcome) ? outcome : "pair.did-deliver", NULL);
    html_close(html, "td");
    html_open(html, "td", NULL);
    if (self) {
        html_words(html, "thread.this", NULL);
    } else {
        html_open(html, "a", "href", show, NULL);
        html_words(html, "thread.show", NULL);
        html_text(html, " ");
        html_element(html, "span", hit->record, "class", "hidden-label", NULL);
        html_close(html, "a");
    }
    html_close(html, "tr");
    return true;
}

// The text of one of them. Only what was found above is shown: the reader's part is the held message and what it answers.
static bool shown(Request *request, Html *html, const HoldItem *item, const Thread *thread, GError **error)
{
    const char *asked = request_query(request, "show");
    if (asked == NULL || !g_hash_table_contains(thread->seen, asked) || strcmp(asked, item->record) == 0)
        return true;
    g_autoptr(ArchiveRecord) record = archive_get(request->config, asked, error);
    if (record == NULL)
        return false;
    html_open(html, "section", "id", "thread-text", "aria-labelledby", "thread-title", NULL);
    html_say(html, "h3", "thread.text", "id", "thread-title", NULL);
    bool ok = content_pane(request, html, record->ref, "text", item->record, error);
    html_close(html, "section");
    return ok;
}

bool thread_pane(Request *request, Html *html, const HoldItem *item, bool revealed, GError **error)
{
    static const char *const KEYS[] = {"pair.when", "item.from", "pair.outcome", "thread.text"};
    g_auto(Thread) thread = {0};
    if (!console_view_log(request, item->record, "conversation", NULL, item->record, error) ||
        !thread_find(request, item, &thread, error))
        return false;
    html_open(html, "p", "class", "hint", NULL);
    html_words(html, thread.through_us > 0 ? "thread.through" : "pair.no-index", NULL);
    html_text(html, " ");
    if (thread.through_us > 0)
        page_time(request, html, thread.through_us);
    html_close(html, "p");
    if (thread.hits->len == 0 ||
        (thread.hits->len == 1 && g_hash_table_contains(thread.seen, item->record))) {
        html_say(html, "p", "thread.none", NULL);
        return true;
    }
    html_open(html, "div", "class", "scroll", NULL);
    html_open(html, "table", "id", "thread", NULL);
    html_say(html, "caption", "thread.title", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
        html_say(html, "th", KEYS[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
    bool ok = true;
    for (guint i = 0; ok && i < MIN(thread.hits->len, SHOWN); i++)
        ok = row(request, html, item, thread.hits->pdata[i], revealed, error);
    html_close(html, "div");
    return ok && shown(request, html, item, &thread, error);
}
