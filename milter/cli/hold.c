// chaperone hold: legal holds.
#include "cli/keep.h"

#include <stdio.h>
#include <string.h>

#define IDS_MAX (64 * 1024 * 1024)

// ---- what is held ----------------------------------------------------------------------------------------

static char *ids_read(const char *path, GError **error)
{
    if (strcmp(path, "-") != 0) {
        g_autoptr(GBytes) bytes = file_read(path, IDS_MAX, error);
        gsize len = 0;
        const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
        return bytes != NULL ? g_strndup(data != NULL ? data : "", len) : NULL;
    }
    GString *text = g_string_new(NULL);
    char block[4096];
    gsize n;
    while (text->len < IDS_MAX && (n = fread(block, 1, sizeof block, stdin)) > 0)
        g_string_append_len(text, block, (gssize)n);
    if (ferror(stdin) || text->len >= IDS_MAX)
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "standard input: cannot be read, or too long");
    bool ok = !ferror(stdin) && text->len < IDS_MAX;
    return g_string_free(text, !ok);
}

// --record and --ids together. Caller frees; NULL with `error`.
static char **all_records(const KeepOptions *options, GError **error)
{
    GStrvBuilder *builder = g_strv_builder_new();
    g_autofree char *text = options->file != NULL ? ids_read(options->file, error) : NULL;
    bool ok = options->file == NULL || text != NULL;
    if (options->records != NULL)
        g_strv_builder_addv(builder, (const char **)options->records);
    g_auto(GStrv) lines = text != NULL ? g_strsplit_set(text, "\r\n", -1) : NULL;
    for (char **line = lines; line != NULL && *line != NULL; line++)
        if (*g_strstrip(*line) != '\0' && **line != '#')
            g_strv_builder_add(builder, *line);
    char **records = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    if (!ok)
        g_clear_pointer(&records, g_strfreev);
    return records;
}

static void tell_gone(guint gone)
{
    if (gone > 0)
        fprintf(stderr, "chaperone: %u of the records named were destroyed before\n", gone);
}

static int print_hold(Retention *retention, const KeepOptions *options, const char *id, GError **error)
{
    g_autoptr(LegalHold) hold = legal_hold_get(retention, id, error);
    if (hold == NULL)
        return base_exit_status(*error);
    if (options->json)
        return keep_print(legal_hold_json(hold, options->config));
    g_autofree char *placed = clock_format_local(hold->placed_us, options->config->district.timezone);
    g_autofree char *matter = cli_clean(hold->matter), *why = cli_clean(hold->why),
                    *query = cli_clean(hold->query);
    printf("%s  %s\nmatter:    %s\nplaced:    %s by %s: %s\n", hold->id, legal_state_name(hold->state),
           matter, placed, hold->placed_by, why);
    if (hold->query != NULL)
        printf("query:     %s\n", query);
    for (guint i = 0; i < hold->people->len; i++)
        printf("person:    %s\n", (char *)hold->people->pdata[i]);
    for (guint i = 0; i < hold->addresses->len; i++)
        printf("address:   %s\n", (char *)hold->addresses->pdata[i]);
    for (guint i = 0; i < hold->records->len; i++)
        printf("record:    %s\n", (char *)hold->records->pdata[i]);
    g_autofree char *asked = clock_format_local(hold->asked_us, options->config->district.timezone);
    g_autofree char *released = clock_format_local(hold->released_us, options->config->district.timezone);
    if (hold->asked_by != NULL)
        printf("release:   asked by %s, %s\n", hold->asked_by, asked);
    if (hold->released_by != NULL)
        printf("released:  by %s, %s\n", hold->released_by, released);
    return ferror(stdout) ? BASE_ERROR_IO : 0;
}

// ---- steps -----------------------------------------------------------------------------------------------

static int run_place(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    g_auto(GStrv) records = all_records(options, error);
    const LegalScope scope = {options->query, options->people, records};
    char id[ULID_LEN + 1];
    guint gone = 0;
    if (records == NULL || !legal_hold_place(retention, arguments[0], &scope, options->who, options->why,
                                             options->now_us, id, &gone, error))
        return base_exit_status(*error);
    tell_gone(gone);
    return options->json            ? print_hold(retention, options, id, error)
           : printf("%s\n", id) < 0 ? BASE_ERROR_IO
                                    : 0;
}

static int run_add(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    g_auto(GStrv) records = all_records(options, error);
    const LegalScope scope = {options->query, options->people, records};
    guint gone = 0;
    if (records == NULL || !legal_hold_add(retention, arguments[0], &scope, options->who, options->why,
                                           options->now_us, &gone, error))
        return base_exit_status(*error);
    tell_gone(gone);
    return print_hold(retention, options, arguments[0], error);
}

static int run_list(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    g_autoptr(GPtrArray) list = legal_hold_list(retention, options->all, error);
    if (list == NULL)
        return base_exit_status(*error);
    json_t *all = json_array();
    for (guint i = 0; i < list->len; i++) {
        const LegalHold *hold = list->pdata[i];
        g_autofree char *placed = clock_format_local(hold->placed_us, options->config->district.timezone);
        g_autofree char *matter = cli_clean(hold->matter);
        if (options->json)
            json_array_append_new(all, legal_hold_json(hold, options->config));
        else
            printf("%s  %.16s  %-9s  %3u people  %5u records%s  %s\n", hold->id, placed,
                   legal_state_name(hold->state), hold->people->len, hold->records->len,
                   hold->query != NULL ? "  a query" : "", matter);
    }
    if (options->json)
        return keep_print(all);
    json_decref(all);
    return ferror(stdout) ? BASE_ERROR_IO : 0;
}

static int run_show(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    return print_hold(retention, options, arguments[0], error);
}

static int run_release(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    LegalState state = LEGAL_ACTIVE;
    if (!legal_hold_release(retention, arguments[0], options->who, options->why, options->now_us, &state,
                            error))
        return base_exit_status(*error);
    if (options->json)
        return print_hold(retention, options, arguments[0], error);
    if (state == LEGAL_RELEASING)
        printf("release asked for; another person confirms it after %d days with the same command\n",
               options->config->retention.hold_cooling_days);
    else
        printf("released\n");
    return 0;
}

static int run_keep(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    bool ok = legal_hold_keep(retention, arguments[0], options->who, options->why, options->now_us, error);
    return ok ? print_hold(retention, options, arguments[0], error) : base_exit_status(*error);
}

static int run_refresh(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    guint added = 0;
    if (!legal_hold_refresh(retention, options->now_us, &added, error))
        return base_exit_status(*error);
    if (options->json)
        return keep_print(json_pack("{s:i}", "added", (int)added));
    printf("%u people, addresses and records added\n", added);
    return 0;
}

// What keeps a record.
static int run_check(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    g_auto(RetentionVerdict) verdict = {0};
    g_autoptr(ArchiveRecord) record = archive_get(options->config, arguments[0], error);
    g_autoptr(RetentionReckoner) reckoner =
        record != NULL && legal_hold_refresh(retention, options->now_us, NULL, error)
            ? retention_reckoner_new(retention, NULL, error)
            : NULL;
    if (reckoner == NULL || !retention_reckon_holds(reckoner, record->meta, &verdict, error))
        return base_exit_status(*error);
    json_t *holds = json_array();
    for (guint i = 0; i < verdict.holds->len; i++) {
        g_autofree char *line = cli_clean(verdict.holds->pdata[i]);
        json_array_append_new(holds, json_string(verdict.holds->pdata[i]));
        if (!options->json)
            printf("%s\n", line);
    }
    if (options->json)
        return keep_print(json_pack("{s:s, s:o}", "record", record->ref->id, "holds", holds));
    json_decref(holds);
    if (verdict.holds->len == 0)
        printf("nothing holds it\n");
    return 0;
}

static const KeepStep STEPS[] = {
    {"place", run_place, 1, true,
     "place MATTER --reason TEXT [--person WHO] [--query Q] [--record ID] [--ids FILE]\n"
     "                          keeps all of them, past and future, from disposal"},
    {"list", run_list, 0, false, "list [--all]              those that stand"},
    {"show", run_show, 1, false, "show HOLD                 all of one"},
    {"add", run_add, 1, true, "add HOLD --reason TEXT ...  more people and records"},
    {"release", run_release, 1, true,
     "release HOLD --reason TEXT  asked for by one person, confirmed by another after the cooling-off time"},
    {"keep", run_keep, 1, true, "keep HOLD --reason TEXT   takes back what the first asked for"},
    {"check", run_check, 1, false, "check ID                  what keeps a record"},
    {"refresh", run_refresh, 0, false,
     "refresh                   takes in what the roster and reviewers have since"},
};

int cli_hold(int argc, char **argv)
{
    return keep_main("hold", STEPS, G_N_ELEMENTS(STEPS), argc, argv);
}
