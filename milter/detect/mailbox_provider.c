// Addresses whose domain is only the name of a mail service, beside the name of the mailbox or away from it.
#include "detect/mailbox_parts.h"
#include "detect/spots.h"
#include "detect/tables.h"

#include <string.h>

#define PROVIDER_LONGEST 24
#define APART_MOST       2000 // services of one passage whose surroundings are searched

// ---- names of services -----------------------------------------------------------------------------------

// The service called [start, stop), with the ending of its domain or without: "gmail", "g-mail", "gmaildotcom".
static const char *mailbox_service(const DetectScan *scan, gsize start, gsize stop)
{
    static const char *const ENDINGS[] = {"", "dotcom", "com"};
    char name[PROVIDER_LONGEST + 1];
    gsize n = stop - start;
    const char *domain = NULL;
    for (gsize i = 0; n > 0 && n <= PROVIDER_LONGEST && i < n; i++)
        name[i] = scan->view->text[start + i] == '-' ? ' ' : scan->view->text[start + i];
    for (gsize i = 0; n <= PROVIDER_LONGEST && !domain && i < G_N_ELEMENTS(ENDINGS); i++) {
        gsize ending = strlen(ENDINGS[i]);
        if (n > ending && memcmp(name + n - ending, ENDINGS[i], ending) == 0)
            domain = tables_mail_provider(scan->data, name, n - ending);
    }
    return domain;
}

const char *mailbox_provider(const DetectScan *scan, gsize at, gsize *end)
{
    const DetectView *view = scan->view;
    const char *domain = NULL;
    gsize stop = at;
    for (guint words = 0; !domain && words < 2 && stop < view->len; words++) {
        stop += words;
        while (stop < view->len && stop - at < PROVIDER_LONGEST && g_ascii_isalnum(view->text[stop]))
            stop++;
        domain = stop > at ? mailbox_service(scan, at, stop) : NULL;
        if (stop >= view->len || (view->text[stop] != ' ' && view->text[stop] != '-'))
            break;
    }
    *end = stop;
    return domain;
}

// Behind "com" that stands apart from the service's name: "gmail,com", "gmail com".
static gsize mailbox_loose_ending(const DetectView *view, gsize end)
{
    gsize at = mailbox_skip(view, end, 1, 0, " ,;", 2);
    bool com = at > end && view->len - at >= 3 && memcmp(view->text + at, "com", 3) == 0 &&
               (view->len - at == 3 || !g_ascii_isalnum(view->text[at + 3]));
    return com ? at + 3 : end;
}

void mailbox_try_provider(Mailbox *box)
{
    DetectScan *scan = box->scan;
    gsize end;
    const char *domain = mailbox_provider(scan, box->mark_end, &end);
    bool closed = end >= scan->view->len || strchr("@.-_", scan->view->text[end]) == NULL ||
                  (scan->view->text[end] == '.' &&
                   !(end + 1 < scan->view->len && g_ascii_isalnum(scan->view->text[end + 1])));
    if (domain && closed && box->local->len > 0 && !mailbox_is_word(box->local->str)) {
        bool made_up = mailbox_is_made_up(box->local->str) || box->said,
             cued = mailbox_cued(scan, box->start);
        g_string_assign(box->domain, domain);
        box->end = mailbox_loose_ending(scan->view, end);
        double shape = box->mark == AT_SIGN                                   ? 0.85
                       : box->mark == AT_SPACED                               ? 0.7
                       : made_up || box->mark == AT_BRACKET || box->end > end ? (cued ? 0.85 : 0.75)
                       : cued                                                 ? 0.6
                                                                              : 0.35;
        mailbox_emit(box, shape, true);
    }
}

// ---- beside the service's name ---------------------------------------------------------------------------

void mailbox_emit_name(DetectScan *scan, gsize start, gsize end, const char *local, const char *domain,
                       double shape)
{
    Mailbox box = {.scan = scan, .mark = AT_WORD, .start = start, .end = end};
    box.local = g_string_new(local);
    box.domain = g_string_new(domain);
    mailbox_emit(&box, shape, true);
    g_string_free(box.local, TRUE);
    g_string_free(box.domain, TRUE);
}

gsize mailbox_name_at(const DetectView *view, gsize at)
{
    gsize end = at;
    while (end < view->len && end - at < LOCAL_MOST && mailbox_local_char(view->text[end]))
        end++;
    while (end > at && strchr(".-'", view->text[end - 1]))
        end--;
    g_autofree char *name = g_strndup(view->text + at, end - at);
    bool mailbox = end < view->len && view->text[end] == '@';
    return end - at >= 4 && g_ascii_isalnum(*name) && mailbox_is_made_up(name) && !mailbox ? end - at : 0;
}

// "my gmail is jdoe99", "gmail: jdoe99", "jdoe99 (gmail)", "jdoe99 on gmail".
static bool mailbox_beside_provider(DetectScan *scan, gsize start, gsize end, const char *domain)
{
    static const char *const BEHIND[] = {
        ": ",         ":",          " is ",         " es ",         " = ",       " - ",
        " (",         "'s ",        " address is ", " account is ", " name is ", " username is ",
        " address: ", " account: ", " name: ",      " username: ",  " i'm ",     " i am ",
        " im ",       " as ",       " as: ",        " under ",      " soy ",     " como "};
    static const char *const BEFORE[] = {" (", " on ", " en ", " - ", " with ", " via ", " through "};
    const DetectView *view = scan->view;
    bool found = false;
    for (gsize i = 0; !found && i < G_N_ELEMENTS(BEHIND); i++) {
        gsize n = strlen(BEHIND[i]), at = end + n;
        gsize len =
            at < view->len && memcmp(view->text + end, BEHIND[i], n) == 0 ? mailbox_name_at(view, at) : 0;
        found = len > 0 && !scan_taken(scan, at, at + len);
        if (found) {
            g_autofree char *name = g_strndup(view->text + at, len);
            mailbox_emit_name(scan, at, at + len, name, domain, 0.75);
        }
    }
    for (gsize i = 0; !found && i < G_N_ELEMENTS(BEFORE); i++) {
        gsize n = strlen(BEFORE[i]);
        if (start <= n || memcmp(view->text + start - n, BEFORE[i], n) != 0)
            continue;
        Mailbox box = {
            .scan = scan, .mark = AT_WORD, .local = g_string_new(NULL), .domain = g_string_new(domain)};
        mailbox_read_local(&box, start - n);
        box.end = end;
        found = box.local->len >= 4 && mailbox_is_made_up(box.local->str) &&
                g_ascii_isalnum(box.local->str[0]) && g_ascii_isalnum(box.local->str[box.local->len - 1]) &&
                !scan_taken(scan, box.start, box.end);
        if (found)
            mailbox_emit(&box, 0.75, true);
        g_string_free(box.local, TRUE);
        g_string_free(box.domain, TRUE);
    }
    return found;
}

// ---- its names in a text ----------------------------------------------------------------------------------

// "janedoeatgmaildotcom": written as one word.
static void mailbox_in_one_word(DetectScan *scan, gsize start, gsize end)
{
    static const char *const ENDS[] = {"dotcom", "dotnet", "dotorg"};
    const DetectView *view = scan->view;
    gsize stop = 0;
    for (gsize i = 0; !stop && i < G_N_ELEMENTS(ENDS); i++)
        if (end - start > 12 && memcmp(view->text + end - 6, ENDS[i], 6) == 0)
            stop = end - 6;
    for (gsize at = start + 2; stop && at + 2 < stop; at++) {
        const char *domain = memcmp(view->text + at, "at", 2) == 0
                                 ? tables_mail_provider(scan->data, view->text + at + 2, stop - at - 2)
                                 : NULL;
        if (domain) {
            Mailbox box = {.scan = scan,
                           .mark = AT_WORD,
                           .spelled_dot = true,
                           .start = start,
                           .end = end,
                           .local = g_string_new_len(view->text + start, (gssize)(at - start)),
                           .domain = g_string_new(domain)};
            mailbox_emit(&box, 0.85, false);
            g_string_free(box.local, TRUE);
            g_string_free(box.domain, TRUE);
            stop = 0;
        }
    }
}

void mailbox_find_providers(DetectScan *scan)
{
    const DetectView *view = scan->view;
    guint i = 0, apart = 0;
    const Spot *spot;
    while (!*scan->truncated && (spot = spots_next(view, &i, SPOT_PROVIDER | SPOT_LONG, 0)) != NULL) {
        gsize at = spot->start, end = at;
        while (end < view->len && g_ascii_isalnum(view->text[end]))
            end++;
        bool begins = at == 0 || strchr(" \n\t(:/,\"'", view->text[at - 1]) != NULL;
        gsize stop = end;
        const char *domain = NULL;
        if (end - at < PROVIDER_LONGEST && begins)
            domain = mailbox_provider(scan, at, &stop);
        if (domain && !scan_taken(scan, at, stop)) {
            if (!mailbox_beside_provider(scan, at, stop, domain) && apart++ < APART_MOST)
                mailbox_apart(scan, at, stop, domain);
        } else if (end - at > SPOT_LONG_RUN && end - at < LOCAL_MOST && begins) {
            mailbox_in_one_word(scan, at, end);
        }
    }
    *scan->truncated = *scan->truncated || apart > APART_MOST;
}
