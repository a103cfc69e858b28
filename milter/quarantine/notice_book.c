// Templates of notices: notice.dir/NAME.LANGUAGE.txt, and words.LANGUAGE.txt for what is found. The first line of a template
// is "Subject: ...", an empty line follows, then the text.
#include "quarantine/internal.h"

#include <string.h>

#define FILE_MOST  65536
#define FILES_MOST 2000

// What notices to senders can say.
static const char *const SENDER_NAMES[] = {"reference",
                                           "district",
                                           "contact",
                                           "sender",
                                           "subject",
                                           "recipients",
                                           "recipients.address",
                                           "why",
                                           "suppressed",
                                           "deadline",
                                           "link",
                                           "reasons",
                                           "reasons.gist",
                                           "reasons.rule",
                                           "reasons.clause",
                                           "reasons.remedy",
                                           "reasons.found",
                                           "reasons.found.what",
                                           "reasons.found.where",
                                           NULL};
// What mail about one message to reviewers and supervisors can say.
static const char *const REVIEWER_NAMES[] = {
    "reference", "district", "contact",  "held",    "deadline", "overdue", "sender", "recipients", "rule",
    "clause",    "gist",     "severity", "claimed", "routed",   "why",     "who",    "link",       NULL};
static const char *const DIGEST_NAMES[] = {"district",
                                           "contact",
                                           "reviewer",
                                           "count",
                                           "overdue_count",
                                           "schools",
                                           "schools.school",
                                           "schools.count",
                                           "schools.overdue_count",
                                           "schools.more",
                                           "schools.items",
                                           "schools.items.reference",
                                           "schools.items.held",
                                           "schools.items.deadline",
                                           "schools.items.overdue",
                                           "schools.items.sender",
                                           "schools.items.recipients",
                                           "schools.items.rule",
                                           "schools.items.clause",
                                           "schools.items.gist",
                                           "schools.items.severity",
                                           "schools.items.claimed",
                                           NULL};

// Templates there must be. Those for reviewers are in the first language only.
static const struct {
    const char *name;
    const char *const *names;
    bool first_only;
} KNOWN[] = {
    {"held", SENDER_NAMES, false},  {"coach", SENDER_NAMES, false},      {"denied", SENDER_NAMES, false},
    {"told", SENDER_NAMES, false},  {"reminder", REVIEWER_NAMES, true},  {"asked", REVIEWER_NAMES, true},
    {"digest", DIGEST_NAMES, true}, {"question", REVIEWER_NAMES, false},
};

typedef struct {
    GHashTable *templates; // name -> Template
    GHashTable *words;     // key -> text
} Language;

struct NoticeBook {
    GPtrArray *languages; // of Language
};

typedef struct {
    const char *dir, *language;
    bool first;
    GString *mistakes;
} Loading;

static void language_free(gpointer data)
{
    Language *language = data;
    g_hash_table_unref(language->templates);
    g_hash_table_unref(language->words);
    g_free(language);
}

void notice_book_free(NoticeBook *book)
{
    if (book == NULL)
        return;
    g_ptr_array_unref(book->languages);
    g_free(book);
}

// ---- loading ---------------------------------------------------------------------------------------------

static void mistake(Loading *loading, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void mistake(Loading *loading, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_string_append_printf(loading->mistakes, "%s%s", loading->mistakes->len > 0 ? "\n" : "", what);
}

static char *text_of_file(Loading *loading, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = file_read(path, FILE_MOST, &error);
    if (bytes == NULL) {
        mistake(loading, "%s", error->message);
        return NULL;
    }
    return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

// "key = text" lines.
static void load_words(Loading *loading, Language *language, const char *path)
{
    g_autofree char *text = text_of_file(loading, path);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        char *line = g_strstrip(lines[i]), *equals = strstr(line, " = ");
        if (*line == '\0' || *line == '#')
            continue;
        if (equals == NULL || !g_utf8_validate(line, -1, NULL)) {
            mistake(loading, "%s:%u: wants \"key = text\" in UTF-8", path, i + 1);
            continue;
        }
        g_hash_table_replace(language->words, g_strndup(line, (gsize)(equals - line)),
                             g_strstrip(g_strdup(equals + strlen(" = "))));
    }
}

static const char *const *names_of(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(KNOWN); i++)
        if (strcmp(KNOWN[i].name, name) == 0)
            return KNOWN[i].names;
    return SENDER_NAMES;
}

static void load_template(Loading *loading, Language *language, const char *path, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = text_of_file(loading, path);
    if (text == NULL)
        return;
    const char *end = strchr(text, '\n');
    if (!g_str_has_prefix(text, "Subject: ") || end == NULL || (end[1] != '\n' && end[1] != '\r')) {
        mistake(loading, "%s:1: wants \"Subject: ...\" and an empty line before the text", path);
        return;
    }
    Template *template = template_parse(path, text, names_of(name), &error);
    if (template == NULL)
        mistake(loading, "%s", error->message);
    else if (!template_uses(template, "reference") && strcmp(name, "digest") != 0)
        mistake(loading, "%s: does not say {reference}; nobody could ask about the message", path);
    if (template != NULL)
        g_hash_table_replace(language->templates, g_strdup(name), template);
}

static void check_known(Loading *loading, const Language *language)
{
    for (gsize i = 0; i < G_N_ELEMENTS(KNOWN); i++)
        if ((loading->first || !KNOWN[i].first_only) &&
            !g_hash_table_contains(language->templates, KNOWN[i].name) && loading->mistakes->len == 0)
            mistake(loading, "%s/%s.%s.txt: is missing; it ships in " CHAPERONE_DATADIR "/notices",
                    loading->dir, KNOWN[i].name, loading->language);
}

static Language *load_language(Loading *loading)
{
    Language *language = g_new0(Language, 1);
    language->templates =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)template_free);
    language->words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(loading->dir, 0, &error);
    g_autofree char *suffix = g_strconcat(".", loading->language, ".txt", NULL);
    if (dir == NULL)
        mistake(loading, "notice.dir: %s", error->message);
    const char *file;
    for (guint i = 0; dir != NULL && i < FILES_MOST && (file = g_dir_read_name(dir)) != NULL; i++) {
        if (!g_str_has_suffix(file, suffix) || file[0] == '.')
            continue;
        g_autofree char *path = g_build_filename(loading->dir, file, NULL);
        g_autofree char *name = g_strndup(file, strlen(file) - strlen(suffix));
        if (strcmp(name, "words") == 0)
            load_words(loading, language, path);
        else
            load_template(loading, language, path, name);
    }
    if (dir != NULL)
        check_known(loading, language);
    return language;
}

static void check_wanted(const NoticeBook *book, Loading *loading, const Config *config,
                         const GPtrArray *wanted)
{
    for (guint i = 0; wanted != NULL && i < wanted->len; i++)
        for (guint j = 0; j < book->languages->len; j++)
            if (!notice_book_has(book, j, wanted->pdata[i]))
                mistake(loading, "%s/%s.%s.txt: is missing; a rule of the policy names the template \"%s\"",
                        loading->dir, (const char *)wanted->pdata[i], config->notice.languages[j],
                        (const char *)wanted->pdata[i]);
}

NoticeBook *notice_book_load(const Config *config, const GPtrArray *wanted, GError **error)
{
    g_autoptr(NoticeBook) book = g_new0(NoticeBook, 1);
    book->languages = g_ptr_array_new_with_free_func(language_free);
    Loading loading = {.dir = config->notice.dir, .mistakes = g_string_new(NULL)};
    for (char **language = config->notice.languages; *language != NULL; language++) {
        loading.language = *language;
        loading.first = language == config->notice.languages;
        g_ptr_array_add(book->languages, load_language(&loading));
    }
    if (loading.mistakes->len == 0)
        check_wanted(book, &loading, config, wanted);
    bool ok = loading.mistakes->len == 0;
    if (!ok)
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_CONFIG, loading.mistakes->str);
    g_string_free(loading.mistakes, TRUE);
    return ok ? g_steal_pointer(&book) : NULL;
}

bool notice_book_check(const Config *config, const GPtrArray *wanted, GError **error)
{
    bool tells = *config->notice.from != '\0';
    g_autoptr(NoticeBook) book = tells ? notice_book_load(config, wanted, error) : NULL;
    return !tells || book != NULL;
}

// ---- asking ----------------------------------------------------------------------------------------------

guint notice_book_languages(const NoticeBook *book)
{
    return book->languages->len;
}

const char *notice_book_word(const NoticeBook *book, guint language, const char *key, const char *fallback)
{
    const Language *one = book->languages->pdata[language];
    const char *word = g_hash_table_lookup(one->words, key);
    return word != NULL ? word : fallback;
}

bool notice_book_has(const NoticeBook *book, guint language, const char *template)
{
    const Language *one = book->languages->pdata[language];
    return g_hash_table_contains(one->templates, template);
}

char *notice_book_one(const NoticeBook *book, guint language, const char *template, const char *fallback,
                      const TemplateData *data, char **out_subject)
{
    const Language *one = book->languages->pdata[language];
    const Template *found = template != NULL ? g_hash_table_lookup(one->templates, template) : NULL;
    if (found == NULL && fallback != NULL)
        found = g_hash_table_lookup(one->templates, fallback);
    if (found == NULL)
        return NULL;
    g_autofree char *whole = template_render(found, data);
    char *end = strchr(whole, '\n');
    if (out_subject != NULL)
        *out_subject = g_strndup(whole + strlen("Subject: "), (gsize)(end - whole) - strlen("Subject: "));
    return g_strdup(end + 2);
}

char *notice_book_text(const NoticeBook *book, const char *template, const TemplateData *data, bool all,
                       char **out_subject)
{
    GString *text = g_string_new(NULL);
    g_autofree char *first = NULL;
    for (guint i = 0; i < (all ? book->languages->len : 1); i++) {
        g_autofree char *subject = NULL;
        g_autofree char *one = notice_book_one(book, i, template, NULL, data, &subject);
        if (one != NULL && text->len > 0)
            g_string_append(text, "\n----------------------------------------\n\n");
        if (one != NULL)
            g_string_append(text, one);
        if (first == NULL)
            first = g_steal_pointer(&subject);
    }
    bool found = first != NULL;
    if (found && out_subject != NULL)
        *out_subject = g_steal_pointer(&first);
    return g_string_free(text, !found);
}

// What goes to reviewers is in the first language only.
static bool is_for_all(const char *template)
{
    bool all = false;
    for (gsize i = 0; i < G_N_ELEMENTS(KNOWN); i++)
        all = all || (strcmp(KNOWN[i].name, template) == 0 && !KNOWN[i].first_only);
    return all;
}

char *notice_book_mail(const Config *config, const NoticeBook *book, const char *template,
                       const TemplateData *data, const char *rcpt, const char *id, int64_t now_us)
{
    g_autofree char *subject = NULL;
    g_autofree char *text = notice_book_text(book, template, data, is_for_all(template), &subject);
    return text != NULL
               ? notice_mail(config, rcpt, subject, id, "Auto-Submitted: auto-generated\r\n", text, now_us)
               : NULL;
}
