#include "cli/archive.h"
#include "policy/policy.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef int (*Step)(const Config *config, const ArchiveOptions *options, GError **error);

// ---- printing --------------------------------------------------------------------------------------------

static const char *text_of(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && *text != '\0' ? text : fallback;
}

// A message's own text must not move the cursor of a terminal.
char *archive_plain(const char *text, gsize most)
{
    GString *out = g_string_new(NULL);
    gsize count = 0;
    for (const char *p = text; *p != '\0' && count < most; p = g_utf8_next_char(p), count++) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(out, g_unichar_isprint(c) ? c : 0xfffd);
    }
    return g_string_free(out, FALSE);
}

// printf pads by bytes; tables want characters.
static void print_cell(const char *text, gsize width)
{
    g_autofree char *cell = archive_plain(text, width);
    printf("%s%*s  ", cell, (int)(width - (gsize)g_utf8_strlen(cell, -1)), "");
}

static void print_field(const char *label, const char *text)
{
    g_autofree char *clean = archive_plain(text, 2000);
    printf("%-12s %s\n", label, clean);
}

void archive_print_damage(const char *segment, int64_t offset, const char *what, guint64 *count)
{
    bool colour = cli_colour(STDERR_FILENO);
    fprintf(stderr, "%schaperone: %sdamaged: %s: %s%s\n", isatty(STDERR_FILENO) ? "\r" : "",
            colour ? "\033[31m" : "", segment, what, colour ? "\033[0m" : "");
    (*count)++;
}

static int print_json(json_t *json, size_t flags)
{
    int status =
        json_dumpf(json, stdout, flags | JSON_SORT_KEYS) == 0 && putchar('\n') != EOF ? 0 : BASE_ERROR_IO;
    json_decref(json);
    return status;
}

int archive_print_json(json_t *json)
{
    return print_json(json, JSON_INDENT(2));
}

// The strongest action any recipient got; what was decided later stands in events.
static const char *action_of(const json_t *meta)
{
    const json_t *rcpts = json_object_get(json_object_get(meta, "judgement"), "recipients");
    if (json_array_size(json_object_get(json_object_get(meta, "judgement"), "pending")) > 0)
        return "pending";
    for (int action = ACTION_REJECT; action >= ACTION_DELIVER; action--)
        for (size_t i = 0; i < json_array_size(rcpts); i++)
            if (strcmp(text_of(json_array_get(rcpts, i), "action", ""), action_name((Action)action)) == 0)
                return action_name((Action)action);
    return "-";
}

// What a list says of a record; of an event it says all. New reference.
static json_t *row_of(const json_t *meta)
{
    if (json_object_get(meta, "event") != NULL)
        return json_deep_copy(meta);
    const json_t *envelope = json_object_get(meta, "envelope"), *rcpts = json_object_get(envelope, "rcpts");
    // Of what was taken in from files the sender may not be known: that is not the null sender.
    const char *from =
        json_object_get(envelope, "mail_from") != NULL ? text_of(envelope, "mail_from", "") : "-";
    json_t *to = json_array();
    for (size_t i = 0; i < json_array_size(rcpts); i++)
        json_array_append_new(to, json_string(text_of(json_array_get(rcpts, i), "address", "")));
    return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:I}", "id", text_of(meta, "id", ""), "received",
                     text_of(meta, "received", ""), "from", from, "to", to, "action", action_of(meta),
                     "subject", text_of(json_object_get(meta, "message"), "subject", ""), "size",
                     json_integer_value(json_object_get(meta, "size")));
}

static void print_row(const json_t *row)
{
    bool event = json_object_get(row, "event") != NULL;
    const json_t *to = json_object_get(row, "to");
    const char *first = json_string_value(json_array_get(to, 0));
    g_autofree char *more = json_array_size(to) > 1
                                ? g_strdup_printf("%s +%zu", first, json_array_size(to) - 1)
                                : g_strdup(first != NULL ? first : "-");
    print_cell(text_of(row, "id", "-"), ULID_LEN);
    print_cell(text_of(row, event ? "time" : "received", "-"), 19);
    print_cell(text_of(row, event ? "who" : "from", "<>"), 30);
    print_cell(event ? text_of(row, "record", "-") : more, 30);
    print_cell(text_of(row, event ? "event" : "action", "-"), event ? 20 : 7);
    g_autofree char *subject = archive_plain(text_of(row, "subject", ""), 60);
    printf("%s\n", subject);
}

static void print_head(bool events)
{
    if (cli_colour(STDOUT_FILENO))
        fputs("\033[1m", stdout);
    print_cell("ID", ULID_LEN);
    print_cell(events ? "TIME (UTC)" : "RECEIVED (UTC)", 19);
    print_cell(events ? "WHO" : "FROM", 30);
    print_cell(events ? "RECORD" : "TO", 30);
    print_cell(events ? "EVENT" : "ACTION", events ? 20 : 7);
    printf("%s%s\n", events ? "" : "SUBJECT", cli_colour(STDOUT_FILENO) ? "\033[0m" : "");
}

// ---- events: looking is recorded before anything is shown ------------------------------------------------

json_t *archive_options_json(const ArchiveOptions *options)
{
    json_t *ids = json_array();
    for (char **id = options->ids; id != NULL && *id != NULL; id++)
        json_array_append_new(ids, json_string(*id));
    json_t *json = json_pack("{s:s*, s:s*, s:s*, s:s*, s:s*, s:s*}", "from", options->from, "to", options->to,
                             "address", options->address, "format", options->format, "out", options->out,
                             "reason", options->reason);
    if (json_array_size(ids) > 0)
        json_object_set(json, "ids", ids);
    json_decref(ids);
    return json;
}

static bool record_look(const Config *config, const ArchiveOptions *options, const char *event,
                        const char *record, GError **error)
{
    json_t *detail = archive_options_json(options);
    if (options->raw)
        json_object_set_new(detail, "raw", json_true());
    bool ok = archive_event_once(config, event, options->who, record, detail, clock_now_us(), error);
    json_decref(detail);
    return ok;
}

// ---- list ------------------------------------------------------------------------------------------------

typedef struct {
    guint64 damage; // first: archive_print_damage counts here
    const ArchiveOptions *options;
    GQueue rows; // of json_t: the newest, where --limit is set
    guint64 count, printed;
} Listing;

static void list_print(Listing *listing, json_t *row)
{
    if (!listing->options->json) {
        print_row(row);
    } else {
        fputs(listing->printed == 0 ? "[\n" : ",\n", stdout);
        json_dumpf(row, stdout, JSON_SORT_KEYS);
    }
    listing->printed++;
    json_decref(row);
}

static bool list_one(const ArchiveRecord *record, void *data)
{
    Listing *listing = data;
    json_t *row = row_of(record->meta);
    listing->count++;
    if (listing->options->limit == 0) {
        list_print(listing, row);
        return !ferror(stdout);
    }
    g_queue_push_tail(&listing->rows, row);
    if (g_queue_get_length(&listing->rows) > (guint)listing->options->limit)
        json_decref(g_queue_pop_head(&listing->rows));
    return true;
}

static void list_damage(const char *segment, int64_t offset, const char *what, void *data)
{
    archive_print_damage(segment, offset, what, &((Listing *)data)->damage);
}

static int run_list(const Config *config, const ArchiveOptions *options, GError **error)
{
    if (!record_look(config, options, "search", NULL, error))
        return base_exit_status(*error);
    Listing listing = {.options = options};
    if (!options->json)
        print_head(options->events);
    bool ok = archive_each(config, &options->query, list_one, list_damage, &listing, error);
    json_t *row;
    while ((row = g_queue_pop_head(&listing.rows)) != NULL)
        list_print(&listing, row);
    if (options->json)
        fputs(listing.printed == 0 ? "[]\n" : "\n]\n", stdout);
    if (!ok)
        return base_exit_status(*error);
    if (!options->json && isatty(STDERR_FILENO))
        fprintf(stderr, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " shown\n", listing.printed,
                listing.count);
    return ferror(stdout) ? BASE_ERROR_IO : listing.damage > 0 ? BASE_ERROR_DATA : 0;
}

// ---- show ------------------------------------------------------------------------------------------------

static void print_reason(const json_t *judgement, const json_t *reason)
{
    g_autoptr(GPtrArray) found = cli_found(judgement, reason);
    g_autofree char *rule = g_strdup_printf("%s (%s): %s", text_of(reason, "rule", "?"),
                                            text_of(reason, "clause", "-"), text_of(reason, "action", "?"));
    print_field("Why", rule);
    for (guint i = 0; i < found->len; i++)
        print_field("  found", found->pdata[i]);
}

static void print_message(const json_t *meta)
{
    static const struct {
        const char *label, *key;
    } fields[] = {{"From", "mail_from"}, {"Login", "auth_login"}, {"Client", "client_addr"},
                  {"HELO", "helo"},      {"TLS", "tls_version"},  {"Queue id", "queue_id"}};
    const json_t *envelope = json_object_get(meta, "envelope"), *message = json_object_get(meta, "message");
    const json_t *judgement = json_object_get(meta, "judgement"),
                 *decided = json_object_get(judgement, "recipients");
    const json_t *rcpts = json_object_get(envelope, "rcpts"),
                 *reasons = json_object_get(judgement, "reasons");
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        if (json_object_get(envelope, fields[i].key) != NULL)
            print_field(fields[i].label, text_of(envelope, fields[i].key, "<>"));
    for (size_t i = 0; i < json_array_size(rcpts); i++) {
        g_autofree char *line = g_strdup_printf("%s  %s", text_of(json_array_get(rcpts, i), "address", "?"),
                                                text_of(json_array_get(decided, i), "action", ""));
        print_field("To", line);
    }
    print_field("Subject", text_of(message, "subject", "(none)"));
    print_field("Message-ID", text_of(message, "message_id", "(none)"));
    for (size_t i = 0; i < json_array_size(reasons); i++)
        print_reason(judgement, json_array_get(reasons, i));
}

static void print_record(const ArchiveRecord *record)
{
    const json_t *meta = record->meta;
    bool event = json_object_get(meta, "event") != NULL;
    g_autofree char *place = g_strdup_printf("%s, byte %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " bytes",
                                             record->ref->segment, record->ref->offset, record->ref->length);
    print_field(event ? "Event" : "Record", record->ref->id);
    print_field("Place", place);
    if (event) {
        print_field("What", text_of(meta, "event", "?"));
        print_field("Time", text_of(meta, "time", "?"));
        print_field("Who", text_of(meta, "who", "?"));
        print_field("Record", text_of(meta, "record", "-"));
        g_autofree char *detail =
            json_dumps(json_object_get(meta, "detail"), JSON_SORT_KEYS | JSON_ENCODE_ANY);
        print_field("Detail", detail != NULL ? detail : "-");
        return;
    }
    g_autofree char *size =
        g_strdup_printf("%" JSON_INTEGER_FORMAT " bytes", json_integer_value(json_object_get(meta, "size")));
    print_field("Received", text_of(meta, "received", "?"));
    print_field("Size", size);
    print_field("SHA-256", text_of(meta, "sha256", "?"));
    print_message(meta);
}

static int print_raw(const ArchiveRecord *record, GError **error)
{
    if (record->raw == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s is an event: it has no message", record->ref->id);
        return BASE_ERROR_DATA;
    }
    gsize len;
    const void *data = g_bytes_get_data(record->raw, &len);
    if (!file_write_all(STDOUT_FILENO, data, len, "standard output", error))
        return BASE_ERROR_IO;
    return 0;
}

static int run_show(const Config *config, const ArchiveOptions *options, GError **error)
{
    if (options->ids == NULL || options->ids[0] == NULL || options->ids[1] != NULL)
        return cli_usage("archive show wants one ID");
    g_autoptr(ArchiveRecord) record = archive_get(config, options->ids[0], error);
    if (record == NULL || !record_look(config, options, "view", options->ids[0], error))
        return base_exit_status(*error);
    if (options->raw)
        return print_raw(record, error);
    if (options->json)
        return print_json(json_incref(record->meta), JSON_INDENT(2));
    print_record(record);
    return 0;
}

// ---- verify ----------------------------------------------------------------------------------------------

typedef struct {
    json_t *found; // with --json, else NULL
    gint64 shown_us;
} Verifying;

static void verify_damage(const char *segment, int64_t offset, const char *what, void *data)
{
    Verifying *verifying = data;
    guint64 ignored = 0;
    if (verifying->found == NULL)
        archive_print_damage(segment, offset, what, &ignored);
    else
        json_array_append_new(verifying->found, json_pack("{s:s, s:I, s:s}", "segment", segment, "offset",
                                                          (json_int_t)offset, "what", what));
}

static void verify_progress(guint64 done, guint64 total, void *data)
{
    Verifying *verifying = data;
    gint64 now = g_get_monotonic_time();
    if (total == 0 || (done < total && now - verifying->shown_us < G_USEC_PER_SEC / 10))
        return;
    // The last record brings the bar to its end, and so does the end itself: once is enough.
    if (verifying->shown_us < G_MAXINT64)
        cli_progress("verifying", done, total);
    verifying->shown_us = done < total ? now : G_MAXINT64;
}

static void print_log_verdict(const ArchiveVerdict *verdict)
{
    if (verdict->log.none)
        printf("no transparency log yet: chaperone-archivist makes it\n");
    else
        printf("transparency log: %" G_GUINT64_FORMAT " leaves under its checkpoint%s, %" G_GUINT64_FORMAT
               " records and events behind it\n",
               verdict->log.leaves,
               verdict->damaged == 0 ? ", signature, tree and every leaf's record are right" : "",
               verdict->log.pending);
    if (verdict->log.destroyed > 0)
        printf("%" G_GUINT64_FORMAT " records destroyed by disposals, each named in an event under the log\n",
               verdict->log.destroyed);
    if (verdict->log.announced > 0)
        printf("%" G_GUINT64_FORMAT " records that a disposal names and has not destroyed yet\n",
               verdict->log.announced);
    if (verdict->log.untold > 0)
        printf("%" G_GUINT64_FORMAT
               " sealed records that a disposal names: whether their keys are gone is told "
               "where the keys are\n",
               verdict->log.untold);
}

static int run_verify(const Config *config, const ArchiveOptions *options, GError **error)
{
    Verifying verifying = {.found = options->json ? json_array() : NULL};
    ArchiveVerdict verdict;
    if (!archive_verify(config, verify_damage, verify_progress, &verifying, &verdict, error)) {
        json_decref(verifying.found);
        return base_exit_status(*error);
    }
    int status = verdict.damaged > 0 ? BASE_ERROR_DATA : 0;
    if (options->json) {
        json_t *json = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:{s:b, s:I, s:I, s:I, s:I, s:I}}",
                                 "segments", (json_int_t)verdict.segments, "records",
                                 (json_int_t)verdict.records, "events", (json_int_t)verdict.events, "bytes",
                                 (json_int_t)verdict.bytes, "damaged", (json_int_t)verdict.damaged, "sealed",
                                 (json_int_t)verdict.sealed, "closed", (json_int_t)verdict.closed, "damage",
                                 verifying.found, "log", "exists", !verdict.log.none, "leaves",
                                 (json_int_t)verdict.log.leaves, "pending", (json_int_t)verdict.log.pending,
                                 "destroyed", (json_int_t)verdict.log.destroyed, "announced",
                                 (json_int_t)verdict.log.announced, "untold", (json_int_t)verdict.log.untold);
        return print_json(json, JSON_INDENT(2)) != 0 ? BASE_ERROR_IO : status;
    }
    printf("%" G_GUINT64_FORMAT " segments, %" G_GUINT64_FORMAT " bytes: %" G_GUINT64_FORMAT
           " records and %" G_GUINT64_FORMAT " events read back, ",
           verdict.segments, verdict.bytes, verdict.records, verdict.events);
    if (verdict.damaged == 0)
        printf("every checksum and SHA-256 is right\n");
    else
        printf("%" G_GUINT64_FORMAT " damaged\n", verdict.damaged);
    if (verdict.closed > 0)
        printf("%" G_GUINT64_FORMAT " of them are sealed and were not opened: their frames and leaves were "
               "checked; the rest where the master key is\n",
               verdict.closed);
    print_log_verdict(&verdict);
    return status;
}

// ---- options ---------------------------------------------------------------------------------------------

static const struct {
    const char *name;
    Step run;
    bool takes_ids;
} STEPS[] = {
    {"list", run_list, false},
    {"show", run_show, true},
    {"verify", run_verify, false},
    {"prove", archive_prove_run, true},
    {"checkpoint", archive_checkpoint_run, false},
    {"export", archive_export_run, true},
    {"check-bag", archive_check_bag_run, true},
    {"import", archive_import_run, true},
    {"journal", archive_journal_run, true},
    {"reconcile", archive_reconcile_run, false},
    {"keys", archive_keys_run, true},
};

static const char SUMMARY[] =
    "Steps:\n"
    "  list                         records, or --events, in order of time (recorded)\n"
    "  show ID                      one record: its metadata, or with --raw its bytes (recorded)\n"
    "  verify                       read every segment and the log, and say what is damaged, gone or slipped "
    "in\n"
    "  prove ID [--out DIR]         an offline proof that the record is in the log (c2sp.org/tlog-proof); "
    "with\n"
    "                               --out beside the record itself\n"
    "  checkpoint [--new]           the log's newest signed checkpoint; --new signs one now, where the\n"
    "                               archivist does not run\n"
    "  export --format eml|mbox --out PATH\n"
    "                               write messages out, by --id, --from, --to, --address (recorded)\n"
    "  export --bag DIR --query WORDS|--ids FILE|ID...\n"
    "                               write a BagIt bag with text, attachments, load files and proofs "
    "(recorded); run\n"
    "                               it again to go on\n"
    "  check-bag DIR [--key KEY]    read such a bag and say what is damaged, gone or slipped in\n"
    "  import PATH... [--format F] [--state FILE]\n"
    "                               take in EML files, mbox, Maildir and journal reports that lie there; run "
    "it\n"
    "                               again to go on (recorded)\n"
    "  journal [--sender ADDRESS] [--queue-id ID] [RECIPIENT...]\n"
    "                               take in one message from standard input, for Postfix's pipe(8)\n"
    "  reconcile --maillog FILE|journal [--from DATE] [--to DATE]\n"
    "                               which messages the MTA took that the archive lacks, and the reverse "
    "(recorded)\n"
    "  keys init|list|rotate        the master key of a sealed archive: make it, what it opens, change it "
    "(recorded)\n"
    "  keys escrow NAME PUBLICKEY   the master key for an officer alone, in DIR.master.escrow (recorded)\n"
    "  keys open FILE SECRETKEY [--out FILE]\n"
    "                               the master key out of escrow, by the officer's key\n"
    "  keys export ID...|all --out FILE\n"
    "                               record keys in clear, for openssl(1) and the verifier (recorded)\n";

static int run_step(gsize step, ArchiveOptions *options)
{
    GError *error = NULL;
    const char *path = cli_config_path(options->config_path);
    g_autoptr(Config) config = config_load(path, &error);
    ArchiveQuery *query = &options->query;
    if (config == NULL || !cli_time(config, options->from, false, &query->from_us, &error) ||
        !cli_time(config, options->to, true, &query->to_us, &error))
        return cli_fail(error);
    query->address = options->address;
    query->events = options->events;
    int status = STEPS[step].run(config, options, &error);
    if (error != NULL)
        return cli_fail(error);
    if (fflush(stdout) != 0) {
        g_set_error(&error, BASE_ERROR, BASE_ERROR_IO, "cannot write to standard output");
        return cli_fail(error);
    }
    return status;
}

// --id and the words after the step are one list.
static void collect_ids(ArchiveOptions *options, int argc, char **argv)
{
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    for (char **id = options->ids; id != NULL && *id != NULL; id++)
        g_strv_builder_add(all, *id);
    for (int i = 2; i < argc; i++)
        if (i > 2 || strcmp(argv[i], "--") != 0)
            g_strv_builder_add(all, argv[i]);
    g_strfreev(options->ids);
    options->ids = g_strv_builder_end(all);
}

static int dispatch(ArchiveOptions *options, int argc, char **argv)
{
    if (argc < 2)
        return cli_usage("archive wants a step: list, show, verify, prove, checkpoint, export, "
                         "check-bag, import, journal, reconcile or keys");
    for (gsize i = 0; i < G_N_ELEMENTS(STEPS); i++) {
        if (strcmp(argv[1], STEPS[i].name) != 0)
            continue;
        collect_ids(options, argc, argv);
        if (!STEPS[i].takes_ids && options->ids[0] != NULL)
            return cli_usage("archive %s takes no ID", argv[1]);
        if (options->limit < 0)
            return cli_usage("--limit must not be negative");
        return run_step(i, options);
    }
    return cli_usage("no archive step \"%s\"", argv[1]);
}

int cli_archive(int argc, char **argv)
{
    ArchiveOptions options = {0};
    char *named = NULL;
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path, "The configuration", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL},
        {"from", 0, 0, G_OPTION_ARG_STRING, &options.from, "Received at this time or later", "DATE"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &options.to,
         "Received before this time, or up to the end of this day", "DATE"},
        {"address", 0, 0, G_OPTION_ARG_STRING, &options.address, "Sent by, to, or naming this address",
         "ADDRESS"},
        {"events", 0, 0, G_OPTION_ARG_NONE, &options.events, "List events instead of messages", NULL},
        {"limit", 'n', 0, G_OPTION_ARG_INT, &options.limit, "List the newest N only", "N"},
        {"new", 0, 0, G_OPTION_ARG_NONE, &options.fresh, "Sign a checkpoint now", NULL},
        {"raw", 0, 0, G_OPTION_ARG_NONE, &options.raw, "Show the message's bytes", NULL},
        {"id", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.ids, "Export this record (may be repeated)", "ID"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &options.format,
         "Export: eml, a directory, or mbox, one file (mboxrd). Import: auto, eml, mbox, mboxrd, mboxo, "
         "mboxcl, "
         "mboxcl2, maildir or journal",
         "FORMAT"},
        {"state", 0, 0, G_OPTION_ARG_FILENAME, &options.state, "Import: what was taken in (DIR/import.db)",
         "FILE"},
        {"who", 0, 0, G_OPTION_ARG_STRING, &named, "For whom; kept with the event (the login)", "NAME"},
        {"sender", 'f', 0, G_OPTION_ARG_STRING, &options.sender, "Journal: the envelope's sender", "ADDRESS"},
        {"queue-id", 0, 0, G_OPTION_ARG_STRING, &options.queue_id, "Journal: Postfix's queue id", "ID"},
        {"client", 0, 0, G_OPTION_ARG_STRING, &options.client, "Journal: who sent it to Postfix", "ADDRESS"},
        {"maillog", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.maillogs,
         "Reconcile: Postfix's log with its older ones beside it, or \"journal\" (may be repeated)", "FILE"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &options.out, "Where to; must not exist", "PATH"},
        {"reason", 'r', 0, G_OPTION_ARG_STRING, &options.reason, "Why; kept with the event", "TEXT"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("STEP [ID...]");
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_group(context, archive_bag_group(&options));
    g_autoptr(GError) error = NULL;
    options.who = cli_who();
    // argv[1] where the options cannot be parsed too: Postfix's pipe(8) has the step first.
    bool journal = argc > 1 && strcmp(argv[1], "journal") == 0;
    int status = g_option_context_parse(context, &argc, &argv, &error) ? 0 : cli_usage("%s", error->message);
    journal = journal || (status == 0 && argc > 1 && strcmp(argv[1], "journal") == 0);
    if (named != NULL) { // the login stays with it
        g_autofree char *login = options.who;
        options.who = g_strdup_printf("%s (%s)", named, login);
    }
    if (status == 0)
        status = dispatch(&options, argc, argv);
    g_free(named);
    g_free(options.config_path);
    g_free(options.from);
    g_free(options.to);
    g_free(options.address);
    g_free(options.format);
    g_free(options.out);
    g_free(options.reason);
    g_free(options.who);
    g_free(options.state);
    g_free(options.sender);
    g_free(options.queue_id);
    g_free(options.client);
    g_strfreev(options.maillogs);
    archive_bag_clear(&options);
    g_strfreev(options.ids);
    // Postfix bounces what it gets any other status for.
    return journal && status != 0 ? BASE_ERROR_TEMPFAIL : status;
}
