// A backtest as one page: charts as SVG with their tables beside them, light and dark, nothing from outside, no script.
#include "backtest/backtest.h"

#include <string.h>

#define BARS_MOST 30
#define BAR_WIDTH 360

static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Backtest</title>\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<style>:root{color-scheme:light dark;--then:#8a94a6;--now:#1f5fbf;--line:#c9ced6}"
    "@media(prefers-color-scheme:dark){:root{--then:#7d8794;--now:#7fb2ff;--line:#444c56}}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:.5rem 0}th,td{border:1px solid var(--line);padding:.2rem "
    ".6rem;text-align:left;"
    "vertical-align:top}td.n{text-align:right}figure{margin:1rem 0}svg text{font:13px "
    "system-ui,sans-serif;fill:currentColor}"
    ".then{fill:var(--then)}.now{fill:var(--now)}.pair{display:flex;flex-wrap:wrap;gap:2rem;align-items:"
    "start}"
    "</style></head><body>\n";

static void put_text(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *escaped = g_markup_escape_text(valid, -1);
    g_string_append(out, escaped);
}

typedef struct {
    const char *name;
    const BacktestCount *count;
} Row;

static int rows_by_change(gconstpointer a, gconstpointer b)
{
    const Row *one = a, *other = b;
    gint64 left = ABS((gint64)one->count->now - (gint64)one->count->then);
    gint64 right = ABS((gint64)other->count->now - (gint64)other->count->then);
    return left != right ? (left < right ? 1 : -1) : strcmp(one->name, other->name);
}

static GArray *rows_of(GHashTable *counts)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(Row));
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, counts);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        Row row = {*(char *)key != '\0' ? key : "none", value};
        g_array_append_val(rows, row);
    }
    g_array_sort(rows, rows_by_change);
    return rows;
}

static void put_bar(GString *out, const char *cls, guint y, guint64 value, guint64 most)
{
    g_string_append_printf(out,
                           "<rect class=\"%s\" x=\"240\" y=\"%u\" width=\"%" G_GUINT64_FORMAT
                           "\" height=\"10\"/>"
                           "<text x=\"%" G_GUINT64_FORMAT "\" y=\"%u\">%" G_GUINT64_FORMAT "</text>",
                           cls, y, value * BAR_WIDTH / most, 246 + value * BAR_WIDTH / most, y + 10, value);
}

static void put_chart(GString *out, const char *title, const GArray *rows)
{
    guint count = MIN(rows->len, BARS_MOST), height = count * 34 + 30;
    guint64 most = 1;
    for (guint i = 0; i < count; i++) {
        const Row *row = &g_array_index(rows, Row, i);
        most = MAX(most, MAX(row->count->then, row->count->now));
    }
    g_string_append_printf(
        out, "<figure><svg role=\"img\" width=\"680\" height=\"%u\" viewBox=\"0 0 680 %u\"><title>", height,
        height);
    put_text(out, title);
    g_string_append(out, "</title>");
    for (guint i = 0; i < count; i++) {
        const Row *row = &g_array_index(rows, Row, i);
        g_string_append_printf(out, "<text x=\"232\" y=\"%u\" text-anchor=\"end\">", i * 34 + 22);
        put_text(out, row->name);
        g_string_append(out, "</text>");
        put_bar(out, "then", i * 34 + 6, row->count->then, most);
        put_bar(out, "now", i * 34 + 18, row->count->now, most);
    }
    g_string_append_printf(out,
                           "<rect class=\"then\" x=\"240\" y=\"%u\" width=\"10\" height=\"10\"/><text "
                           "x=\"256\" y=\"%u\">then</text>"
                           "<rect class=\"now\" x=\"310\" y=\"%u\" width=\"10\" height=\"10\"/><text "
                           "x=\"326\" y=\"%u\">with this "
                           "policy</text></svg></figure>",
                           height - 18, height - 8, height - 18, height - 8);
}

static void put_counts(GString *out, const char *title, const char *what, GHashTable *counts)
{
    g_autoptr(GArray) rows = rows_of(counts);
    g_string_append_printf(out, "<h2>%s</h2><div class=\"pair\">", title);
    put_chart(out, title, rows);
    g_string_append_printf(
        out, "<table><thead><tr><th>%s</th><th>then</th><th>with this policy</th></tr></thead><tbody>", what);
    for (guint i = 0; i < rows->len; i++) {
        const Row *row = &g_array_index(rows, Row, i);
        g_string_append(out, "<tr><td>");
        put_text(out, row->name);
        g_string_append_printf(out,
                               "</td><td class=\"n\">%" G_GUINT64_FORMAT
                               "</td><td class=\"n\">%" G_GUINT64_FORMAT "</td></tr>",
                               row->count->then, row->count->now);
    }
    g_string_append(out, "</tbody></table></div>\n");
}

static void put_actions(GString *out, const BacktestReport *report)
{
    g_string_append(out, "<h2>Actions</h2><table><thead><tr><th>then \\ with this policy</th>");
    for (int now = ACTION_DELIVER; now <= ACTION_REJECT; now++)
        g_string_append_printf(out, "<th>%s</th>", action_name((Action)now));
    g_string_append(out, "</tr></thead><tbody>");
    for (int then = ACTION_DELIVER; then <= ACTION_REJECT; then++) {
        g_string_append_printf(out, "<tr><th>%s</th>", action_name((Action)then));
        for (int now = ACTION_DELIVER; now <= ACTION_REJECT; now++)
            g_string_append_printf(out, "<td class=\"n\">%" G_GUINT64_FORMAT "</td>",
                                   report->actions[then][now]);
        g_string_append(out, "</tr>");
    }
    g_string_append(out, "</tbody></table>\n");
}

static void put_changes(GString *out, const BacktestReport *report, guint samples)
{
    guint count = samples == 0 ? report->changes->len : MIN(samples, report->changes->len);
    g_string_append_printf(
        out,
        "<h2>Changes</h2><p>%u of %u.</p><table><thead><tr><th>record</th><th>from</th><th>to</th>"
        "<th>subject</th><th>then</th><th>with this policy</th><th>rules</th></tr></thead><tbody>",
        count, report->changes->len);
    for (guint i = 0; i < count; i++) {
        const BacktestChange *change = report->changes->pdata[i];
        const char *const cells[] = {change->record,
                                     change->sender,
                                     change->rcpt,
                                     change->subject,
                                     action_name(change->then),
                                     action_name(change->now),
                                     *change->rules_now ? change->rules_now : change->rules_then};
        g_string_append(out, "<tr>");
        for (guint k = 0; k < G_N_ELEMENTS(cells); k++) {
            g_string_append(out, "<td>");
            put_text(out, cells[k]);
            g_string_append(out, "</td>");
        }
        g_string_append(out, "</tr>");
    }
    g_string_append(out, "</tbody></table>\n");
}

bool backtest_html(const BacktestReport *report, guint samples, const char *path, GError **error)
{
    GString *out = g_string_new(HEAD);
    g_autofree char *from = clock_format(report->from_us), *to = clock_format(report->to_us);
    g_string_append(out, "<h1>What the policy ");
    put_text(out, report->policy_now);
    g_string_append_printf(out,
                           " would have done</h1><p>%.10s to %.10s: %" G_GUINT64_FORMAT
                           " messages to %" G_GUINT64_FORMAT " recipients. <strong>%" G_GUINT64_FORMAT
                           " new holds</strong>, %" G_GUINT64_FORMAT
                           " no more held. The roster of their day was there for %" G_GUINT64_FORMAT
                           " messages; the others were judged by the one in force now. %" G_GUINT64_FORMAT
                           " could not be judged and are not counted.</p>\n",
                           from, to, report->messages, report->recipients, backtest_new_holds(report),
                           backtest_released(report), report->with_then, report->failed);
    put_actions(out, report);
    put_counts(out, "Rules: recipients for whom they fired", "rule", report->rules);
    put_counts(out, "Held, by the sender's school", "school", report->schools);
    put_counts(out, "Held, by the sender's role", "role", report->roles);
    put_changes(out, report, samples);
    g_string_append(out, "</body></html>\n");
    bool ok = file_write_atomic(path, out->str, out->len, 0640, error);
    g_string_free(out, TRUE);
    return ok;
}
