// What the roster's steps print: counts, changes, tables.
#include "cli/roster.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int cli_roster_print_json(json_t *json)
{
    bool ok = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 && putchar('\n') != EOF;
    json_decref(json);
    return ok ? 0 : BASE_ERROR_IO;
}

char *cli_roster_time_text(const Config *config, int64_t seconds)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(config->district.timezone);
    g_autoptr(GDateTime) utc = seconds > 0 ? g_date_time_new_from_unix_utc(seconds) : NULL;
    g_autoptr(GDateTime) local = utc != NULL && zone != NULL ? g_date_time_to_timezone(utc, zone) : NULL;
    return local != NULL ? g_date_time_format(local, "%Y-%m-%d %H:%M") : g_strdup("");
}

// ---- counts -------------------------------------------------------------------------------------

static const struct {
    const char *name;
    gsize offset;
} COUNTS[] = {
    {"people", G_STRUCT_OFFSET(FeedSummary, people)},
    {"staff", G_STRUCT_OFFSET(FeedSummary, staff)},
    {"students", G_STRUCT_OFFSET(FeedSummary, students)},
    {"guardians", G_STRUCT_OFFSET(FeedSummary, guardians)},
    {"guardian links", G_STRUCT_OFFSET(FeedSummary, links)},
    {"classes", G_STRUCT_OFFSET(FeedSummary, classes)},
    {"enrollments", G_STRUCT_OFFSET(FeedSummary, enrollments)},
    {"lists", G_STRUCT_OFFSET(FeedSummary, lists)},
    {"list members", G_STRUCT_OFFSET(FeedSummary, members)},
    {"personal details", G_STRUCT_OFFSET(FeedSummary, personal)},
    {"published", G_STRUCT_OFFSET(FeedSummary, published)},
    {"students' addresses", G_STRUCT_OFFSET(FeedSummary, student_addresses)},
    {"webmail domains", G_STRUCT_OFFSET(FeedSummary, webmail)},
    {"tools", G_STRUCT_OFFSET(FeedSummary, tools)},
    {"exceptions", G_STRUCT_OFFSET(FeedSummary, exceptions)},
};

void cli_roster_print_summary(const FeedSummary *summary)
{
    for (gsize i = 0; i < G_N_ELEMENTS(COUNTS); i++) {
        guint count = G_STRUCT_MEMBER(guint, summary, COUNTS[i].offset);
        if (count > 0)
            printf("%9u  %s\n", count, COUNTS[i].name);
    }
}

json_t *cli_roster_summary_json(const FeedSummary *summary)
{
    json_t *counts = json_object();
    for (gsize i = 0; i < G_N_ELEMENTS(COUNTS); i++)
        json_object_set_new(counts, COUNTS[i].name,
                            json_integer(G_STRUCT_MEMBER(guint, summary, COUNTS[i].offset)));
    return counts;
}

// ---- changes ------------------------------------------------------------------------------------

static const struct {
    const char *kind, *name, *what;
    gsize offset;
} CHANGES[] = {
    {"added", "added", "people added", G_STRUCT_OFFSET(FeedDiff, added)},
    {"removed", "removed", "people removed", G_STRUCT_OFFSET(FeedDiff, removed)},
    {"returned", "returned", "people who are back", G_STRUCT_OFFSET(FeedDiff, returned)},
    {"role", "roles", "people whose roles change", G_STRUCT_OFFSET(FeedDiff, roles)},
    {"guardian-added", "links_added", "guardian links added", G_STRUCT_OFFSET(FeedDiff, links_added)},
    {"guardian-removed", "links_removed", "guardian links removed", G_STRUCT_OFFSET(FeedDiff, links_removed)},
    {"address-moved", "addresses_moved", "addresses with another owner",
     G_STRUCT_OFFSET(FeedDiff, addresses_moved)},
    {"renamed", "renamed", "people renamed", G_STRUCT_OFFSET(FeedDiff, renamed)},
};

guint cli_roster_changes_most(const RosterOptions *options)
{
    return (guint)MAX(options->changes, 1) * G_N_ELEMENTS(CHANGES);
}

// What became of somebody, for people. Caller frees.
static char *change_text(const FeedChange *change)
{
    const char *before = change->before, *after = change->after;
    if (before != NULL && after != NULL && strcmp(change->kind, "address-moved") == 0)
        return g_strdup_printf(": %s, which was that of %s", after, before);
    if (before != NULL && after != NULL)
        return g_strdup_printf(": %s -> %s", before, after);
    const char *one = before != NULL ? before : after;
    bool guardian = g_str_has_prefix(change->kind, "guardian-");
    return one == NULL ? g_strdup("") : g_strconcat(": ", guardian ? "guardian " : "", one, NULL);
}

static void print_change(const FeedChange *change)
{
    bool named = change->name != NULL && change->name[0] != '\0';
    g_autofree char *what = change_text(change);
    g_autofree char *line =
        g_strconcat(named ? change->name : "", named ? " (" : "",
                    change->person != NULL ? change->person : "", named ? ")" : "", what, NULL);
    g_autofree char *clean = cli_clean(line);
    printf("           %s\n", clean);
}

static void print_kind(const FeedDiff *diff, gsize kind, const RosterOptions *options)
{
    guint count = G_STRUCT_MEMBER(guint, diff, CHANGES[kind].offset), shown = 0;
    if (count == 0)
        return;
    printf("%9u  %s\n", count, CHANGES[kind].what);
    for (guint i = 0; i < diff->changes->len && shown < (guint)options->changes; i++) {
        const FeedChange *change = diff->changes->pdata[i];
        if (strcmp(change->kind, CHANGES[kind].kind) == 0) {
            print_change(change);
            shown++;
        }
    }
    if (shown < count && options->changes > 0)
        printf("           ... and %u more\n", count - shown);
}

void cli_roster_print_diff(const FeedDiff *diff, const RosterOptions *options)
{
    guint all = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(CHANGES); i++)
        all += G_STRUCT_MEMBER(guint, diff, CHANGES[i].offset);
    printf(all > 0 ? "Changes:\n" : "No changes of people.\n");
    for (gsize i = 0; i < G_N_ELEMENTS(CHANGES); i++)
        print_kind(diff, i, options);
}

json_t *cli_roster_diff_json(const FeedDiff *diff)
{
    json_t *json = json_object(), *changes = json_array();
    for (gsize i = 0; i < G_N_ELEMENTS(CHANGES); i++)
        json_object_set_new(json, CHANGES[i].name,
                            json_integer(G_STRUCT_MEMBER(guint, diff, CHANGES[i].offset)));
    for (guint i = 0; i < diff->changes->len; i++) {
        const FeedChange *change = diff->changes->pdata[i];
        json_array_append_new(changes, json_pack("{s:s, s:s?, s:s?, s:s?, s:s?}", "kind", change->kind,
                                                 "person", change->person, "name", change->name, "before",
                                                 change->before, "after", change->after));
    }
    json_object_set_new(json, "changes", changes);
    json_object_set_new(json, "cut", json_boolean(diff->cut));
    return json;
}

// ---- tables -------------------------------------------------------------------------------------

RosterTable *cli_roster_table_new(guint width, const char *const *head)
{
    RosterTable *table = g_new0(RosterTable, 1);
    table->width = width;
    table->cells = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < width; i++)
        g_ptr_array_add(table->cells, g_strdup(head[i]));
    return table;
}

void cli_roster_table_add(RosterTable *table, ...)
{
    va_list args;
    va_start(args, table);
    for (guint i = 0; i < table->width; i++) {
        char *cell = va_arg(args, char *);
        g_ptr_array_add(table->cells, cell != NULL ? cell : g_strdup(""));
    }
    va_end(args);
}

static glong cell_width(const char *cell)
{
    return g_utf8_validate(cell, -1, NULL) ? g_utf8_strlen(cell, -1) : (glong)strlen(cell);
}

static bool is_number(const char *cell)
{
    return cell[strspn(cell, "0123456789,")] == '\0';
}

static void print_cell(const char *cell, glong width, bool right, bool last)
{
    int pad = (int)(width - cell_width(cell));
    if (right)
        printf("%*s%s", pad, "", cell);
    else
        printf("%s%*s", cell, last ? 0 : pad, "");
    fputs(last ? "\n" : "  ", stdout);
}

void cli_roster_table_print(RosterTable *table)
{
    guint rows = table->cells->len / table->width;
    g_autofree glong *widths = g_new0(glong, table->width);
    g_autofree bool *right = g_new0(bool, table->width);
    for (guint column = 0; column < table->width; column++) {
        right[column] = rows > 1;
        for (guint row = 0; row < rows; row++) {
            const char *cell = table->cells->pdata[row * table->width + column];
            widths[column] = MAX(widths[column], cell_width(cell));
            right[column] = right[column] && (row == 0 || is_number(cell));
        }
    }
    for (guint i = 0; i < table->cells->len; i++) {
        guint column = i % table->width;
        print_cell(table->cells->pdata[i], widths[column], right[column], column + 1 == table->width);
    }
    g_ptr_array_unref(table->cells);
    g_free(table);
}
