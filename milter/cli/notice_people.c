// To whom a notice is sent, and who acknowledges it.
#include "cli/notice.h"
#include "feeds/csv.h"
#include "quarantine/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    Roster *roster;
    RosterSession *session;
    GPtrArray *staff; // of RosterStaff
} People;

static void people_clear(People *people)
{
    g_clear_pointer(&people->staff, g_ptr_array_unref);
    g_clear_pointer(&people->session, roster_session_end);
    g_clear_pointer(&people->roster, roster_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(People, people_clear)

static bool people_open(const NoticeOptions *options, People *people, GError **error)
{
    people->roster = roster_open(options->config, error);
    people->session =
        people->roster != NULL ? roster_session_begin(people->roster, options->today, error) : NULL;
    people->staff =
        people->session != NULL ? roster_staff_all(people->session, options->school, error) : NULL;
    if (people->staff != NULL && people->staff->len == 0 && options->school != NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "the roster has no staff at a school \"%s\"",
                    options->school);
    return people->staff != NULL && (people->staff->len > 0 || options->school == NULL);
}

static void free_receipt(gpointer receipt)
{
    notice_receipt_free(receipt);
}

static NoticeReceipt *receipt_new(const char *person, const char *address, const char *how,
                                  const char *source)
{
    NoticeReceipt *receipt = g_new0(NoticeReceipt, 1);
    *receipt = (NoticeReceipt){.person = g_strdup(person),
                               .address = g_strdup(address),
                               .how = g_strdup(how),
                               .source = g_strdup(source)};
    return receipt;
}

// ---- sending ---------------------------------------------------------------------------------------------

static char *mail_of(const NoticeOptions *options, const Notice *notice, const char *rcpt)
{
    char day[11];
    notice_date(clock_local_date(notice->issued_us, options->config->district.timezone), day);
    g_autofree char *number = g_compute_checksum_for_string(G_CHECKSUM_SHA256, rcpt, -1);
    g_autofree char *id = g_strdup_printf("notice.%s.%.16s", notice->id, number);
    g_autofree char *text = g_strdup_printf("%s-- \nNotice %s of %s, SHA-256 %s\n", notice->text, notice->id,
                                            day, notice->sha256);
    return quarantine_compose_mail(options->config, rcpt, notice->title, id, text, options->now_us);
}

// One at a time, each taken down when it was taken by the MTA: who stops in the middle goes on where they were.
static bool send_one(NoticeRegister *notices, const NoticeOptions *options, const Notice *notice,
                     const RosterStaff *staff, GError **error)
{
    guint fresh;
    g_autoptr(GPtrArray) one = g_ptr_array_new_with_free_func(free_receipt);
    NoticeReceipt *receipt = receipt_new(staff->person, staff->address, "", "command");
    g_ptr_array_add(one, receipt);
    receipt->sent_us = clock_now_us();
    g_autofree char *mail = mail_of(options, notice, staff->address);
    return quarantine_send_mail(options->config, "", staff->address, mail, error) &&
           notice_record(notices, notice->id, one, options->who, options->now_us, &fresh, error);
}

static bool send_ready(const NoticeOptions *options, const Notice *notice, GError **error)
{
    bool from = *options->config->notice.from != '\0';
    if (!from)
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "notice.from is not set: notices need a sender; set it in the configuration");
    else if (notice->withdrawn != NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "notice %s was withdrawn %s", notice->id,
                    notice->withdrawn);
    return from && notice->withdrawn == NULL;
}

int notice_send(NoticeRegister *notices, const NoticeOptions *options, const char *id, GError **error)
{
    g_auto(People) people = {0};
    g_autoptr(Notice) notice = notice_get(notices, id, error);
    g_autoptr(GHashTable) known = notice != NULL ? notice_receipts(notices, notice->id, error) : NULL;
    if (known == NULL || !send_ready(options, notice, error) || !people_open(options, &people, error))
        return base_exit_status(*error);
    guint sent = 0, without = 0;
    bool ok = true;
    for (guint i = 0; ok && i < people.staff->len; i++) {
        const RosterStaff *staff = people.staff->pdata[i];
        const NoticeReceipt *receipt = g_hash_table_lookup(known, staff->person);
        bool due = receipt == NULL || receipt->sent_us == 0;
        without += due && *staff->address == '\0';
        if (due && *staff->address != '\0') {
            ok = options->dry_run || send_one(notices, options, notice, staff, error);
            sent += ok;
            cli_progress("sending", i, people.staff->len);
        }
    }
    cli_progress("sending", people.staff->len, people.staff->len);
    if (options->json)
        (void)notice_print_json(json_pack("{s:i, s:i, s:i}", "sent", (int)sent, "staff",
                                          (int)people.staff->len, "without_address", (int)without));
    else
        printf("%s: %u %s of %u staff; %u without an address\n", notice->id, sent,
               options->dry_run ? "would be sent it" : "sent", people.staff->len, without);
    return ok ? 0 : base_exit_status(*error);
}

// ---- acknowledging ---------------------------------------------------------------------------------------

// Who `text` is: an address of theirs or their id in the roster. Staff only. NULL with `error`.
static NoticeReceipt *acknowledger(const NoticeOptions *options, const People *people, const char *text,
                                   const char *how, const char *source, GError **error)
{
    g_autoptr(Party) party = NULL;
    bool ok = true;
    if (strchr(text, '@') != NULL)
        ok = (party = roster_resolve(people->session, text, error)) != NULL;
    else
        ok = roster_person(people->session, text, &party, error);
    bool staff = party != NULL && party->person != NULL &&
                 g_ptr_array_find_with_equal_func(party->roles, "staff", g_str_equal, NULL);
    if (ok && !staff)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "\"%s\" is nobody of the staff in the roster; give an address or a roster id", text);
    return staff ? receipt_new(party->person, party->address, how, source) : NULL;
}

static int acknowledged_on(const NoticeOptions *options, const Notice *notice, const char *text,
                           GError **error)
{
    int date = text != NULL && *text != '\0' ? notice_date_of("date", text, error) : options->today;
    int issued = clock_local_date(notice->issued_us, options->config->district.timezone);
    if (date != 0 && (date > options->today || date < issued)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "date \"%s\" is not between the day the notice was issued and today", text);
        date = 0;
    }
    return date;
}

static int record_all(NoticeRegister *notices, const NoticeOptions *options, const Notice *notice,
                      const GPtrArray *receipts, GError **error)
{
    guint fresh = 0;
    if (!notice_record(notices, notice->id, receipts, options->who, options->now_us, &fresh, error))
        return base_exit_status(*error);
    if (options->json)
        return notice_print_json(
            json_pack("{s:i, s:i}", "acknowledged", (int)receipts->len, "new", (int)fresh));
    printf("%s: %u acknowledged, %u of them new\n", notice->id, receipts->len, fresh);
    return 0;
}

int notice_acknowledge(NoticeRegister *notices, const NoticeOptions *options, const char *id,
                       const char *person, GError **error)
{
    g_auto(People) people = {0};
    g_autoptr(Notice) notice = notice_get(notices, id, error);
    int date = notice != NULL ? acknowledged_on(options, notice, options->date, error) : 0;
    if (date == 0 || !people_open(options, &people, error))
        return base_exit_status(*error);
    const char *how = options->how != NULL ? options->how : "";
    g_autoptr(GPtrArray) one = g_ptr_array_new_with_free_func(free_receipt);
    NoticeReceipt *receipt = acknowledger(options, &people, person, how, "command", error);
    if (receipt == NULL)
        return base_exit_status(*error);
    receipt->acknowledged = date;
    g_ptr_array_add(one, receipt);
    return record_all(notices, options, notice, one, error);
}

// ---- importing -------------------------------------------------------------------------------------------

static gssize read_fd(void *data, void *buf, gsize len, GError **error)
{
    gssize n;
    do
        n = read(*(int *)data, buf, len);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "cannot read: %s", g_strerror(errno));
    return n;
}

typedef struct {
    const NoticeOptions *options;
    const Notice *notice;
    const People *people;
    const char *path, *source;
    int person, date, how; // columns; -1 = none
    GPtrArray *receipts;   // of NoticeReceipt
    GString *wrong;
    guint mistakes;
} Import;

static int column_of(const CsvReader *csv, const char *const *names)
{
    int found = -1;
    for (guint i = 0; found < 0 && i < csv_count(csv); i++)
        for (const char *const *name = names; *name != NULL; name++)
            found = g_ascii_strcasecmp(csv_field(csv, i), *name) == 0 ? (int)i : found;
    return found;
}

static bool import_head(Import *import, CsvReader *csv, GError **error)
{
    static const char *const PERSON[] = {"person", "email", "address", "employee", NULL};
    static const char *const DATE[] = {"date", "acknowledged", "signed", NULL};
    static const char *const HOW[] = {"how", "method", NULL};
    CsvStep step = csv_next(csv, error);
    import->person = step == CSV_ROW ? column_of(csv, PERSON) : -1;
    import->date = step == CSV_ROW ? column_of(csv, DATE) : -1;
    import->how = step == CSV_ROW ? column_of(csv, HOW) : -1;
    if (step != CSV_FAILED && (import->person < 0 || import->date < 0))
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s:1: wants columns \"person\" (or \"email\") and \"date\"; \"how\" may stand there",
                    import->path);
    return step == CSV_ROW && import->person >= 0 && import->date >= 0;
}

static void import_row(Import *import, const CsvReader *csv)
{
    enum { TOLD = 20 };
    g_autoptr(GError) why = NULL;
    const char *how = import->how >= 0 ? csv_field(csv, (guint)import->how) : "";
    int date = acknowledged_on(import->options, import->notice, csv_field(csv, (guint)import->date), &why);
    NoticeReceipt *receipt =
        date != 0 ? acknowledger(import->options, import->people, csv_field(csv, (guint)import->person), how,
                                 import->source, &why)
                  : NULL;
    if (receipt != NULL) {
        receipt->acknowledged = date;
        g_ptr_array_add(import->receipts, receipt);
    } else if (import->mistakes++ < TOLD)
        g_string_append_printf(import->wrong, "%s%s:%u: %s", import->wrong->len > 0 ? "\n" : "", import->path,
                               csv_line(csv), why->message);
}

// All of it, or nothing: a file with a mistake changes nothing.
static bool import_rows(Import *import, int fd, GError **error)
{
    g_autoptr(CsvReader) csv = csv_new(import->path, read_fd, &fd);
    if (!import_head(import, csv, error))
        return false;
    CsvStep step;
    while ((step = csv_next(csv, error)) == CSV_ROW)
        import_row(import, csv);
    if (step == CSV_END && import->mistakes > 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s\n%u rows cannot be taken; nothing was",
                    import->wrong->str, import->mistakes);
    return step == CSV_END && import->mistakes == 0;
}

int notice_import(NoticeRegister *notices, const NoticeOptions *options, const char *id, const char *path,
                  GError **error)
{
    g_auto(People) people = {0};
    g_autoptr(Notice) notice = notice_get(notices, id, error);
    if (notice == NULL || !people_open(options, &people, error))
        return base_exit_status(*error);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: %s", path, g_strerror(errno));
        return base_exit_status(*error);
    }
    g_autofree char *source = g_path_get_basename(path);
    g_autoptr(GPtrArray) receipts = g_ptr_array_new_with_free_func(free_receipt);
    g_autoptr(GString) wrong = g_string_new(NULL);
    Import import = {.options = options,
                     .notice = notice,
                     .people = &people,
                     .path = path,
                     .source = source,
                     .receipts = receipts,
                     .wrong = wrong};
    bool ok = import_rows(&import, fd, error);
    close(fd);
    return ok ? record_all(notices, options, notice, receipts, error) : base_exit_status(*error);
}

// ---- status ----------------------------------------------------------------------------------------------

typedef struct {
    const NoticeOptions *options;
    guint staff, sent, acknowledged;
    json_t *people;
} Status;

static const char *csv_safe(const char *text)
{
    return strchr("=+-@\t\r", *text) != NULL && *text != '\0' ? "'" : "";
}

static void status_print(const Status *status, const RosterStaff *staff, const char *sent, const char *when,
                         const char *how)
{
    if (status->options->csv) {
        const char *const fields[] = {staff->person, staff->name, staff->address, staff->schools, sent,
                                      when,          how};
        for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
            g_auto(GStrv) parts = g_strsplit(fields[i], "\"", -1);
            g_autofree char *quoted = g_strjoinv("\"\"", parts);
            printf("%s\"%s%s\"", i > 0 ? "," : "", csv_safe(fields[i]), quoted);
        }
        printf("\r\n");
    } else {
        g_autofree char *name = cli_clean(staff->name), *address = cli_clean(staff->address);
        printf("%-28s %-36s %-10s  %s%s\n", name, address, *sent != '\0' ? sent : "not sent",
               *when != '\0' ? "acknowledged " : "not acknowledged", when);
    }
}

static void status_one(Status *status, const RosterStaff *staff, const NoticeReceipt *receipt)
{
    char when[11] = "";
    bool done = receipt != NULL && receipt->acknowledged != 0,
         was_sent = receipt != NULL && receipt->sent_us != 0;
    g_autofree char *sent =
        was_sent ? clock_format_local(receipt->sent_us, status->options->config->district.timezone)
                 : g_strdup("");
    if (was_sent)
        sent[MIN(strlen(sent), 10)] = '\0';
    if (done)
        notice_date(receipt->acknowledged, when);
    status->staff++;
    status->sent += was_sent;
    status->acknowledged += done;
    if (status->options->missing && done)
        return;
    if (status->options->json)
        json_array_append_new(
            status->people, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "person", staff->person, "name",
                                      staff->name, "address", staff->address, "schools", staff->schools,
                                      "sent", sent, "acknowledged", when, "how", done ? receipt->how : ""));
    else
        status_print(status, staff, sent, when, done ? receipt->how : "");
}

int notice_status(NoticeRegister *notices, const NoticeOptions *options, const char *id, GError **error)
{
    g_auto(People) people = {0};
    g_autoptr(Notice) notice = notice_get(notices, id, error);
    g_autoptr(GHashTable) receipts = notice != NULL ? notice_receipts(notices, notice->id, error) : NULL;
    if (receipts == NULL || !people_open(options, &people, error))
        return base_exit_status(*error);
    Status status = {.options = options, .people = json_array()};
    if (options->csv)
        printf("person,name,address,schools,sent,acknowledged,how\r\n");
    for (guint i = 0; i < people.staff->len; i++) {
        const RosterStaff *staff = people.staff->pdata[i];
        status_one(&status, staff, g_hash_table_lookup(receipts, staff->person));
    }
    if (options->json)
        return notice_print_json(json_pack("{s:s, s:i, s:i, s:i, s:o}", "notice", notice->id, "staff",
                                           (int)status.staff, "sent", (int)status.sent, "acknowledged",
                                           (int)status.acknowledged, "people", status.people));
    json_decref(status.people);
    if (!options->csv)
        printf("%s: %u staff, %u sent, %u acknowledged, %u missing\n", notice->id, status.staff, status.sent,
               status.acknowledged, status.staff - status.acknowledged);
    return 0;
}
