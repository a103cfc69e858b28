// Letters of a case: those that went out, and writing one from a template.
#include "console/casefile.h"

#include <string.h>

enum { OWN_MOST = 8000, ADDRESS_MOST = 320 };

// ---- those that went out ---------------------------------------------------------------------------------

static void letter_row(Request *request, Html *html, const json_t *letter)
{
    const char *to = json_string_value(json_object_get(letter, "to"));
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    html_open(html, "details", NULL);
    html_open(html, "summary", NULL);
    html_mail(html, casefile_text(letter, "subject"));
    html_close(html, "summary");
    html_open(html, "pre", NULL);
    html_mail(html, casefile_text(letter, "text"));
    html_close(html, "details");
    html_close(html, "th");
    html_element(html, "td", casefile_text(letter, "letter"), NULL);
    html_open(html, "td", NULL);
    if (to != NULL)
        html_mail(html, to);
    else
        html_words(html, "letters.by-hand", NULL);
    html_close(html, "td");
    html_open(html, "td", NULL);
    casefile_time(request, html, casefile_text(letter, "time"));
    html_element(html, "div", casefile_text(letter, "who"), "class", "soft", NULL);
    html_close(html, "tr");
}

static bool sent(Request *request, Html *html, const Case *one, GError **error)
{
    static const char *const KEYS[] = {"letters.subject", "letters.template", "letters.to", "letters.when"};
    json_t *letters = case_letters(desk_cases(request->desk, NULL), one->id, error);
    if (json_array_size(letters) > 0) {
        html_open(html, "table", "id", "letters", NULL);
        casefile_head(html, "letters.sent", KEYS, G_N_ELEMENTS(KEYS));
        html_open(html, "tbody", NULL);
        for (size_t i = 0; i < json_array_size(letters); i++)
            letter_row(request, html, json_array_get(letters, i));
        html_close(html, "table");
    } else if (letters != NULL)
        html_say(html, "p", "letters.none", NULL);
    bool ok = letters != NULL;
    json_decref(letters);
    return ok;
}

// ---- writing one -----------------------------------------------------------------------------------------

static bool write_form(Request *request, Html *html, const Case *one, const char *letter, const char *own,
                       GError **error)
{
    g_autoptr(GPtrArray) names = case_letter_names(desk_cases(request->desk, NULL), error);
    g_autofree char *path = casefile_path(one, "/letters");
    if (names == NULL)
        return false;
    html_say(html, "h2", "letters.write", NULL);
    form_post(request, html, path, "narrow");
    form_select_begin(html, "letter", "letters.template");
    for (guint i = 0; i < names->len; i++)
        form_option(html, names->pdata[i], names->pdata[i], g_strcmp0(letter, names->pdata[i]) == 0);
    form_select_end(html);
    form_area(html, "text", "letters.own", own, "maxlength", "8000", NULL);
    form_button(html, "letters.preview", "do", "preview", "main");
    html_close(html, "form");
    return true;
}

static bool letters_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    if (one == NULL)
        return false;
    g_autofree char *title = words_fill(request->words, "letters.of", "case", one->id, NULL);
    g_autoptr(Html) html = page_begin_text(request, title);
    casefile_tabs(request, html, one, "/letters");
    bool ok = sent(request, html, one, error) &&
              (!request_may(request, USER_RECORDS) || write_form(request, html, one, NULL, NULL, error));
    page_end(request, html, reply);
    return ok;
}

// ---- a letter, filled ------------------------------------------------------------------------------------

static void preview(Request *request, Reply *reply, const Case *one, const char *letter, const char *own,
                    const char *subject, const char *text)
{
    g_autofree char *path = casefile_path(one, "/letters");
    g_autoptr(Html) html = page_begin(request, "letters.preview-title");
    casefile_tabs(request, html, one, "/letters");
    html_open(html, "h2", "id", "subject", NULL);
    html_mail(html, subject);
    html_close(html, "h2");
    html_open(html, "pre", "id", "letter-text", NULL);
    html_mail(html, text);
    html_close(html, "pre");
    form_post(request, html, path, "narrow");
    form_hidden(html, "letter", letter);
    form_hidden(html, "text", own);
    form_field(html, "to", "letters.to", one->contact, "type", "email", "maxlength", "320", NULL);
    form_button(html, "letters.send", "do", "send", "main");
    form_button(html, "letters.hand", "do", "hand", NULL);
    form_button(html, "letters.download", "do", "download", NULL);
    html_close(html, "form");
    html_open(html, "p", NULL);
    html_link_say(html, path, "letters.back");
    html_close(html, "p");
    page_end(request, html, reply);
}

static void download(Reply *reply, const Case *one, const char *letter, const char *subject, const char *text)
{
    g_autofree char *whole = g_strdup_printf("%s\n\n%s", subject, text),
                    *name = g_strdup_printf("%s-%s.txt", one->id, letter);
    reply_download(reply, name, "text/plain", whole, strlen(whole));
}

// Browsers end the lines of a text with CRLF.
static char *own_words(Request *request)
{
    g_autofree char *raw = request_form_text(request, "text", OWN_MOST);
    g_auto(GStrv) lines = g_strsplit(raw, "\r\n", -1);
    return g_strjoinv("\n", lines);
}

static bool letter_do(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autoptr(CaseClocks) clocks = one != NULL ? casefile_clocks(request, error) : NULL;
    g_autofree char *letter = request_form_text(request, "letter", 100), *own = own_words(request),
                    *to = request_form_text(request, "to", ADDRESS_MOST),
                    *act = request_form_text(request, "do", 20), *subject = NULL, *text = NULL;
    Cases *cases = desk_cases(request->desk, NULL);
    if (clocks != NULL)
        text = case_letter(cases, clocks, one->id, letter, own, casefile_today(request), &subject, error);
    bool ok = text != NULL, send = strcmp(act, "send") == 0, hand = strcmp(act, "hand") == 0;
    if (ok && send)
        ok = case_letter_send(cases, one->id, letter, subject, text, to, request_who(request),
                              request->now_us, error);
    else if (ok && hand)
        ok = case_letter_sent(cases, one->id, letter, subject, text, NULL, request_who(request),
                              request->now_us, error);
    else if (ok && strcmp(act, "download") == 0)
        download(reply, one, letter, subject, text);
    else if (ok)
        preview(request, reply, one, letter, own, subject, text);
    g_autofree char *path = ok ? casefile_path(one, "/letters") : NULL;
    if (ok && (send || hand))
        reply_redirect(reply, path, send ? "said.letter-sent" : "said.letter-kept");
    return ok;
}

static const Route ROUTES[] = {{"GET", "/cases/:id/letters", CASE_READERS, letters_page},
                               {"POST", "/cases/:id/letters", USER_RECORDS, letter_do}};
const RouteTable LETTERS_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
