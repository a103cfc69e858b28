// What pages about exceptions share; and messages that are released once an exception covers them.
#include "console/permits.h"

#include <string.h>

Tri permit_is_seen(Request *request, RosterSession *session, const char *staff, GError **error)
{
    if (request_may(request, USER_APPROVER | USER_AUDITOR))
        return TRI_YES;
    g_autoptr(Party) party = roster_resolve(session, staff, error);
    bool seen = party != NULL && request_sees_school(request, "*");
    for (guint i = 0; party != NULL && party->schools != NULL && !seen && i < party->schools->len; i++)
        seen = request_sees_school(request, party->schools->pdata[i]);
    return party == NULL ? TRI_UNKNOWN : seen ? TRI_YES : TRI_NO;
}

char *permit_paper(const Request *request, const char *name, const char **out_name, GError **error)
{
    const RequestPart *file = request_file(request, name);
    g_autofree char *field = g_strconcat(name, "_sha256", NULL);
    g_autofree char *text = request_form_text(request, field, 200);
    *out_name = file != NULL && file->data->len > 0 ? file->filename : "";
    if (file != NULL && file->data->len > 0)
        return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)file->data->str,
                                           file->data->len);
    bool good = *text == '\0' || (strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64);
    if (!good)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "a SHA-256 has 64 hexadecimal digits; or choose the file, and it is worked out here");
    return good ? g_ascii_strdown(text, -1) : NULL;
}

void permit_fact(Html *html, const char *key, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    html_say(html, "dt", key, NULL);
    html_open(html, "dd", NULL);
    html_mail(html, value);
    html_close(html, "dd");
}

int permit_date(const Request *request, const char *name)
{
    g_autofree char *text = request_form_text(request, name, 20);
    return exception_date_of(text);
}

void permit_paper_fields(Html *html, const char *name, const char *key)
{
    g_autofree char *hash = g_strconcat(name, "_sha256", NULL);
    form_field(html, name, key, NULL, "type", "file", NULL);
    form_field(html, hash, "permits.sha256", NULL, "maxlength", "64", "spellcheck", "false", "autocomplete",
               "off", NULL);
}

// ---- messages that wait ------------------------------------------------------------------------------------

typedef struct {
    const Config *config;
    Docket *docket;
    Quarantine *quarantine;
    Readers *readers;
    int64_t now_us;
} Carry;

static bool is_open(const HoldItem *item)
{
    bool open = false;
    for (guint i = 0; i < item->rcpts->len; i++) {
        HoldState state = ((const HoldRcpt *)item->rcpts->pdata[i])->state;
        open = open || state == HOLD_HELD || state == HOLD_PENDING;
    }
    return open;
}

static bool carry_release(const Carry *carry, const ExceptionAsk *asked, const HoldItem *item, GError **error)
{
    const char *rule = json_string_value(json_object_get(item->summary, "rule"));
    const char *id = json_string_value(json_object_get(asked->exception, "id"));
    g_autofree char *comment = g_strdup_printf("exception %s, approved by %s, covers it", id, asked->by);
    const DocketEntry entry = {.record = asked->record,
                               .rule = (char *)(rule != NULL ? rule : ""),
                               .action = DOCKET_RELEASE,
                               .who = asked->who,
                               .reason = "permitted",
                               .comment = comment};
    int64_t decision = 0;
    return docket_decide(carry->docket, &entry, carry->now_us, &decision, error) &&
           docket_ask_came(carry->docket, asked->id, "the message is being released", false, error);
}

// Judged with the exception; where a rule holds it still, it stays, and the reviewer is told by which.
static bool carry_judge(const Carry *carry, const ExceptionAsk *asked, const HoldItem *item, GError **error)
{
    g_autofree char *why = NULL, *came = NULL;
    g_autoptr(ArchiveRecord) record = archive_get(carry->config, asked->record, error);
    g_autoptr(Snapshot) snapshot = record != NULL ? snapshot_new((Config *)carry->config, error) : NULL;
    Tri held =
        snapshot != NULL ? exception_still_holds(snapshot, carry->readers, record, &why, error) : TRI_UNKNOWN;
    if (held == TRI_UNKNOWN)
        return false;
    if (held == TRI_NO)
        return carry_release(carry, asked, item, error);
    came = g_strdup_printf("the exception does not cover it: it is still held by %s", why);
    return docket_ask_came(carry->docket, asked->id, came, false, error);
}

static bool carry_standing(const Carry *carry, const ExceptionBook *book, const ExceptionAsk *asked,
                           const HoldItem *item, GError **error)
{
    const char *id = json_string_value(json_object_get(asked->exception, "id"));
    g_autofree char *flaw = NULL;
    Standing standing = STANDING_LAST;
    RosterException *exception = exception_book_find(book, id, error);
    if (exception == NULL || !exception_standing(book, exception, 0, &standing, &flaw, error))
        return false;
    if (standing == STANDING_IN_FORCE || standing == STANDING_EXPIRING)
        return carry_judge(carry, asked, item, error);
    bool over = standing == STANDING_EXPIRED || standing == STANDING_REVOKED;
    g_autofree char *came = g_strdup_printf("%s%s%s", exception_standing_name(standing),
                                            flaw != NULL ? ": " : "", flaw != NULL ? flaw : "");
    return strcmp(came, asked->came) == 0 || docket_ask_came(carry->docket, asked->id, came, !over, error);
}

static bool carry_one(const Carry *carry, const ExceptionBook *book, const ExceptionAsk *asked,
                      GError **error)
{
    g_autoptr(DocketEntry) live = NULL;
    g_autoptr(HoldItem) item = quarantine_get(carry->quarantine, asked->record, error);
    if (item == NULL || !docket_live(carry->docket, asked->record, &live, error))
        return false;
    if (live != NULL) // what is decided takes effect first
        return true;
    return is_open(item)
               ? carry_standing(carry, book, asked, item, error)
               : docket_ask_came(carry->docket, asked->id, "the message is not held any more", false, error);
}

bool permits_carry(const Config *config, Docket *docket, Quarantine *quarantine, Readers *readers,
                   int64_t now_us, GError **error)
{
    const Carry carry = {config, docket, quarantine, readers, now_us};
    g_autoptr(GPtrArray) waiting = docket_asked_waiting(docket, error);
    g_auto(ExceptionBook) book = {0};
    bool ok = waiting != NULL && (waiting->len == 0 || exception_book_open(config, &book, error));
    // One that cannot be carried does not keep the others.
    for (guint i = 0; ok && i < waiting->len; i++) {
        const ExceptionAsk *asked = waiting->pdata[i];
        g_autoptr(GError) why = NULL;
        if (!carry_one(&carry, &book, asked, &why))
            log_warn("a message that waits for an exception was not released", "record", asked->record,
                     "asked", asked->id, "error", why->message);
    }
    return ok;
}
