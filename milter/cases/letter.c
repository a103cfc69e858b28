// Fees and letters.
#include "cases/internal.h"

#include "base/template.h"
#include "quarantine/quarantine.h"

#include <string.h>

enum { TEMPLATE_MOST = 64 * 1024 };

// ---- fees ------------------------------------------------------------------------------------------------

static int64_t fee_sum(int64_t milli, int64_t cents)
{
    int64_t half = milli < 0 ? -500 : 500;
    return (milli * cents + half) / 1000;
}

// What the case's fees come to so far; -1 with `error`.
static int64_t fee_total(Cases *cases, const char *id, GError **error)
{
    g_autoptr(StoreStmt) get =
        cases_prepare(cases, error, "SELECT milli, cents FROM fee WHERE matter = ?", id, NULL);
    int64_t total = 0;
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        total += fee_sum(store_int(get, 0), store_int(get, 1));
    return step == STORE_DONE ? total : -1;
}

bool case_fee_add(Cases *cases, const char *id, const char *what, double quantity, int64_t cents,
                  const char *who, int64_t now_us, GError **error)
{
    bool usable = quantity > -1e6 && quantity < 1e6 && cents >= 0 && cents <= 100000000;
    int64_t milli = usable ? (int64_t)(quantity * 1000 + (quantity < 0 ? -0.5 : 0.5)) : 0;
    int64_t total = fee_total(cases, id, error);
    if (total < 0)
        return false;
    if (*what == '\0' || milli == 0 || total + fee_sum(milli, cents) < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "a fee wants what it is for, a quantity and cents of 0 or more; a quantity below 0 takes "
                    "back, no more than there is");
        return false;
    }
    g_autoptr(StoreStmt) put = cases_prepare(
        cases, error, "INSERT INTO fee(matter, what, who, milli, cents, time_us) VALUES(?,?,?,?,?,?)", id,
        what, who, NULL);
    if (put != NULL) {
        store_bind_int(put, 4, milli);
        store_bind_int(put, 5, cents);
        store_bind_int(put, 6, now_us);
    }
    json_t *detail =
        json_pack("{s:s, s:f, s:I}", "what", what, "quantity", quantity, "cents", (json_int_t)cents);
    return cases_step(cases, "case-fee", id, NULL, detail, put, who, now_us, error);
}

// Was the time over when nothing had gone out yet?
static Tri is_late(Cases *cases, const CaseClocks *clocks, const Case *one, const CaseProfile *profile,
                   int today, GError **error)
{
    g_autoptr(StoreStmt) get = cases_prepare(
        cases, error, "SELECT coalesce(min(time_us), 0) FROM letter WHERE matter = ?", one->id, NULL);
    if (get == NULL || store_step(get, error) != STORE_ROW)
        return TRI_UNKNOWN;
    int64_t first_us = store_int(get, 0);
    int answered = first_us > 0 ? clock_local_date(first_us, cases->config->district.timezone) : today;
    int due = case_due(clocks, profile, one->received, 0);
    return due != 0 && answered > due ? TRI_YES : TRI_NO;
}

json_t *case_fees(Cases *cases, const CaseClocks *clocks, const char *id, int today, GError **error)
{
    g_autoptr(Case) one = case_get(cases, id, error);
    const CaseProfile *profile = one != NULL ? case_clocks_profile(clocks, one->profile) : NULL;
    Tri late = profile != NULL ? is_late(cases, clocks, one, profile, today, error) : TRI_NO;
    g_autoptr(StoreStmt) get =
        one != NULL && late != TRI_UNKNOWN
            ? cases_prepare(cases, error, "SELECT what, milli, cents FROM fee WHERE matter = ? ORDER BY id",
                            id, NULL)
            : NULL;
    json_t *fees = json_array();
    int64_t total = 0;
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        int64_t sum = fee_sum(store_int(get, 1), store_int(get, 2));
        total += sum;
        json_array_append_new(fees, json_pack("{s:s, s:f, s:I, s:I}", "what", store_text(get, 0), "quantity",
                                              (double)store_int(get, 1) / 1000, "cents",
                                              (json_int_t)store_int(get, 2), "total", (json_int_t)sum));
    }
    if (step != STORE_DONE) {
        json_decref(fees);
        return NULL;
    }
    bool free_of_charge = late == TRI_YES && !profile->fee_when_late;
    return json_pack("{s:o, s:I, s:I, s:s?}", "fees", fees, "total", (json_int_t)total, "charged",
                     (json_int_t)(free_of_charge ? 0 : total), "why",
                     free_of_charge ? "the first answer came after the time that the law gives" : NULL);
}

// ---- letters ---------------------------------------------------------------------------------------------

static const char *const NAMES[] = {"case",
                                    "title",
                                    "requester",
                                    "contact",
                                    "district",
                                    "received",
                                    "due",
                                    "today",
                                    "basis",
                                    "what",
                                    "extension",
                                    "records",
                                    "responsive",
                                    "redacted",
                                    "exempt",
                                    "fee",
                                    "exemptions",
                                    "exemptions.code",
                                    "exemptions.why",
                                    "exemptions.count",
                                    "searches",
                                    "searches.query",
                                    "searches.total",
                                    "text",
                                    "custody",
                                    NULL};

static void set_date(TemplateData *data, const char *name, int date)
{
    char text[11] = "";
    if (date != 0)
        g_snprintf(text, sizeof text, "%04d-%02d-%02d", CLAMP(date / 10000, 0, 9999), date / 100 % 100,
                   date % 100);
    template_set(data, name, text);
}

static bool add_exemptions(Cases *cases, TemplateData *data, const char *id, GError **error)
{
    g_autoptr(StoreStmt) get =
        cases_prepare(cases, error,
                      "SELECT code, why, count(*) FROM record WHERE matter = ? AND what IN (3, 4)"
                      " GROUP BY code, why ORDER BY code, why",
                      id, NULL);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        TemplateData *one = template_add(data, "exemptions");
        template_set(one, "code", store_text(get, 0));
        template_set_text(one, "why", store_text(get, 1));
        template_set_number(one, "count", store_int(get, 2));
    }
    return step == STORE_DONE;
}

static bool add_searches(Cases *cases, TemplateData *data, const char *id, GError **error)
{
    json_t *all = case_searches(cases, id, error);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *search = json_array_get(all, i);
        TemplateData *one = template_add(data, "searches");
        template_set_text(one, "query", json_string_value(json_object_get(search, "query")));
        template_set_number(one, "total", json_integer_value(json_object_get(search, "total")));
    }
    bool ok = all != NULL;
    json_decref(all);
    return ok;
}

static bool add_fee(Cases *cases, const CaseClocks *clocks, TemplateData *data, const char *id, int today,
                    GError **error)
{
    json_t *fees = case_fees(cases, clocks, id, today, error);
    int64_t cents = json_integer_value(json_object_get(fees, "charged"));
    g_autofree char *text =
        cents > 0 ? g_strdup_printf("$%" G_GINT64_FORMAT ".%02d", cents / 100, (int)(cents % 100)) : NULL;
    template_set(data, "fee", text);
    bool ok = fees != NULL;
    json_decref(fees);
    return ok;
}

static TemplateData *letter_data(Cases *cases, const CaseClocks *clocks, const Case *one, const char *text,
                                 int today, GError **error)
{
    g_autoptr(TemplateData) data = template_data_new();
    const CaseProfile *profile = case_clocks_profile(clocks, one->profile);
    template_set(data, "case", one->id);
    template_set(data, "title", one->title);
    template_set(data, "requester", one->requester);
    template_set(data, "contact", cases->config->notice.contact);
    template_set_text(data, "custody", cases->config->cases.custody);
    template_set(data, "district", cases->config->district.name);
    template_set_text(data, "basis", profile != NULL ? profile->basis : NULL);
    template_set_text(data, "what", profile != NULL ? profile->what : NULL);
    template_set_text(data, "text", text);
    set_date(data, "received", one->received);
    set_date(data, "today", today);
    set_date(data, "due", profile != NULL ? case_due(clocks, profile, one->received, one->extension) : 0);
    if (one->extension > 0)
        template_set_number(data, "extension", one->extension);
    template_set_number(data, "records", one->records);
    template_set_number(data, "responsive", one->responsive);
    template_set_number(data, "redacted", one->redacted);
    template_set_number(data, "exempt", one->exempt);
    bool ok = add_exemptions(cases, data, one->id, error) && add_searches(cases, data, one->id, error) &&
              add_fee(cases, clocks, data, one->id, today, error);
    return ok ? g_steal_pointer(&data) : NULL;
}

char *case_letter(Cases *cases, const CaseClocks *clocks, const char *id, const char *template,
                  const char *text, int today, char **out_subject, GError **error)
{
    static const char SUBJECT[] = "Subject: ";
    g_autofree char *file = g_strconcat(template, ".txt", NULL);
    g_autofree char *path = g_build_filename(cases->config->cases.letters, file, NULL);
    if (strchr(template, '/') != NULL || *template == '.') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "\"%s\" is no name of a letter", template);
        return NULL;
    }
    g_autoptr(Case) one = case_get(cases, id, error);
    g_autoptr(GBytes) bytes = one != NULL ? file_read(path, TEMPLATE_MOST, error) : NULL;
    if (bytes == NULL)
        return NULL;
    gsize len = 0;
    const char *raw = g_bytes_get_data(bytes, &len);
    g_autofree char *source = g_strndup(raw != NULL ? raw : "", len);
    g_autoptr(Template) parsed = template_parse(path, source, NAMES, error);
    if (parsed != NULL && one->extension == 0 && template_uses(parsed, "extension")) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s tells of more days, and case %s has none: chaperone case extend %s --days N first",
                    file, id, id);
        return NULL;
    }
    g_autoptr(TemplateData) data =
        parsed != NULL ? letter_data(cases, clocks, one, text, today, error) : NULL;
    if (data == NULL)
        return NULL;
    g_autofree char *whole = template_render(parsed, data);
    const char *end = strchr(whole, '\n');
    bool titled = g_str_has_prefix(whole, SUBJECT) && end != NULL;
    *out_subject = titled ? g_strndup(whole + strlen(SUBJECT), (gsize)(end - whole) - strlen(SUBJECT))
                          : g_strdup(one->title);
    const char *body = titled ? end : whole;
    return g_strdup(body + strspn(body, "\n"));
}

bool case_letter_sent(Cases *cases, const char *id, const char *template, const char *subject,
                      const char *text, const char *to, const char *who, int64_t now_us, GError **error)
{
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    g_autoptr(StoreStmt) put = cases_prepare(
        cases, error,
        "INSERT INTO letter(matter, template, subject, text, who, recipient, time_us) VALUES(?,?,?,?,?,?,?)",
        id, template, subject, text, who, to, NULL);
    if (put != NULL)
        store_bind_int(put, 7, now_us);
    json_t *detail = json_pack("{s:s, s:s, s:s?, s:s}", "template", template, "sha256", hash, "to", to,
                               "subject", subject);
    return cases_note(cases, "case-letter", id, detail, put, who, now_us, error);
}

bool case_letter_send(Cases *cases, const char *id, const char *template, const char *subject,
                      const char *text, const char *to, const char *who, int64_t now_us, GError **error)
{
    const char *from = cases->config->notice.from;
    if (to == NULL || *to == '\0' || *from == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "a letter is sent from notice.from to the case's contact: set both, or name an address");
        return false;
    }
    g_autofree char *number = g_strdup_printf("case.%s.%" G_GINT64_FORMAT, id, now_us);
    g_autofree char *mail = quarantine_compose_mail(cases->config, to, subject, number, text, now_us);
    return quarantine_send_mail(cases->config, from, to, mail, error) &&
           case_letter_sent(cases, id, template, subject, text, to, who, now_us, error);
}

static int by_name(gconstpointer one, gconstpointer other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

GPtrArray *case_letter_names(Cases *cases, GError **error)
{
    static const char END[] = ".txt";
    const char *path = cases->config->cases.letters;
    g_autoptr(GError) why = NULL;
    g_autoptr(GDir) dir = g_dir_open(path, 0, &why);
    if (dir == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "cases.letters: %s: %s", path, why->message);
        return NULL;
    }
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        if (g_str_has_suffix(name, END) && *name != '.' && g_utf8_validate(name, -1, NULL))
            g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(END)));
    g_ptr_array_sort(names, by_name);
    return names;
}

json_t *case_letters(Cases *cases, const char *id, GError **error)
{
    g_autoptr(StoreStmt) get = cases_prepare(
        cases, error,
        "SELECT template, subject, text, recipient, who, time_us FROM letter WHERE matter = ? ORDER BY id",
        id, NULL);
    json_t *all = json_array();
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        g_autofree char *time = clock_format(store_int(get, 5));
        json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s?, s:s, s:s}", "letter", store_text(get, 0),
                                             "subject", store_text(get, 1), "text", store_text(get, 2), "to",
                                             store_text(get, 3), "who", store_text(get, 4), "time", time));
    }
    if (step != STORE_DONE)
        g_clear_pointer(&all, json_decref);
    return all;
}
