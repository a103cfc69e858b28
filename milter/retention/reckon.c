// What becomes of a record: classes by the schedule's rules, periods from their days, and what keeps it all the same.
#include "quarantine/quarantine.h"
#include "retention/internal.h"
#include "roster/about.h"

#include <string.h>

struct RetentionReckoner {
    Retention *retention;
    const RetentionSchedule *schedule; // NULL: holds only
    Sieve *sieve;
    HoldSet *holds;
    GHashTable *reviewed;    // of char*: records of items that are not closed
    GHashTable *quarantined; // of char*: records that are held, not yet decided
    GHashTable *requested;   // of char*: records of open requests -> the case
    GHashTable *exits;       // of char*: student -> yyyymmdd, 0 = there, or not known
    int64_t then_us;         // relative times of the schedule's queries
};

void retention_reckoner_free(RetentionReckoner *reckoner)
{
    if (reckoner == NULL)
        return;
    sieve_free(reckoner->sieve);
    hold_set_free(reckoner->holds);
    g_hash_table_unref(reckoner->quarantined);
    g_hash_table_unref(reckoner->reviewed);
    g_hash_table_unref(reckoner->exits);
    if (reckoner->requested != NULL)
        g_hash_table_unref(reckoner->requested);
    g_free(reckoner);
}

static bool reckoner_reviewed(RetentionReckoner *reckoner, GError **error)
{
    Review *review = retention_review(reckoner->retention, error);
    g_autoptr(GPtrArray) items =
        review != NULL ? review_list(review, REVIEW_ANY, REVIEW_NOT_DONE, error) : NULL;
    for (guint i = 0; items != NULL && i < items->len; i++) {
        const ReviewItem *item = items->pdata[i];
        for (guint k = 0; k < item->links->len; k++)
            g_hash_table_add(reckoner->reviewed, g_strdup(((ReviewLink *)item->links->pdata[k])->record));
    }
    return items != NULL;
}

static bool reckoner_quarantined(RetentionReckoner *reckoner, GError **error)
{
    g_autoptr(Quarantine) quarantine = quarantine_open(reckoner->retention->config, error);
    g_autoptr(GPtrArray) items = quarantine != NULL ? quarantine_list(quarantine, -1, error) : NULL;
    for (guint i = 0; items != NULL && i < items->len; i++)
        g_hash_table_add(reckoner->quarantined, g_strdup(((const HoldItem *)items->pdata[i])->record));
    return items != NULL;
}

static bool reckoner_requested(RetentionReckoner *reckoner, GError **error)
{
    Cases *cases = retention_cases(reckoner->retention, error);
    reckoner->requested = cases != NULL ? case_wanted(cases, error) : NULL;
    return reckoner->requested != NULL;
}

RetentionReckoner *retention_reckoner_new(Retention *retention, const RetentionSchedule *schedule,
                                          GError **error)
{
    g_autoptr(RetentionReckoner) reckoner = g_new0(RetentionReckoner, 1);
    reckoner->retention = retention;
    reckoner->schedule = schedule;
    reckoner->then_us = clock_now_us();
    reckoner->sieve = sieve_new(retention->config);
    reckoner->reviewed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    reckoner->quarantined = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    reckoner->exits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool ok = (reckoner->holds = hold_set_new(retention, error)) != NULL &&
              reckoner_quarantined(reckoner, error) && reckoner_reviewed(reckoner, error) &&
              reckoner_requested(reckoner, error);
    return ok ? g_steal_pointer(&reckoner) : NULL;
}

void retention_verdict_clear(RetentionVerdict *verdict)
{
    g_clear_pointer(&verdict->why, g_free);
    g_clear_pointer(&verdict->reasons, g_ptr_array_unref);
    g_clear_pointer(&verdict->holds, g_ptr_array_unref);
}

static void reason_free(gpointer data)
{
    RetentionReason *reason = data;
    g_free(reason->rule);
    g_free(reason->class);
    g_free(reason->why);
    g_free(reason);
}

// ---- conditions ------------------------------------------------------------------------------------------

static bool in_list(char *const *list, const char *text)
{
    bool found = false;
    for (; text != NULL && *list != NULL && !found; list++)
        found = g_ascii_strcasecmp(*list, text) == 0;
    return found;
}

static Tri of_bool(bool is)
{
    return is ? TRI_YES : TRI_NO;
}

typedef enum { WHO_SENDER, WHO_RECIPIENT, WHO_ANY } Who;

static bool party_is(const json_t *party, Who who)
{
    const char *as = json_string_value(json_object_get(party, "as"));
    bool recipient = g_strcmp0(as, "recipient") == 0, sender = g_strcmp0(as, "sender") == 0;
    return who == WHO_ANY || (who == WHO_RECIPIENT ? recipient : sender);
}

// Whom a list reaches the record does not tell: then there is no "no".
static Tri role_fits(char *const *roles, const RecordFacts *facts, Who who)
{
    bool fits = false, list = false;
    if (roles == NULL)
        return TRI_YES;
    if (facts->parties == NULL)
        return TRI_UNKNOWN;
    for (size_t i = 0; i < json_array_size(facts->parties); i++) {
        const json_t *party = json_array_get(facts->parties, i);
        const char *role = json_string_value(json_object_get(party, "role"));
        fits = fits || (party_is(party, who) && in_list(roles, role));
        list = list || (party_is(party, who) && role != NULL && g_str_has_prefix(role, "list"));
    }
    return fits ? TRI_YES : list ? TRI_UNKNOWN : TRI_NO;
}

static Tri school_fits(char *const *schools, const RecordFacts *facts)
{
    bool fits = false;
    if (schools == NULL)
        return TRI_YES;
    if (facts->parties == NULL)
        return TRI_UNKNOWN;
    for (size_t i = 0; i < json_array_size(facts->parties); i++) {
        const json_t *of = json_object_get(json_array_get(facts->parties, i), "schools");
        for (size_t k = 0; k < json_array_size(of); k++)
            fits = fits || in_list(schools, json_string_value(json_array_get(of, k)));
    }
    return of_bool(fits);
}

static Tri address_fits(char *const *addresses, const RecordFacts *facts)
{
    bool fits = addresses == NULL;
    for (guint i = 0; !fits && i < facts->addresses->len; i++) {
        const char *address = facts->addresses->pdata[i], *domain = strrchr(address, '@');
        fits = in_list(addresses, address) || (domain != NULL && in_list(addresses, domain));
    }
    return of_bool(fits);
}

static Tri rule_fits(char *const *rules, const RecordFacts *facts)
{
    bool fits = false;
    if (rules == NULL)
        return TRI_YES;
    for (size_t i = 0; i < json_array_size(facts->decided); i++) {
        const json_t *fired = json_object_get(json_array_get(facts->decided, i), "rules");
        for (size_t k = 0; k < json_array_size(fired); k++)
            fits = fits || in_list(rules, json_string_value(json_array_get(fired, k)));
    }
    return fits ? TRI_YES : facts->decided == NULL || facts->undecided ? TRI_UNKNOWN : TRI_NO;
}

// Letters or figures stand on neither side of it.
static bool is_whole(const char *text, const char *at, gsize len)
{
    const char *before = at > text ? g_utf8_find_prev_char(text, at) : NULL;
    return (before == NULL || !g_unichar_isalnum(g_utf8_get_char(before))) &&
           (at[len] == '\0' || !g_unichar_isalnum(g_utf8_get_char(at + len)));
}

static Tri subject_fits(char *const *phrases, const RecordFacts *facts)
{
    bool fits = false;
    if (phrases == NULL)
        return TRI_YES;
    g_autofree char *text = g_utf8_casefold(facts->subject != NULL ? facts->subject : "", -1);
    for (; *phrases != NULL && !fits; phrases++) {
        g_autofree char *phrase = g_utf8_casefold(*phrases, -1);
        gsize len = strlen(phrase);
        for (const char *at = strstr(text, phrase); at != NULL && !fits; at = strstr(at + 1, phrase))
            fits = is_whole(text, at, len);
    }
    return of_bool(fits);
}

static bool condition_fits(RetentionReckoner *reckoner, const ScheduleCondition *condition,
                           const RecordFacts *facts, Tri *out, GError **error)
{
    const Tri parts[] = {role_fits(condition->from_role, facts, WHO_SENDER),
                         role_fits(condition->to_role, facts, WHO_RECIPIENT),
                         role_fits(condition->role, facts, WHO_ANY),
                         school_fits(condition->school, facts),
                         address_fits(condition->address, facts),
                         rule_fits(condition->rule, facts),
                         subject_fits(condition->subject, facts)};
    *out = TRI_YES;
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        *out = parts[i] == TRI_NO || *out == TRI_NO ? TRI_NO : parts[i] == TRI_UNKNOWN ? TRI_UNKNOWN : *out;
    bool ok = true;
    if (condition->query != NULL && *out != TRI_NO) {
        Tri hit = TRI_UNKNOWN;
        ok = sieve_ask(reckoner->sieve, condition->query, reckoner->then_us, facts, &hit, error);
        *out = hit == TRI_YES ? *out : hit;
    }
    return ok;
}

static bool rule_applies(RetentionReckoner *reckoner, const ScheduleRule *rule, const RecordFacts *facts,
                         Tri *out, GError **error)
{
    Tri unless = TRI_NO;
    bool ok = condition_fits(reckoner, &rule->when, facts, out, error);
    if (ok && *out != TRI_NO && rule->has_unless)
        ok = condition_fits(reckoner, &rule->unless, facts, &unless, error);
    *out = unless == TRI_YES ? TRI_NO : *out == TRI_YES && unless == TRI_UNKNOWN ? TRI_UNKNOWN : *out;
    return ok;
}

// ---- days ------------------------------------------------------------------------------------------------

// The end of the local day `date` plus the period, or its beginning where there is none.
static int64_t day_plus(const RetentionReckoner *reckoner, const RetentionClass *class, int date, int years)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(reckoner->retention->config->district.timezone);
    if (zone == NULL)
        return 0;
    g_autoptr(GDateTime) day = g_date_time_new(zone, date / 10000, date / 100 % 100, date % 100, 0, 0, 0);
    g_autoptr(GDateTime) later = day != NULL ? g_date_time_add_years(day, years) : NULL;
    g_autoptr(GDateTime) due = later != NULL ? g_date_time_add_days(later, class->days + 1) : NULL;
    return due != NULL ? g_date_time_to_unix(due) * G_USEC_PER_SEC : 0;
}

static int school_year_end(const RetentionReckoner *reckoner, int sent)
{
    int end = reckoner->schedule->year_end;
    return (sent / 10000 + (sent % 10000 > end ? 1 : 0)) * 10000 + end;
}

// The day a student left: noted by hand, else since when the roster's sources are without them. 0 = there, or not known.
static bool exit_of(RetentionReckoner *reckoner, const char *student, int *out, GError **error)
{
    gpointer known = NULL;
    if (g_hash_table_lookup_extended(reckoner->exits, student, NULL, &known)) {
        *out = GPOINTER_TO_INT(known);
        return true;
    }
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_ptr_array_add(one, (gpointer)student);
    Tri noted = retention_day(reckoner->retention, "student-exit", one, out, error);
    RosterAbout *about = NULL;
    bool ok = noted != TRI_UNKNOWN;
    if (noted == TRI_NO) {
        ok = roster_about(reckoner->retention->config, student, &about, error);
        *out = about != NULL ? about->gone : 0;
    }
    roster_about_free(about);
    if (ok)
        g_hash_table_insert(reckoner->exits, g_strdup(student), GINT_TO_POINTER(*out));
    return ok;
}

// The last of its students; 0 = one is there yet, or it has none that is known.
static bool last_exit(RetentionReckoner *reckoner, const RecordFacts *facts, int *out, GError **error)
{
    bool ok = true, all = true;
    *out = 0;
    for (size_t i = 0; ok && all && i < json_array_size(facts->parties); i++) {
        const json_t *party = json_array_get(facts->parties, i);
        const char *person = json_string_value(json_object_get(party, "person"));
        int date = 0;
        if (g_strcmp0(json_string_value(json_object_get(party, "role")), "student") != 0)
            continue;
        all = person != NULL;
        ok = all && exit_of(reckoner, person, &date, error);
        all = all && date != 0;
        *out = MAX(*out, date);
    }
    *out = all ? *out : 0;
    return ok || !all;
}

// When the class is due: 0 with `*out_why` where it is never, or cannot be told.
static bool class_due(RetentionReckoner *reckoner, const RetentionClass *class, const RecordFacts *facts,
                      int64_t *out_due, char **out_why, GError **error)
{
    int sent = clock_local_date(facts->sent_us, reckoner->retention->config->district.timezone), date = sent;
    int years = MAX(class->years, reckoner->schedule->floor_years);
    bool ok = true;
    *out_due = 0;
    if (class->permanent) {
        *out_why = g_strdup("permanent");
        return true;
    }
    if (class->trigger == TRIGGER_SCHOOL_YEAR)
        date = school_year_end(reckoner, sent);
    else if (class->trigger == TRIGGER_STUDENT_EXIT)
        ok = last_exit(reckoner, facts, &date, error);
    else if (class->trigger == TRIGGER_EVENT) {
        g_autoptr(GPtrArray) subjects = g_ptr_array_new();
        g_ptr_array_add(subjects, (gpointer)facts->id);
        for (guint i = 0; i < facts->persons->len; i++)
            g_ptr_array_add(subjects, facts->persons->pdata[i]);
        ok = retention_day(reckoner->retention, class->event, subjects, &date, error) != TRI_UNKNOWN;
    }
    // A period never ends before the message was sent.
    if (ok && date != 0)
        *out_due = years == 0 && class->days == 0 && class->trigger == TRIGGER_SENT
                       ? facts->sent_us
                       : day_plus(reckoner, class, MAX(date, sent), years);
    if (ok && *out_due == 0)
        *out_why = g_strdup_printf("the day its period begins with is not known (%s)",
                                   class->trigger == TRIGGER_EVENT ? class->event
                                                                   : retention_trigger_name(class->trigger));
    return ok;
}

// ---- verdicts --------------------------------------------------------------------------------------------

static bool reckon_rule(RetentionReckoner *reckoner, const ScheduleRule *rule, const RecordFacts *facts,
                        RetentionVerdict *out, GError **error)
{
    RetentionReason *reason = g_new0(RetentionReason, 1);
    reason->rule = g_strdup(rule->name);
    reason->class = g_strdup(rule->class->name);
    g_ptr_array_add(out->reasons, reason);
    if (!rule_applies(reckoner, rule, facts, &reason->applies, error))
        return false;
    if (reason->applies == TRI_NO)
        return true;
    if (!class_due(reckoner, rule->class, facts, &reason->due_us, &reason->why, error))
        return false;
    if (reason->applies == TRI_UNKNOWN) {
        g_free(reason->why);
        reason->why = g_strdup("cannot be told whether it applies");
    }
    return true;
}

// The longest wins; never is longer than any time, and what cannot be told may be never.
static void reckon_longest(const RetentionReckoner *reckoner, RetentionVerdict *out, int64_t now_us)
{
    bool open = false;
    for (guint i = 0; i < out->reasons->len && !open; i++) {
        const RetentionReason *reason = out->reasons->pdata[i];
        const ScheduleRule *rule = reckoner->schedule->rules->pdata[i];
        if (reason->applies == TRI_NO)
            continue;
        open = reason->applies == TRI_UNKNOWN || reason->due_us == 0;
        if (open || out->class == NULL || reason->due_us > out->due_us) {
            out->class = rule->class;
            out->due_us = open ? 0 : reason->due_us;
            g_free(out->why);
            out->why = g_strdup_printf("rule %s, class %s%s%s", rule->name, rule->class->name,
                                       open ? ": " : "", open ? reason->why : "");
            out->due = !open                    ? of_bool(reason->due_us <= now_us)
                       : rule->class->permanent ? TRI_NO
                                                : TRI_UNKNOWN;
            out->due = reason->applies == TRI_UNKNOWN ? TRI_UNKNOWN : out->due;
        }
    }
    if (out->class == NULL) {
        out->due = TRI_UNKNOWN;
        out->why = g_strdup("no rule of the schedule is about it: it is kept");
    }
}

static bool reckon_kept(RetentionReckoner *reckoner, const RecordFacts *facts, RetentionVerdict *out,
                        GError **error)
{
    out->holds = g_ptr_array_new_with_free_func(g_free);
    if (g_hash_table_contains(reckoner->reviewed, facts->id))
        g_ptr_array_add(out->holds, g_strdup("review: an item about it is not closed"));
    if (g_hash_table_contains(reckoner->quarantined, facts->id))
        g_ptr_array_add(out->holds, g_strdup("quarantine: it is held, and nobody has decided yet"));
    const char *request = g_hash_table_lookup(reckoner->requested, facts->id);
    if (request != NULL)
        g_ptr_array_add(out->holds, g_strdup_printf("case %s: a request for records that is open", request));
    return hold_set_match(reckoner->holds, facts, out->holds, error);
}

bool retention_reckon_holds(RetentionReckoner *reckoner, const json_t *meta, RetentionVerdict *out,
                            GError **error)
{
    g_auto(RecordFacts) facts = {0};
    record_facts_init(&facts, reckoner->retention->config, meta);
    *out = (RetentionVerdict){.due = TRI_UNKNOWN};
    return reckon_kept(reckoner, &facts, out, error);
}

bool retention_reckon(RetentionReckoner *reckoner, const json_t *meta, int64_t now_us, RetentionVerdict *out,
                      GError **error)
{
    g_auto(RecordFacts) facts = {0};
    record_facts_init(&facts, reckoner->retention->config, meta);
    *out = (RetentionVerdict){.due = TRI_UNKNOWN};
    out->reasons = g_ptr_array_new_with_free_func(reason_free);
    bool ok = true;
    for (guint i = 0; ok && reckoner->schedule != NULL && i < reckoner->schedule->rules->len; i++)
        ok = reckon_rule(reckoner, reckoner->schedule->rules->pdata[i], &facts, out, error);
    if (ok && reckoner->schedule != NULL)
        reckon_longest(reckoner, out, now_us);
    return ok && reckon_kept(reckoner, &facts, out, error);
}
