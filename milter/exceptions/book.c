// The exceptions of the roster in force, beside the policy in force.
#include "exceptions/exceptions.h"

#include <string.h>

// Policy and roster are there already.
static bool book_read(const Config *config, ExceptionBook *book, GError **error)
{
    book->now_us = clock_now_us();
    book->today = clock_local_date(book->now_us, config->district.timezone);
    book->session = book->roster != NULL ? roster_session_begin(book->roster, book->today, error) : NULL;
    book->all = book->session != NULL ? roster_exceptions_all(book->session, error) : NULL;
    return book->all != NULL;
}

bool exception_book_open(const Config *config, ExceptionBook *book, GError **error)
{
    book->policy = snapshot_policy(config->policy.file, error);
    book->roster = book->policy != NULL ? roster_open(config, error) : NULL;
    return book_read(config, book, error);
}

bool exception_book_of(const Snapshot *snapshot, ExceptionBook *book, GError **error)
{
    book->policy = policy_ref(snapshot->policy);
    book->roster = roster_ref(snapshot->roster);
    return book_read(snapshot->config, book, error);
}

void exception_book_clear(ExceptionBook *book)
{
    g_clear_pointer(&book->all, g_ptr_array_unref);
    g_clear_pointer(&book->session, roster_session_end);
    g_clear_pointer(&book->roster, roster_unref);
    g_clear_pointer(&book->policy, policy_unref);
}

RosterException *exception_book_find(const ExceptionBook *book, const char *id, GError **error)
{
    for (guint i = 0; i < book->all->len; i++) {
        RosterException *exception = book->all->pdata[i];
        if (strcmp(exception->id, id) == 0)
            return exception;
    }
    g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                "exception %s: there is none; see `chaperone exception list --all`", id);
    return NULL;
}

const char *exception_standing_name(Standing standing)
{
    static const char *const names[STANDING_LAST] = {"in force",  "expiring", "not complete",
                                                     "not begun", "expired",  "revoked"};
    return names[standing];
}

int exception_date_of(const char *text)
{
    int64_t us = 0;
    return text != NULL && strlen(text) == 10 && clock_parse(text, &us, NULL) ? clock_local_date(us, NULL)
                                                                              : 0;
}

char *exception_date(int date)
{
    return date == 0 ? g_strdup("")
                     : g_strdup_printf("%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
}

int exception_days_to(int today, int date)
{
    GDate a, b;
    if (!g_date_valid_dmy(today % 100, today / 100 % 100, today / 10000) ||
        !g_date_valid_dmy(date % 100, date / 100 % 100, date / 10000))
        return 0;
    g_date_clear(&a, 1);
    g_date_clear(&b, 1);
    g_date_set_dmy(&a, (GDateDay)(today % 100), (GDateMonth)(today / 100 % 100), (GDateYear)(today / 10000));
    g_date_set_dmy(&b, (GDateDay)(date % 100), (GDateMonth)(date / 100 % 100), (GDateYear)(date / 10000));
    return g_date_days_between(&a, &b);
}

bool exception_standing(const ExceptionBook *book, RosterException *exception, int within,
                        Standing *out_standing, char **out_flaw, GError **error)
{
    if (!policy_exception_flaw(book->policy, book->session, exception, book->today, book->now_us, out_flaw,
                               error))
        return false;
    *out_standing = exception->revoked != NULL                                  ? STANDING_REVOKED
                    : book->today > exception->until                            ? STANDING_EXPIRED
                    : *out_flaw != NULL                                         ? STANDING_FLAWED
                    : book->today < exception->from                             ? STANDING_TO_COME
                    : exception_days_to(book->today, exception->until) < within ? STANDING_EXPIRING
                                                                                : STANDING_IN_FORCE;
    return true;
}

bool exception_warnings(const Snapshot *snapshot, GPtrArray *warnings, GError **error)
{
    g_auto(ExceptionBook) book = {0};
    bool ok = exception_book_of(snapshot, &book, error);
    for (guint i = 0; ok && i < book.all->len; i++) {
        RosterException *exception = book.all->pdata[i];
        g_autofree char *flaw = NULL, *until = exception_date(exception->until);
        Standing standing = STANDING_LAST;
        ok = exception_standing(&book, exception, EXCEPTION_SOON_DAYS, &standing, &flaw, error);
        if (ok && standing == STANDING_EXPIRING)
            g_ptr_array_add(warnings, g_strdup_printf("exception %s ends %s", exception->id, until));
        else if (ok && standing == STANDING_FLAWED)
            g_ptr_array_add(warnings,
                            g_strdup_printf("exception %s covers nothing: %s", exception->id, flaw));
    }
    return ok;
}

// ---- JSON -------------------------------------------------------------------------------------------------

static json_t *strings_json(char *const *texts)
{
    json_t *array = json_array();
    for (; *texts != NULL; texts++)
        json_array_append_new(array, json_string(*texts));
    return array;
}

static json_t *date_json(int date)
{
    g_autofree char *text = exception_date(date);
    return date != 0 ? json_string(text) : json_null();
}

static json_t *consent_json(const RosterConsent *consent)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:s?, s:s, s:s}", "student", consent->student,
                     "guardian", consent->guardian, "document", consent->document, "sha256", consent->sha256,
                     "given", date_json(consent->given), "until", date_json(consent->until), "withdrawn",
                     consent->withdrawn, "source", consent->source, "added", consent->added);
}

json_t *exception_json(const RosterException *exception)
{
    g_autofree char *recorded = clock_format(exception->recorded_us);
    json_t *consents = json_array();
    for (guint i = 0; exception->consents != NULL && i < exception->consents->len; i++)
        json_array_append_new(consents, consent_json(exception->consents->pdata[i]));
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s?, s:o, s:o, s:o, s:o, s:s, s:b, s:b, s:s?}", "id", exception->id,
                  "kind", exception->kind, "staff", exception->staff, "person", exception->staff_person,
                  "students", strings_json(exception->students), "values", strings_json(exception->values),
                  "from", date_json(exception->from), "until", date_json(exception->until), "approver",
                  exception->approver, "guardian_consent", exception->guardian_consent, "purpose_required",
                  exception->purpose_required, "revoked", exception->revoked);
    json_t *rest =
        json_pack("{s:s, s:s, s:s, s:o, s:s?, s:s?, s:s?, s:o}", "direction", way_name(exception->way),
                  "purpose", exception->purpose, "approval_sha256", exception->approval, "approved",
                  date_json(exception->approved), "recorded", exception->recorded_us != 0 ? recorded : NULL,
                  "source", exception->source, "added", exception->added, "consents", consents);
    json_object_update_missing(json, rest);
    json_decref(rest);
    return json;
}

bool exception_look(const Config *config, const char *id, char **out_flaw, bool *out_retro, GError **error)
{
    g_auto(ExceptionBook) book = {0};
    PolicyExceptionDemand demand = {.retro_hours = -1};
    RosterException *exception =
        exception_book_open(config, &book, error) ? exception_book_find(&book, id, error) : NULL;
    if (exception == NULL)
        return false;
    if (!policy_exception_flaw(book.policy, book.session, exception, book.today, book.now_us, out_flaw,
                               error))
        return false;
    bool asks = policy_exception_asks(book.policy, exception->kind, &demand);
    if (out_retro != NULL)
        *out_retro = asks && demand.retro_hours > 0 && exception->from <= book.today && *out_flaw == NULL;
    return true;
}

json_t *exception_added_json(const RosterException *exception)
{
    g_autofree char *students = g_strjoinv(";", exception->students),
                    *values = g_strjoinv(";", exception->values);
    g_autofree char *from = exception_date(exception->from), *until = exception_date(exception->until);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?}", "exception", exception->id,
                     "kind", exception->kind, "staff", exception->staff, "students", students, "values",
                     values, "from", from, "until", until, "approver", exception->approver, "direction",
                     way_name(exception->way), "approval_sha256", exception->approval);
}

// ---- back from JSON ---------------------------------------------------------------------------------------

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text != NULL ? text : "";
}

static char **strings_of(const json_t *array)
{
    char **out = g_new0(char *, json_array_size(array) + 1);
    for (size_t i = 0, n = 0; i < json_array_size(array); i++)
        if (json_is_string(json_array_get(array, i)))
            out[n++] = g_strdup(json_string_value(json_array_get(array, i)));
    return out;
}

RosterException *exception_from_json(const json_t *json, GError **error)
{
    g_autoptr(RosterException) made = g_new0(RosterException, 1);
    *made = (RosterException){.id = g_strdup(text_of(json, "id")),
                              .kind = g_strdup(text_of(json, "kind")),
                              .staff = g_strdup(text_of(json, "staff")),
                              .students = strings_of(json_object_get(json, "students")),
                              .values = strings_of(json_object_get(json, "values")),
                              .from = exception_date_of(text_of(json, "from")),
                              .until = exception_date_of(text_of(json, "until")),
                              .approver = g_strdup(text_of(json, "approver")),
                              .guardian_consent = json_is_true(json_object_get(json, "guardian_consent")),
                              .purpose_required = json_is_true(json_object_get(json, "purpose_required")),
                              .purpose = g_strdup(text_of(json, "purpose")),
                              .approval = g_strdup(text_of(json, "approval_sha256"))};
    bool good = *made->id != '\0' && *made->kind != '\0' && made->from != 0 && made->until != 0 &&
                way_parse(text_of(json, "direction"), &made->way);
    if (!good)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "exception %s: kind, dates or direction are missing",
                    made->id);
    return good ? g_steal_pointer(&made) : NULL;
}
