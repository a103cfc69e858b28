// Facts that policy derives itself, each worked out once a decision and only when a rule asks.
#include "policy/internal.h"

#include <string.h>

#define MOST_WORDS      50000
#define MOST_LINES      200
#define MOST_NAME_WORDS 32
#define MOST_CAPTION    3           // words beside a picture that say nothing of it
#define MOST_LOGO       (30 * 1024) // bytes

static bool private_of_sender(const Parties *parties, const Party *party)
{
    const Party *sender = parties->sender;
    return sender->person && party_is_district(sender) && !party_is_district(party) &&
           g_strcmp0(party->person, sender->person) == 0;
}

static bool private_header(const Parties *parties, const char *header)
{
    bool found = false;
    for (guint i = 0; i < parties->header->len && !found; i++) {
        const PartyHeader *shown = parties->header->pdata[i];
        found = g_ascii_strcasecmp(shown->source->header, header) == 0 &&
                private_of_sender(parties, shown->party);
    }
    return found;
}

static bool forwarded_to_self(const Parties *parties)
{
    bool found = false;
    for (guint i = 0; i < parties->rcpts->len && !found; i++)
        found = private_of_sender(parties, parties->rcpts->pdata[i]);
    return found;
}

static bool reaches(const Parties *parties, Role role)
{
    bool found = false;
    for (guint i = 0; i < parties->rcpts->len && !found; i++)
        found = party_reaches(parties->rcpts->pdata[i], role);
    return found;
}

static bool automatic(const Message *message)
{
    const char *submitted = message_header(message, "Auto-Submitted");
    const char *precedence = message_header(message, "Precedence");
    const Part *top = message->parts->pdata[0];
    return (submitted && g_ascii_strncasecmp(submitted, "no", 2) != 0) ||
           (precedence && g_ascii_strcasecmp(precedence, "auto_reply") == 0) ||
           message_header(message, "X-Autoreply") || message_header(message, "X-Autorespond") ||
           g_strcmp0(top->type, "multipart/report") == 0;
}

// ---- text ------------------------------------------------------------------------------------------------

static bool quoted_at(const Passage *passage, gsize offset)
{
    bool quoted = false;
    for (guint i = 0; passage->marks && i < passage->marks->len && !quoted; i++) {
        const LayerMark *mark = &g_array_index(passage->marks, LayerMark, i);
        quoted = mark->layer == LAYER_QUOTED && offset >= mark->start && offset < mark->end;
    }
    return quoted;
}

static bool passage_is_text(const Passage *passage)
{
    bool subject = passage->origin == ORIGIN_HEADER && g_strcmp0(passage->header, "Subject") == 0;
    return passage->visibility == VISIBILITY_SHOWN &&
           (subject || passage->origin == ORIGIN_TEXT || passage->origin == ORIGIN_HTML);
}

// The lines of `passage` that are not quoted, at most `most`, joined by line feeds. Caller frees.
static char *own_lines(const Passage *passage, guint most)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *end = passage->text + passage->len;
    guint lines = 0;
    for (const char *line = passage->text; line < end && lines < most; lines++) {
        const char *stop = memchr(line, '\n', end - line);
        stop = stop ? stop : end;
        if (*line != '>' && !quoted_at(passage, line - passage->text)) {
            g_string_append_len(out, line, stop - line);
            g_string_append_c(out, '\n');
        }
        line = stop + 1;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static bool purpose_in(const Policy *policy, const Passage *passage)
{
    g_autofree char *text = own_lines(passage, 5000);
    g_autoptr(GPtrArray) words = phrase_words(text, strlen(text), MOST_WORDS);
    bool found = false;
    for (guint i = 0; i < policy->purpose.phrases->len && !found; i++)
        found = phrase_matches(policy->purpose.phrases->pdata[i], words);
    return found;
}

bool purpose_stated(DecideContext *context)
{
    const GPtrArray *passages = context->in->message->passages;
    for (guint i = 0; i < passages->len && context->purpose != TRI_YES; i++) {
        if (context->purpose == TRI_UNKNOWN && passage_is_text(passages->pdata[i]) &&
            purpose_in(context->in->policy, passages->pdata[i]))
            context->purpose = TRI_YES;
    }
    if (context->purpose == TRI_UNKNOWN)
        context->purpose = TRI_NO;
    return context->purpose == TRI_YES;
}

static bool student_records(const DecideContext *context)
{
    const GPtrArray *findings = context->in->detection->findings;
    bool found = false;
    for (guint i = 0; i < findings->len && !found; i++) {
        const Finding *finding = findings->pdata[i];
        found = finding->kind == KIND_STUDENT_RECORD && finding_counts(context->in->policy, finding, -1);
    }
    return found;
}

// Enough different words of school records, over all that can be read. A student's own detail counts as one. Where
// detection told a student's record, these words are of it.
static bool record_words(const DecideContext *context)
{
    const Policy *policy = context->in->policy;
    if (student_records(context))
        return false;
    const GPtrArray *passages = context->in->message->passages;
    g_autofree bool *seen = g_new0(bool, policy->record_words->len + 1);
    guint left = MOST_WORDS, count = 0;
    for (guint i = 0; i < passages->len && left > 0; i++) {
        const Passage *passage = passages->pdata[i];
        g_autoptr(GPtrArray) words = phrase_words(passage->text, passage->len, left);
        left -= words->len;
        for (guint j = 0; j < policy->record_words->len; j++) {
            bool found = !seen[j] && phrase_matches(policy->record_words->pdata[j], words);
            seen[j] |= found;
            count += found;
        }
    }
    const GPtrArray *findings = context->in->detection->findings;
    bool student = false;
    for (guint i = 0; i < findings->len && !student; i++)
        student = ((const Finding *)findings->pdata[i])->owner == OWNER_STUDENT;
    return policy->record_words->len > 0 && count + student >= (guint)policy->record_min;
}

// ---- a staff member's name on an address from outside ----------------------------------------------------

static Tri names_staff(DecideContext *context, const char *text)
{
    g_autoptr(GPtrArray) people = roster_staff_named(context->in->roster, text, &context->error);
    return !people ? TRI_UNKNOWN : people->len > 0 ? TRI_YES : TRI_NO;
}

// "t.brooks@example.org" <somebody@else>: the school address of one of the staff as a name.
static Tri shows_staff_address(DecideContext *context, const char *name)
{
    g_autofree char *plain = g_utf8_normalize(name, -1, G_NORMALIZE_NFKC);
    g_auto(GStrv) words = g_strsplit_set(plain ? plain : "", " \t\r\n,;:()<>[]\"'", MOST_NAME_WORDS);
    Tri found = TRI_NO;
    for (guint i = 0; words[i] && found == TRI_NO; i++) {
        if (!strchr(words[i], '@'))
            continue;
        g_autoptr(Party) party = roster_resolve(context->in->roster, words[i], &context->error);
        if (!party)
            return TRI_UNKNOWN;
        found = party->role == ROLE_STAFF && party->account == ACCOUNT_SCHOOL ? TRI_YES : TRI_NO;
    }
    return found;
}

// "Coach T", "Mrs. Dube": a title and a name, on a consumer mail address.
static Tri titled(DecideContext *context, const char *name)
{
    const Policy *policy = context->in->policy;
    g_autoptr(GPtrArray) words = phrase_words(name, strlen(name), 8);
    bool title = words->len >= 2 &&
                 g_ptr_array_find_with_equal_func(policy->title_words, words->pdata[0], g_str_equal, NULL);
    const char *canonical = context->in->parties->sender->canonical;
    const char *at = canonical ? strrchr(canonical, '@') : NULL;
    if (!title || !at)
        return TRI_NO;
    return roster_is_webmail(context->in->roster, at + 1, &context->error);
}

// A line of the text that is a name and nothing else, as under a letter.
static Tri signed_by_staff(DecideContext *context, const Passage *passage)
{
    g_autofree char *text = own_lines(passage, MOST_LINES);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    Tri found = TRI_NO;
    for (guint i = 0; lines[i] && found == TRI_NO; i++) {
        g_autoptr(GPtrArray) words = phrase_words(lines[i], strlen(lines[i]), 6);
        if (words->len < 2 || words->len > 5)
            continue;
        found = names_staff(context, lines[i]);
        if (found == TRI_NO)
            found = titled(context, g_strstrip(lines[i]));
    }
    return found;
}

static Tri staff_name_outside(DecideContext *context)
{
    const Parties *parties = context->in->parties;
    if (parties->sender->role != ROLE_EXTERNAL)
        return TRI_NO;
    Tri found = TRI_NO;
    const GPtrArray *addresses = context->in->message->addresses;
    for (guint i = 0; i < addresses->len && found == TRI_NO; i++) {
        const MessageAddress *shown = addresses->pdata[i];
        bool from = shown->part == 0 && shown->name &&
                    (g_ascii_strcasecmp(shown->header, "From") == 0 ||
                     g_ascii_strcasecmp(shown->header, "Reply-To") == 0);
        if (from)
            found = names_staff(context, shown->name);
        if (from && found == TRI_NO)
            found = shows_staff_address(context, shown->name);
        if (from && found == TRI_NO)
            found = titled(context, shown->name);
    }
    const GPtrArray *passages = context->in->message->passages;
    for (guint i = 0; i < passages->len && found == TRI_NO; i++) {
        const Passage *passage = passages->pdata[i];
        bool body = passage->part <= 2 && (passage->origin == ORIGIN_TEXT || passage->origin == ORIGIN_HTML);
        if (body && passage->visibility == VISIBILITY_SHOWN)
            found = signed_by_staff(context, passage);
    }
    return found;
}

// A logo of a signature: small, and shown in the text.
static bool part_is_logo(const Part *part)
{
    return !part->attachment && part->content_id && part->size < MOST_LOGO;
}

// Nothing but pictures or video: whatever else is written is a signature, a footer or a word or two.
static bool image_only(const PolicyInput *in)
{
    bool picture = false, other = in->detection->written > MOST_CAPTION;
    for (guint i = 1; i < in->message->parts->len && !other; i++) {
        const Part *part = in->message->parts->pdata[i];
        bool image = g_str_has_prefix(part->sniffed, "image/") || g_str_has_prefix(part->sniffed, "video/");
        picture |= image && !part_is_logo(part);
        other = part->attachment && !image && part->state != PART_CONTAINER;
    }
    return picture && !other;
}

static Tri guardian_not_copied(DecideContext *context)
{
    CopiedCond copied = COPIED_NOT_ASKED;
    if (!decide_copied(context, &copied))
        return TRI_UNKNOWN;
    return copied == COPIED_NONE || copied == COPIED_SOME ? TRI_YES : TRI_NO;
}

static Tri derive_whole(DecideContext *context, Derived derived)
{
    const PolicyInput *in = context->in;
    const Policy *policy = in->policy;
    static const GroupCond ONE = {.counts = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}},
                                  .one_to_one = TRI_YES};
    switch (derived) {
    case DERIVED_IMAGE_ONLY:
        return image_only(in) ? TRI_YES : TRI_NO;
    case DERIVED_LATE_HOURS:
        return policy->has_hours && !time_holds(&policy->hours, &context->local) ? TRI_YES : TRI_NO;
    case DERIVED_ONE_TO_ONE:
        return group_holds(&ONE, context) ? TRI_YES : TRI_NO;
    case DERIVED_GUARDIAN_NOT_COPIED:
        return guardian_not_copied(context);
    case DERIVED_HAS_LINK:
        return in->detection->links && in->detection->links->len > 0 ? TRI_YES : TRI_NO;
    case DERIVED_PURPOSE_STATED:
        return purpose_stated(context) ? TRI_YES : TRI_NO;
    default:
        return TRI_UNKNOWN;
    }
}

static Tri derive(DecideContext *context, Derived derived)
{
    const PolicyInput *in = context->in;
    switch (derived) {
    case DERIVED_FORWARDED_TO_SELF:
        return forwarded_to_self(in->parties) ? TRI_YES : TRI_NO;
    case DERIVED_PRIVATE_FROM:
        return private_header(in->parties, "From") ? TRI_YES : TRI_NO;
    case DERIVED_PRIVATE_SENDER:
        return private_header(in->parties, "Sender") ? TRI_YES : TRI_NO;
    case DERIVED_PRIVATE_REPLY_TO:
        return private_header(in->parties, "Reply-To") ? TRI_YES : TRI_NO;
    case DERIVED_PRIVATE_TO:
        return private_header(in->parties, "To") ? TRI_YES : TRI_NO;
    case DERIVED_PRIVATE_CC:
        return private_header(in->parties, "Cc") ? TRI_YES : TRI_NO;
    case DERIVED_STAFF_NAME_OUTSIDE:
        return staff_name_outside(context);
    case DERIVED_STUDENT_DATA:
        return student_records(context) || record_words(context) ? TRI_YES : TRI_NO;
    case DERIVED_RECORD_WORDS:
        return record_words(context) ? TRI_YES : TRI_NO;
    case DERIVED_STUDENT_COPIED:
        return reaches(in->parties, ROLE_STUDENT) ? TRI_YES : TRI_NO;
    case DERIVED_GUARDIAN_COPIED:
        return reaches(in->parties, ROLE_GUARDIAN) ? TRI_YES : TRI_NO;
    case DERIVED_AUTOMATIC:
        return automatic(in->message) ? TRI_YES : TRI_NO;
    case DERIVED_NULL_SENDER:
        return in->envelope->mail_from && !*in->envelope->mail_from ? TRI_YES : TRI_NO;
    default:
        return derive_whole(context, derived);
    }
}

Tri derived_holds(DecideContext *context, Derived derived)
{
    if (context->derived[derived] == TRI_UNKNOWN)
        context->derived[derived] = derive(context, derived);
    return context->derived[derived];
}
