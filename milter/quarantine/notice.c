// What a notice says, and to whom none may go (RFC 3834, RFC 5230 4.6).
#include "quarantine/internal.h"

#include <string.h>

// ---- to whom ---------------------------------------------------------------------------------------------

static bool is_automatic_address(const char *address)
{
    static const char *const STARTS[] = {"mailer-daemon", "postmaster@", "owner-", "noreply", "no-reply",
                                         "do-not-reply",  "donotreply",  "bounce", "listserv"};
    g_autofree char *lower = g_ascii_strdown(address, -1);
    for (gsize i = 0; i < G_N_ELEMENTS(STARTS); i++)
        if (g_str_has_prefix(lower, STARTS[i]))
            return true;
    return strstr(lower, "-request@") != NULL || strstr(lower, "-bounces@") != NULL ||
           strstr(lower, "-owner@") != NULL;
}

static bool is_automatic_message(const Message *message)
{
    const char *submitted = message_header(message, "Auto-Submitted"),
               *precedence = message_header(message, "Precedence");
    if (submitted != NULL && g_ascii_strncasecmp(submitted, "no", 2) != 0)
        return true;
    if (precedence != NULL &&
        (g_ascii_strcasecmp(precedence, "bulk") == 0 || g_ascii_strcasecmp(precedence, "list") == 0 ||
         g_ascii_strcasecmp(precedence, "junk") == 0))
        return true;
    return message_header(message, "List-Id") != NULL ||
           message_header(message, "X-Chaperone-Notice") != NULL ||
           message_header(message, "List-Unsubscribe") != NULL;
}

// Outsiders are told nothing: the address may be forged, and what was found may be somebody else's.
static bool is_school_account(const json_t *decision, const char *address)
{
    const json_t *parties = json_object_get(decision, "parties");
    for (size_t i = 0; i < json_array_size(parties); i++) {
        const json_t *party = json_array_get(parties, i);
        const char *at = json_string_value(json_object_get(party, "address"));
        const char *account = json_string_value(json_object_get(party, "account"));
        const char *role = json_string_value(json_object_get(party, "role"));
        if (at != NULL && g_ascii_strcasecmp(at, address) == 0)
            return g_strcmp0(account, "school") == 0 && g_strcmp0(role, "list") != 0 &&
                   g_strcmp0(role, "external") != 0;
    }
    return false;
}

static bool is_clean_address(const char *address)
{
    for (const char *p = address; *p != '\0'; p++)
        if ((guchar)*p <= ' ' || *p == '<' || *p == '>' || *p == 0x7f)
            return false;
    return strchr(address, '@') != NULL;
}

const char *notice_refusal(const Config *config, const Envelope *envelope, const Message *message,
                           const json_t *decision)
{
    const char *to = envelope->mail_from;
    if (*config->notice.from == '\0')
        return "notice.from is not set";
    if (*to == '\0')
        return "null sender";
    if (!is_clean_address(to))
        return "no usable sender address";
    if (g_ascii_strcasecmp(to, config->notice.from) == 0)
        return "our own notice";
    if (is_automatic_address(to))
        return "automatic sender";
    if (message != NULL && is_automatic_message(message))
        return "automatic message or list";
    return is_school_account(decision, to) ? NULL : "sender is not a school account";
}

const char *notice_refusal_of(const Config *config, const char *to, const json_t *decision)
{
    if (*config->notice.from == '\0')
        return "notice.from is not set";
    if (!is_clean_address(to) || g_ascii_strcasecmp(to, config->notice.from) == 0 || is_automatic_address(to))
        return "no address of a person";
    return is_school_account(decision, to) ? NULL : "recipient is not a school account";
}

// ---- what ------------------------------------------------------------------------------------------------

static const char *const KINDS[] = {
    [NOTICE_HELD] = "held", [NOTICE_COACH] = "coach", [NOTICE_DENIED] = "denied", [NOTICE_TOLD] = "told"};

// The text in each language, and a subject of all of theirs.
static char *text_of(const Config *config, const NoticeBook *book, const NoticeAbout *about,
                     char **out_subject)
{
    GString *text = g_string_new(NULL), *subject = g_string_new(NULL);
    for (guint i = 0; i < notice_book_languages(book); i++) {
        g_autoptr(TemplateData) data = notice_data(config, book, i, about);
        g_autofree char *title = NULL;
        g_autofree char *one =
            notice_book_one(book, i, notice_template(about), KINDS[about->kind], data, &title);
        g_string_append_printf(text, "%s%s", i > 0 ? "\n----------------------------------------\n\n" : "",
                               one);
        g_string_append_printf(subject, "%s%s", i > 0 ? " / " : "", title);
    }
    *out_subject = g_string_free(subject, FALSE);
    return g_string_free(text, FALSE);
}

char *notice_compose(const Config *config, const NoticeBook *book, const NoticeAbout *about)
{
    g_autofree char *subject = NULL;
    g_autofree char *text = text_of(config, book, about, &subject);
    // Two notices are two messages: clients drop the second of an id.
    g_autofree char *again = about->number > 0 ? g_strdup_printf(".%d", about->number + 1) : g_strdup("");
    g_autofree char *id = g_strconcat(about->record, ".", KINDS[about->kind], again, NULL);
    GString *extra = g_string_new(NULL);
    const char *parent = about->message_id;
    if (parent != NULL && strlen(parent) < 250 && strpbrk(parent, " \r\n\t") == NULL)
        g_string_append_printf(extra, "In-Reply-To: %s\r\nReferences: %s\r\n", parent, parent);
    g_string_append_printf(extra, "Auto-Submitted: auto-replied\r\nX-Chaperone-Notice: %s; %s\r\n",
                           KINDS[about->kind], about->record);
    char *mail = notice_mail(config, about->to, subject, id, extra->str, text, about->now_us);
    g_string_free(extra, TRUE);
    return mail;
}
