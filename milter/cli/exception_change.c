// What changes exceptions; every change is an event of the archive too.
#include "archive/archive.h"
#include "cli/exception.h"
#include "feeds/feeds.h"

#include <stdio.h>
#include <string.h>

#define MOST_PAPER (256 * 1024 * 1024)

static bool log_change(const Config *config, const ExceptionOptions *options, const char *event,
                       json_t *detail, GError **error)
{
    bool ok = archive_event_once(config, event, options->who, NULL, detail, clock_now_us(), error);
    json_decref(detail);
    if (!ok)
        g_prefix_error(error, "the change is made, but could not be recorded in the archive: ");
    return ok;
}

// `text` is a SHA-256, or a file. Its hash, caller frees; NULL with `error`. *out_name: what the file is called.
static char *paper_hash(const char *text, const char **out_name, GError **error)
{
    *out_name = "";
    if (strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64)
        return g_ascii_strdown(text, -1);
    g_autoptr(GBytes) bytes = file_read(text, MOST_PAPER, error);
    gsize len = 0;
    const void *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    const char *slash = strrchr(text, '/');
    *out_name = slash != NULL ? slash + 1 : text;
    return bytes != NULL ? sha256_hex(data, len) : NULL;
}

static void print_found(const ArchiveRecord *record, const json_t *use, bool held, void *data)
{
    g_autofree char *time = clock_format(json_integer_value(json_object_get(record->meta, "received_us")));
    int count = (int)json_integer_value(json_object_get(use, "count"));
    printf("    covers %s of %s, %d student%s%s\n", record->ref->id, time, count, count == 1 ? "" : "s",
           held ? ": it was held; see `chaperone quarantine show`" : "");
}

static int look_afterwards(const Config *config, const char *id, const char *who, GError **error)
{
    CliWorking *working = cli_working_begin("reading events and messages");
    int found = exception_afterwards(config, NULL, id, who, print_found, NULL, error);
    cli_working_end(working);
    return found;
}

static void print_flaw(const char *flaw)
{
    if (flaw != NULL)
        printf("    does not apply yet: %s\n", flaw);
}

// ---- import -----------------------------------------------------------------------------------------------

// Emergencies among what was imported, that may cover mail of before.
static bool look_back(const Config *config, const ExceptionOptions *options, int64_t since_us, GError **error)
{
    g_auto(ExceptionBook) book = {0};
    bool ok = exception_book_open(config, &book, error);
    for (guint i = 0; ok && i < book.all->len; i++) {
        const RosterException *exception = book.all->pdata[i];
        int64_t added_us = 0;
        bool retro = false;
        g_autofree char *flaw = NULL, *time = g_strndup(exception->added, strcspn(exception->added, " "));
        // What `added` tells is cut to milliseconds.
        if (!clock_parse(time, &added_us, NULL) || added_us < since_us - 1000)
            continue;
        ok = exception_look(config, exception->id, &flaw, &retro, error);
        if (ok && retro) {
            printf("%s\n", exception->id);
            ok = look_afterwards(config, exception->id, options->who, error) >= 0;
        }
    }
    return ok;
}

int cli_exception_import(const Config *config, const ExceptionOptions *options, const char *path,
                         GError **error)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    int64_t now_us = clock_now_us();
    int today = clock_local_date(now_us, config->district.timezone);
    if (path == NULL && options->consents == NULL)
        return cli_usage("exception import wants a file, or --consents FILE");
    int count = feeds_exceptions_import(config, path, options->consents, options->dry_run, today,
                                        options->who, warnings, error);
    if (count < 0)
        return 0;
    for (guint i = 0; i < warnings->len; i++)
        fprintf(stderr, "warning: %s\n", (char *)warnings->pdata[i]);
    const char *what = path == NULL ? "consent" : options->consents == NULL ? "exception" : "row";
    printf("%d %s%s %s\n", count, what, count == 1 ? "" : "s",
           options->dry_run ? "checked (--dry-run)" : "imported");
    if (!options->dry_run && log_change(config, options, "exception-import",
                                        json_pack("{s:s?, s:s?, s:i}", "exceptions", path, "consents",
                                                  options->consents, "rows", count),
                                        error))
        look_back(config, options, now_us, error);
    return 0;
}

// ---- add --------------------------------------------------------------------------------------------------

static const char *missing_option(const ExceptionOptions *options)
{
    return options->id == NULL         ? "--id"
           : options->kind == NULL     ? "--kind"
           : options->staff == NULL    ? "--staff"
           : options->students == NULL ? "--student"
           : options->values == NULL   ? "--value"
           : options->from == NULL     ? "--from"
           : options->until == NULL    ? "--until"
           : options->approver == NULL ? "--approver"
                                       : NULL;
}

static bool add_one(const Config *config, const ExceptionOptions *options, const RosterException *exception,
                    GError **error)
{
    bool retro = false;
    g_autofree char *flaw = NULL;
    if (!feeds_exception_add(config, exception, options->who, error))
        return false;
    printf("%s: added\n", options->id);
    if (!log_change(config, options, "exception-added", exception_added_json(exception), error) ||
        !exception_look(config, options->id, &flaw, &retro, error))
        return false;
    print_flaw(flaw);
    return !retro || look_afterwards(config, options->id, options->who, error) >= 0;
}

int cli_exception_add(const Config *config, const ExceptionOptions *options, const char *argument,
                      GError **error)
{
    const char *missing = missing_option(options), *name = NULL;
    if (missing != NULL)
        return cli_usage("exception add wants %s", missing);
    g_autofree char *approval =
        options->approval != NULL ? paper_hash(options->approval, &name, error) : NULL;
    if (options->approval != NULL && approval == NULL)
        return 0;
    RosterException exception = {
        .id = options->id,
        .kind = options->kind,
        .staff = options->staff,
        .students = options->students,
        .values = options->values,
        .from = exception_date_of(options->from),
        .until = exception_date_of(options->until),
        .approver = options->approver,
        .guardian_consent = options->consent,
        .purpose_required = options->purpose_required,
        .purpose = options->purpose,
        .approval = approval,
        .approved = exception_date_of(options->approved),
    };
    if (options->direction != NULL && !way_parse(options->direction, &exception.way))
        return cli_usage("exception add: --direction: not one of to-students, from-students, both");
    if (options->approved != NULL && exception.approved == 0)
        return cli_usage("exception add: --approved: not a date; write YYYY-MM-DD");
    add_one(config, options, &exception, error);
    return 0;
}

// ---- consent ----------------------------------------------------------------------------------------------

static int withdraw(const Config *config, const ExceptionOptions *options, const char *id,
                    const char *student, GError **error)
{
    if (options->why == NULL || options->why[0] == '\0')
        return cli_usage("exception consent --withdraw wants --reason TEXT");
    if (!feeds_consent_withdraw(config, id, student, options->who, options->why, error))
        return 0;
    printf("%s: consent for %s withdrawn\n", id, student);
    log_change(config, options, "exception-consent-withdrawn",
               json_pack("{s:s, s:s, s:s}", "exception", id, "student", student, "reason", options->why),
               error);
    return 0;
}

static int consent(const Config *config, const ExceptionOptions *options, const char *id, const char *student,
                   GError **error)
{
    const char *name = NULL;
    int today = clock_local_date(clock_now_us(), config->district.timezone);
    g_autofree char *hash = paper_hash(options->document, &name, error), *flaw = NULL;
    if (hash == NULL)
        return 0;
    const RosterConsent made = {.student = (char *)student,
                                .guardian = options->guardian,
                                .document = (char *)name,
                                .sha256 = hash,
                                .given = options->given != NULL ? exception_date_of(options->given) : today,
                                .until = exception_date_of(options->until)};
    if (options->until != NULL && made.until == 0)
        return cli_usage("exception consent: --until: not a date; write YYYY-MM-DD");
    bool retro = false;
    if (!feeds_consent_add(config, id, &made, options->who, error))
        return 0;
    printf("%s: consent for %s recorded\n", id, student);
    if (log_change(config, options, "exception-consent",
                   json_pack("{s:s, s:s, s:s, s:s}", "exception", id, "student", student, "guardian",
                             options->guardian, "sha256", hash),
                   error) &&
        exception_look(config, id, &flaw, &retro, error))
        print_flaw(flaw);
    return 0;
}

int cli_exception_consent(const Config *config, const ExceptionOptions *options, const char *id,
                          GError **error)
{
    const char *student = options->students != NULL ? options->students[0] : NULL;
    if (student == NULL || options->students[1] != NULL)
        return cli_usage("exception consent wants one --student");
    if (options->withdraw)
        return withdraw(config, options, id, student, error);
    if (options->guardian == NULL || options->document == NULL)
        return cli_usage("exception consent wants --guardian and --document");
    return consent(config, options, id, student, error);
}

// ---- revoke -----------------------------------------------------------------------------------------------

int cli_exception_revoke(const Config *config, const ExceptionOptions *options, const char *id,
                         GError **error)
{
    if (options->why == NULL || options->why[0] == '\0')
        return cli_usage("exception revoke wants --reason TEXT");
    if (!feeds_exception_revoke(config, id, options->who, options->why, error))
        return 0;
    printf("%s: revoked\n", id);
    log_change(config, options, "exception-revoked",
               json_pack("{s:s, s:s}", "exception", id, "reason", options->why), error);
    return 0;
}
