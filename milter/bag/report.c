// search-report.html: which searches found what is in the bag, and what they could not look into. One file, no script, nothing
// loaded from elsewhere; what comes from mail or people is escaped.
#include "bag/internal.h"

static void put(GString *out, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text != NULL ? text : "", -1);
    g_string_append(out, escaped);
}

static void put_row(GString *out, const char *label, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    g_string_append(out, "<tr><th scope=\"row\">");
    put(out, label);
    g_string_append(out, "</th><td>");
    put(out, text);
    g_string_append(out, "</td></tr>\n");
}

static void put_count(GString *out, const char *label, guint64 count)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, count);
    put_row(out, label, text);
}

// A number of the search, "not known" where it does not say.
static void put_number(GString *out, const char *label, const json_t *search, const char *key)
{
    const json_t *number = json_object_get(search, key);
    g_autofree char *text =
        json_is_integer(number) ? g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(number)) : NULL;
    put_row(out, label, text != NULL ? text : "not known");
}

static void put_items(GString *out, const json_t *items)
{
    if (json_array_size(items) == 0)
        return;
    g_string_append(out, "<table><caption>Records that could not be searched wholly</caption>\n"
                         "<tr><th scope=\"col\">Record</th><th scope=\"col\">Why</th></tr>\n");
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        g_string_append(out, "<tr><td>");
        put(out, json_string_value(json_object_get(item, "record")));
        g_string_append(out, "</td><td>");
        put(out, json_string_value(json_object_get(item, "why")));
        g_string_append(out, "</td></tr>\n");
    }
    g_string_append(out, "</table>\n");
}

static void put_search(GString *out, const json_t *search, size_t number)
{
    const json_t *archived = json_object_get(search, "archived"),
                 *indexed = json_object_get(search, "indexed");
    g_string_append_printf(out, "<h2>Search %zu</h2>\n<table>\n", number);
    put_row(out, "Words", json_string_value(json_object_get(search, "query")));
    put_row(out, "By", json_string_value(json_object_get(search, "who")));
    put_row(out, "Time", json_string_value(json_object_get(search, "time")));
    put_number(out, "Found", search, "total");
    if (json_is_integer(archived) && json_is_integer(indexed)) {
        g_autofree char *text =
            g_strdup_printf("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " records",
                            json_integer_value(indexed), json_integer_value(archived));
        put_row(out, "Searched", text);
    } else {
        put_row(out, "Searched", "not known");
    }
    put_row(out, "All that came before", json_string_value(json_object_get(search, "through")));
    put_number(out, "Not wholly searchable", search, "unsearchable");
    g_string_append(out, "</table>\n");
    put_items(out, json_object_get(search, "items"));
}

static const char STYLE[] =
    "body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 "
    "1rem;color:#111;background:#fff}"
    "table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #888;padding:.3rem "
    ".6rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}caption{text-align:left;font-weight:bold}";

char *report_html(const BagJob *job, const BagResult *result)
{
    const BagSpec *spec = job->spec;
    g_autofree char *time = clock_format_local(job->time_us, job->config->district.timezone);
    GString *out = g_string_new(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Searches: ");
    put(out, spec->name);
    g_string_append_printf(
        out, "</title>\n<style>%s</style>\n</head>\n<body>\n<h1>How these records were found: ", STYLE);
    put(out, spec->name);
    g_string_append(out, "</h1>\n<table>\n");
    put_row(out, "Request", spec->description);
    put_row(out, "Requester", spec->requester);
    put_row(out, "District", job->config->district.name);
    put_row(out, "Exported by", spec->who);
    put_row(out, "Exported at", time);
    put_count(out, "Messages in full", result->full);
    put_count(out, "Messages redacted", result->redacted);
    put_count(out, "Messages withheld", result->withheld);
    put_count(out, "Attachments", result->attachments);
    g_string_append(out, "</table>\n");
    if (json_array_size(job->searches) == 0)
        g_string_append(out, "<p>The records were named one by one; no search is noted.</p>\n");
    for (size_t i = 0; i < json_array_size(job->searches); i++)
        put_search(out, json_array_get(job->searches, i), i + 1);
    g_string_append(out, "</body>\n</html>\n");
    return g_string_free(out, FALSE);
}
