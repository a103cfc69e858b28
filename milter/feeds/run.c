#include "feeds/run.h"

#include <string.h>

#define NOTES_MOST      500
#define NOTE_LINES_MOST 5
#define NOTE_TEXT_MOST  512
#define PROGRESS_US     50000

struct FeedNote {
    char *file, *text;
    guint lines[NOTE_LINES_MOST];
    guint count, last;
};

// An address whose domain nobody has said to be the district's yet.
typedef struct {
    guint32 record, line;
    Str domain, field, file;
} Outside;

static void note_free(FeedNote *note)
{
    g_free(note->file);
    g_free(note->text);
    g_free(note);
}

static guint hash_note(const void *key)
{
    const FeedNote *note = key;
    return g_str_hash(note->text) ^ g_str_hash(note->file);
}

static gboolean same_note(const void *a, const void *b)
{
    const FeedNote *x = a, *y = b;
    return strcmp(x->text, y->text) == 0 && strcmp(x->file, y->file) == 0;
}

static void read_free(FeedRead *read)
{
    g_free(read->source);
    g_free(read->file);
    g_free(read->sha256);
    g_free(read);
}

static void exception_free(FeedException *exception)
{
    roster_exception_free(exception->exception);
    g_free(exception->file);
    g_free(exception);
}

static void consent_free(FeedConsent *consent)
{
    roster_consent_free(consent->consent);
    g_free(consent->exception);
    g_free(consent->file);
    g_free(consent);
}

FeedRun *run_new(const Config *config, const FeedOptions *options, const RosterKey *key)
{
    FeedRun *run = g_new0(FeedRun, 1);
    run->config = config;
    run->options = options;
    run->model = model_new(config, key);
    run->summary = g_new0(FeedSummary, 1);
    run->summary->warnings = g_ptr_array_new_with_free_func(g_free);
    run->notes = g_ptr_array_new_with_free_func((GDestroyNotify)note_free);
    run->note_of = g_hash_table_new(hash_note, same_note);
    run->exceptions = g_ptr_array_new_with_free_func((GDestroyNotify)exception_free);
    run->consents = g_ptr_array_new_with_free_func((GDestroyNotify)consent_free);
    run->reads = g_ptr_array_new_with_free_func((GDestroyNotify)read_free);
    run->outside = g_array_new(FALSE, FALSE, sizeof(Outside));
    return run;
}

void run_free(FeedRun *run)
{
    if (run == NULL)
        return;
    model_free(run->model);
    if (run->summary != NULL)
        g_ptr_array_unref(run->summary->warnings);
    g_free(run->summary);
    g_hash_table_unref(run->note_of);
    g_ptr_array_unref(run->notes);
    g_ptr_array_unref(run->exceptions);
    g_ptr_array_unref(run->consents);
    g_ptr_array_unref(run->reads);
    g_array_unref(run->outside);
    g_clear_pointer(&run->expected, g_array_unref);
    g_free(run->step);
    g_free(run);
}

void run_read(FeedRun *run, const char *source, const char *file, int64_t bytes, int64_t rows,
              const char *sha256)
{
    FeedRead *read = g_new0(FeedRead, 1);
    read->source = g_strdup(source);
    read->file = g_strdup(file);
    read->bytes = bytes;
    read->rows = rows;
    read->sha256 = g_strdup(sha256 != NULL ? sha256 : "");
    g_ptr_array_add(run->reads, read);
}

void run_add_exception(FeedRun *run, RosterException *taken, const char *file, guint line)
{
    FeedException *exception = g_new0(FeedException, 1);
    exception->exception = taken;
    exception->file = g_strdup(file);
    exception->line = line;
    g_ptr_array_add(run->exceptions, exception);
}

void run_add_consent(FeedRun *run, const char *exception, RosterConsent *taken, const char *file, guint line)
{
    FeedConsent *consent = g_new0(FeedConsent, 1);
    consent->exception = g_strdup(exception);
    consent->consent = taken;
    consent->file = g_strdup(file);
    consent->line = line;
    g_ptr_array_add(run->consents, consent);
}

// ---- notes ----------------------------------------------------------------------------------------------

static FeedNote *note_of(FeedRun *run, const char *file, const char *text)
{
    const FeedNote wanted = {.file = (char *)file, .text = (char *)text};
    FeedNote *note = g_hash_table_lookup(run->note_of, &wanted);
    if (note != NULL)
        return note;
    if (run->notes->len == NOTES_MOST) {
        run->notes_dropped++;
        return NULL;
    }
    note = g_new0(FeedNote, 1);
    note->file = g_strdup(file);
    note->text = g_strdup(text);
    g_ptr_array_add(run->notes, note);
    g_hash_table_add(run->note_of, note);
    return note;
}

// A defect may be in every row: it is told from others without an allocation.
void run_note(FeedRun *run, const char *file, guint line, const char *format, ...)
{
    char text[NOTE_TEXT_MOST];
    va_list args;
    va_start(args, format);
    g_vsnprintf(text, sizeof text, format, args);
    va_end(args);
    FeedNote *note = note_of(run, file, text);
    if (note == NULL || (note->count > 0 && note->last == line))
        return;
    note->last = line;
    if (note->count < NOTE_LINES_MOST)
        note->lines[note->count] = line;
    note->count++;
}

static char *note_text(const FeedNote *note)
{
    g_autoptr(GString) out = g_string_new(note->file);
    if (note->lines[0] > 0)
        g_string_append_printf(out, ":%u", note->lines[0]);
    g_string_append_printf(out, ": %s", note->text);
    if (note->count > 1)
        g_string_append(out, " (also line");
    for (guint i = 1; i < note->count && i < NOTE_LINES_MOST; i++)
        g_string_append_printf(out, "%s %u", i > 1 ? "," : note->count > 2 ? "s" : "", note->lines[i]);
    if (note->count > NOTE_LINES_MOST)
        g_string_append_printf(out, " and %u more", note->count - NOTE_LINES_MOST);
    if (note->count > 1)
        g_string_append_c(out, ')');
    return g_strdup(out->str);
}

// Told only now: roles and the district's domains may come from files read later.
static void note_outside(FeedRun *run)
{
    const guint8 inside = 1 << ROLE_STAFF | 1 << ROLE_STUDENT;
    for (guint i = 0; i < run->outside->len; i++) {
        const Outside *at = &g_array_index(run->outside, Outside, i);
        if ((model_at(run->model, at->record)->roles & inside) == 0 ||
            model_is_district(run->model, model_string(run->model, at->domain)))
            continue;
        run_note(run, model_string(run->model, at->file), at->line,
                 "%s: outside the district's domains; it counts as a private address (domains: "
                 "district.domains and the domain rows of published.csv)",
                 model_string(run->model, at->field));
    }
    g_array_set_size(run->outside, 0);
}

void run_end_notes(FeedRun *run)
{
    note_outside(run);
    run_note_expected(run);
    for (guint i = 0; i < run->notes->len; i++)
        g_ptr_array_add(run->summary->warnings, note_text(run->notes->pdata[i]));
    if (run->notes_dropped > 0)
        g_ptr_array_add(run->summary->warnings, g_strdup_printf("and %u more warnings", run->notes_dropped));
    g_hash_table_remove_all(run->note_of);
    g_ptr_array_set_size(run->notes, 0);
    run->notes_dropped = 0;
}

void run_progress(FeedRun *run, const char *source, const char *step, int64_t done, int64_t total)
{
    if (run->options->progress == NULL)
        return;
    int64_t now = g_get_monotonic_time();
    bool ends = total > 0 && done >= total;
    // Another source's file of the same name begins anew.
    bool same = g_strcmp0(run->step, step) == 0 && done >= run->step_done;
    if (same && (run->step_over || (!ends && now - run->step_at < PROGRESS_US)))
        return;
    run->step_over = ends;
    run->step_done = done;
    if (!same) {
        g_free(run->step);
        run->step = g_strdup(step);
    }
    run->step_at = now;
    run->options->progress(source, step, done, total, run->options->data);
}

// ---- roles ----------------------------------------------------------------------------------------------

// Lower case; in DNs without the blanks around their signs.
static char *folded(const char *text, bool dn)
{
    char *lower = canon_lower(text);
    if (!dn)
        return lower;
    char *to = lower;
    for (const char *from = lower; *from != '\0'; from++) {
        bool blank = *from == ' ', after = to == lower || strchr(",=", to[-1]) != NULL;
        const char *next = from + strspn(from, " ");
        if (!blank || (!after && *next != '\0' && strchr(",=", *next) == NULL))
            *to++ = *from;
    }
    *to = '\0';
    return lower;
}

// `*` is any text. Steps back to the last star only, which is enough.
static bool is_match(const char *pattern, const char *text)
{
    const char *star = NULL, *from = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            from = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++from;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

static bool rule_fits(const FeedRoleRule *rule, const char *value)
{
    bool dn = strcmp(rule->on, "dn") == 0, unit = strcmp(rule->on, "unit") == 0;
    g_autofree char *pattern = folded(rule->match, dn), *text = folded(value, dn);
    g_autofree char *more = dn     ? g_strconcat("*,", pattern, NULL)
                            : unit ? g_strconcat(pattern, g_str_has_suffix(pattern, "/") ? "*" : "/*", NULL)
                                   : NULL;
    return is_match(pattern, text) || (more != NULL && is_match(more, text));
}

bool run_role(const FeedSpec *spec, const char *on, const char *value, Role *out_role,
              const char **out_position)
{
    for (guint i = 0; spec->roles != NULL && value != NULL && i < spec->roles->len; i++) {
        const FeedRoleRule *rule = spec->roles->pdata[i];
        if (strcmp(rule->on, on) != 0 || !rule_fits(rule, value))
            continue;
        *out_role = rule->role;
        *out_position = rule->position != NULL ? rule->position : "";
        return true;
    }
    return false;
}

// ---- contacts -------------------------------------------------------------------------------------------

void run_add_email(FeedRun *run, guint32 record, const char *text, const char *field, ContactUse use,
                   const char *file, guint line)
{
    if (text == NULL || text[0] == '\0')
        return;
    g_autofree char *address = roster_canonical_address(run->config, text);
    if (address == NULL) {
        run_note(run, file, line, "%s: not a mail address; not kept", field);
        return;
    }
    const guint8 roles = model_at(run->model, record)->roles, inside = 1 << ROLE_STAFF | 1 << ROLE_STUDENT;
    const char *domain = strrchr(address, '@') + 1;
    if (use != CONTACT_PERSONAL && (roles == 0 || (roles & inside) != 0) &&
        !model_is_district(run->model, domain)) {
        Outside at = {.record = record,
                      .line = line,
                      .domain = model_text(run->model, domain),
                      .field = model_text(run->model, field),
                      .file = model_text(run->model, file)};
        g_array_append_val(run->outside, at);
    }
    model_contact(run->model, record, KIND_EMAIL, address, field, use);
}

void run_add_phone(FeedRun *run, guint32 record, const char *text, const char *field, ContactUse use,
                   const char *file, guint line)
{
    if (text == NULL || text[0] == '\0')
        return;
    g_autofree char *phone = canon_phone(text);
    if (phone == NULL || phone[0] != '+')
        run_note(run, file, line, "%s: not a telephone number; not kept", field);
    else
        model_contact(run->model, record, KIND_PHONE, phone, field, use);
}
