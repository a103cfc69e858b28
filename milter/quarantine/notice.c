// What a notice says, and to whom none may go (RFC 3834, RFC 5230 4.6).
#include "quarantine/internal.h"

#include <string.h>
#include <time.h>

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
static bool is_school_sender(const json_t *decision, const char *address)
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
    return is_school_sender(decision, to) ? NULL : "sender is not a school account";
}

// ---- what ------------------------------------------------------------------------------------------------

static const char *text_of(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && *text != '\0' ? text : fallback;
}

// Text from a message or a policy in one line of ours.
static void append_plain(GString *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        g_string_append_c(out, (guchar)*p < 0x20 || *p == 0x7f ? ' ' : *p);
}

static void append_line(GString *out, const char *label, const char *text)
{
    g_string_append(out, label);
    append_plain(out, text);
    g_string_append(out, "\r\n");
}

// What was found, in plain words: of phrases the category and not the words, which the sender knows.
static void append_what(GString *out, const json_t *finding)
{
    static const struct {
        const char *value, *words;
    } RECORDS[] = {{"ssn", "a social security number"},
                   {"student-id", "a student's id"},
                   {"student-names", "names of students with their data"},
                   {"record-words", "words of school records beside a student's name"}};
    const char *kind = text_of(finding, "kind", "?"), *value = text_of(finding, "value", "?"), *words = NULL;
    for (gsize i = 0; strcmp(kind, "student-record") == 0 && i < G_N_ELEMENTS(RECORDS); i++)
        words = strcmp(RECORDS[i].value, value) == 0 ? RECORDS[i].words : words;
    append_plain(out, words != NULL ? words : strcmp(kind, "phrase") == 0 ? "wording: " : kind);
    if (words == NULL && strcmp(kind, "phrase") != 0)
        g_string_append_c(out, ' ');
    if (words == NULL)
        append_plain(out, value);
}

static void append_finding(GString *out, const json_t *findings, size_t index)
{
    const json_t *finding = json_array_get(findings, index);
    if (finding == NULL)
        return;
    g_string_append(out, "  Found:   ");
    append_what(out, finding);
    g_string_append(out, " (in: ");
    append_plain(out, text_of(finding, "where", "?"));
    g_string_append(out, ")\r\n");
}

static void append_reason(GString *out, const json_t *decision, const json_t *reason)
{
    enum { FINDINGS_SHOWN = 8 };
    static const char *const LISTS[] = {"findings", "phrases", "records"};
    const json_t *facts = json_object_get(reason, "facts");
    append_line(out, "* ", text_of(reason, "gist", text_of(reason, "rule", "?")));
    append_line(out, "  Rule:    ", text_of(reason, "rule", "?"));
    append_line(out, "  Policy:  ", text_of(reason, "clause", "-"));
    for (gsize k = 0; k < G_N_ELEMENTS(LISTS); k++) {
        const json_t *found = json_object_get(reason, LISTS[k]);
        for (size_t i = 0; i < json_array_size(found) && i < FINDINGS_SHOWN; i++)
            append_finding(out, json_object_get(decision, LISTS[k]),
                           (size_t)json_integer_value(json_array_get(found, i)));
    }
    for (size_t i = 0; i < json_array_size(facts) && i < FINDINGS_SHOWN; i++)
        if (json_is_string(json_array_get(facts, i)))
            append_line(out, "  Found:   ", json_string_value(json_array_get(facts, i)));
    const char *remedy = text_of(reason, "remedy", NULL);
    if (remedy != NULL)
        append_line(out, "  What to do: ", remedy);
    g_string_append(out, "\r\n");
}

static const char *const OPENINGS[] = {
    [NOTICE_HELD] = "A message you sent was not delivered to all of its recipients: it is held for review.",
    [NOTICE_COACH] =
        "A message you sent was delivered. It holds something that district policy asks you to avoid.",
    [NOTICE_DENIED] = "A message you sent was reviewed and will not be delivered.",
};
static const char *const SUBJECTS[] = {
    [NOTICE_HELD] = "Held for review: a message you sent",
    [NOTICE_COACH] = "Please note: a message you sent",
    [NOTICE_DENIED] = "Not delivered: a message you sent",
};
static const char *const KINDS[] = {
    [NOTICE_HELD] = "held", [NOTICE_COACH] = "coach", [NOTICE_DENIED] = "denied"};

static void append_head(GString *out, const Config *config, NoticeKind kind, const char *record,
                        const Envelope *envelope, const char *message_id, int number, int64_t now_us)
{
    char date[64] = "Thu, 01 Jan 1970 00:00:00 +0000";
    time_t seconds = (time_t)(now_us / G_USEC_PER_SEC);
    struct tm tm;
    if (gmtime_r(&seconds, &tm) != NULL)
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
    g_string_append_printf(out, "Date: %s\r\n", date);
    append_line(out, "From: ", config->notice.from);
    append_line(out, "To: ", envelope->mail_from);
    g_string_append_printf(out, "Subject: %s (reference %s)\r\n", SUBJECTS[kind], record);
    // Two notices are two messages: clients drop the second of an id.
    g_autofree char *again = number > 0 ? g_strdup_printf(".%d", number + 1) : g_strdup("");
    g_string_append_printf(out, "Message-ID: <%s.%s%s@%s.chaperone.invalid>\r\n", record, KINDS[kind], again,
                           config->archive.origin);
    if (message_id != NULL && strlen(message_id) < 250 && strpbrk(message_id, " \r\n\t") == NULL)
        g_string_append_printf(out, "In-Reply-To: %s\r\nReferences: %s\r\n", message_id, message_id);
    g_string_append_printf(
        out, "Auto-Submitted: auto-replied\r\nX-Chaperone-Notice: %s; %s\r\nMIME-Version: 1.0\r\n",
        KINDS[kind], record);
    g_string_append(out,
                    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
}

static void append_rcpts(GString *out, const json_t *decision, NoticeKind kind)
{
    const json_t *rcpts = json_object_get(decision, "recipients");
    for (size_t i = 0; i < json_array_size(rcpts); i++) {
        const json_t *rcpt = json_array_get(rcpts, i);
        const char *action = text_of(rcpt, "action", "");
        bool held = strcmp(action, "hold") == 0 || strcmp(action, "reject") == 0;
        if (kind == NOTICE_COACH ? strcmp(action, "coach") == 0 : held)
            append_line(out, "To:        ", text_of(rcpt, "address", "?"));
    }
}

char *notice_compose(const Config *config, NoticeKind kind, const char *record, const Envelope *envelope,
                     const char *subject, const char *message_id, const json_t *decision, const char *why,
                     int suppressed, int number, int64_t now_us)
{
    enum { REASONS_SHOWN = 6 };
    GString *out = g_string_new(NULL);
    append_head(out, config, kind, record, envelope, message_id, number, now_us);
    g_string_append_printf(out, "%s\r\n\r\n", OPENINGS[kind]);
    append_rcpts(out, decision, kind);
    append_line(out, "Subject:   ", subject != NULL ? subject : "(none)");
    append_line(out, "Reference: ", record);
    g_string_append(out, "\r\n");
    if (kind == NOTICE_DENIED && why != NULL)
        append_line(out, "The reviewer's reason: ", why);
    const json_t *reasons = json_object_get(decision, "reasons");
    for (size_t i = 0, shown = 0; i < json_array_size(reasons) && shown < REASONS_SHOWN; i++) {
        const json_t *reason = json_array_get(reasons, i);
        // A rule that tells the sender nothing is not named to the sender either.
        if (json_is_false(json_object_get(reason, "notify_sender")))
            continue;
        append_reason(out, decision, reason);
        shown++;
    }
    if (kind == NOTICE_HELD)
        g_string_append(
            out, "A reviewer of the district decides; nothing is lost, and you need not send it again.\r\n");
    if (*config->notice.contact != '\0')
        append_line(out, "Questions: ", config->notice.contact);
    if (suppressed > 0)
        g_string_append_printf(out, "%d more notices to you were not sent in the last hour.\r\n", suppressed);
    g_string_append_printf(out, "\r\nThis notice was written by the mail filter of %s.\r\n",
                           config->district.name);
    return g_string_free(out, FALSE);
}
