// What a decision tells its sender, as values for a template.
#include "quarantine/internal.h"

#include <string.h>

enum { REASONS_SHOWN = 6, FOUND_SHOWN = 8, RCPTS_SHOWN = 50 };

static const char *text_of(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && *text != '\0' ? text : fallback;
}

typedef struct {
    const NoticeBook *book;
    guint language;
} Words;

static const char *word(const Words *words, const char *key, const char *fallback)
{
    return notice_book_word(words->book, words->language, key, fallback);
}

// What was found, in plain words: of phrases the category and not the words, which the sender knows.
static char *what_of(const Words *words, const json_t *finding)
{
    const char *kind = text_of(finding, "kind", "?"), *value = text_of(finding, "value", "?");
    const char *name = word(words, kind, kind);
    if (strcmp(kind, "student-record") == 0)
        return g_strdup(word(words, value, value));
    return g_strconcat(name, " ", strcmp(kind, "phrase") == 0 ? word(words, value, value) : value, NULL);
}

// "attachment:trip.pdf, page 3": what comes first may be a word.
static char *where_of(const Words *words, const json_t *finding)
{
    const char *where = text_of(finding, "where", "?");
    gsize len = strcspn(where, ":");
    g_autofree char *first = g_strndup(where, len);
    return g_strconcat(word(words, first, first), where + len, NULL);
}

static void add_found(TemplateData *reason, const char *what, const char *where)
{
    TemplateData *found = template_add(reason, "found");
    template_set(found, "what", what);
    template_set(found, "where", where);
}

static void add_findings(TemplateData *data, const Words *words, const json_t *decision, const json_t *reason)
{
    static const char *const LISTS[] = {"findings", "phrases", "records"};
    for (gsize k = 0; k < G_N_ELEMENTS(LISTS); k++) {
        const json_t *found = json_object_get(reason, LISTS[k]);
        for (size_t i = 0; i < json_array_size(found) && i < FOUND_SHOWN; i++) {
            const json_t *finding = json_array_get(json_object_get(decision, LISTS[k]),
                                                   (size_t)json_integer_value(json_array_get(found, i)));
            g_autofree char *what = finding != NULL ? what_of(words, finding) : NULL;
            g_autofree char *where = finding != NULL ? where_of(words, finding) : NULL;
            if (finding != NULL)
                add_found(data, what, where);
        }
    }
    const json_t *facts = json_object_get(reason, "facts");
    for (size_t i = 0; i < json_array_size(facts) && i < FOUND_SHOWN; i++) {
        const char *fact = json_string_value(json_array_get(facts, i));
        if (fact != NULL)
            add_found(data, word(words, fact, fact), NULL);
    }
}

// A rule that tells somebody nothing is not named to them either.
static bool is_told(const NoticeAbout *about, const json_t *reason)
{
    return about->kind == NOTICE_TOLD ? json_is_true(json_object_get(reason, "notify_recipients"))
                                      : !json_is_false(json_object_get(reason, "notify_sender"));
}

static void add_reasons(TemplateData *data, const Words *words, const NoticeAbout *about)
{
    const json_t *decision = about->decision;
    const json_t *reasons = json_object_get(decision, "reasons");
    for (size_t i = 0, shown = 0; i < json_array_size(reasons) && shown < REASONS_SHOWN; i++) {
        const json_t *reason = json_array_get(reasons, i);
        if (!is_told(about, reason))
            continue;
        TemplateData *one = template_add(data, "reasons");
        const char *rule = text_of(reason, "rule", "?");
        const char *gist = text_of(reason, "gist", rule), *remedy = text_of(reason, "remedy", "");
        // What the policy says is a phrase as good as another: a language may have words for it.
        template_set(one, "gist", word(words, gist, gist));
        template_set(one, "rule", rule);
        template_set(one, "clause", text_of(reason, "clause", "-"));
        template_set(one, "remedy", word(words, remedy, remedy));
        add_findings(one, words, decision, reason);
        shown++;
    }
}

static void add_rcpts(TemplateData *data, const NoticeAbout *about)
{
    const json_t *rcpts = json_object_get(about->decision, "recipients");
    for (size_t i = 0, shown = 0; i < json_array_size(rcpts) && shown < RCPTS_SHOWN; i++) {
        const json_t *rcpt = json_array_get(rcpts, i);
        const char *action = text_of(rcpt, "action", "");
        bool held = strcmp(action, "hold") == 0 || strcmp(action, "reject") == 0;
        if (about->kind == NOTICE_TOLD)
            continue;
        if (about->kind == NOTICE_COACH ? strcmp(action, "coach") != 0 : !held)
            continue;
        template_set(template_add(data, "recipients"), "address", text_of(rcpt, "address", "?"));
        shown++;
    }
}

const char *notice_template(const NoticeAbout *about)
{
    const char *template = NULL;
    const json_t *reasons = json_object_get(about->decision, "reasons");
    for (size_t i = 0; i < json_array_size(reasons) && template == NULL; i++) {
        const json_t *reason = json_array_get(reasons, i);
        const char *effective = text_of(reason, "effective", "");
        bool coached = strcmp(effective, "coach") == 0;
        if (is_told(about, reason) && about->kind != NOTICE_DENIED && about->kind != NOTICE_TOLD &&
            coached == (about->kind == NOTICE_COACH))
            template = text_of(reason, "template", NULL);
    }
    return template;
}

TemplateData *notice_data(const Config *config, const NoticeBook *book, guint language,
                          const NoticeAbout *about)
{
    const Words words = {book, language};
    TemplateData *data = template_data_new();
    g_autofree char *deadline =
        about->deadline_us > 0 ? clock_format_local(about->deadline_us, config->district.timezone) : NULL;
    template_set(data, "reference", about->record);
    template_set(data, "district", config->district.name);
    template_set(data, "contact", config->notice.contact);
    template_set(data, "sender", about->envelope->mail_from);
    template_set(data, "subject", about->subject != NULL ? about->subject : word(&words, "no-subject", "-"));
    template_set(data, "why", about->why);
    template_set(data, "deadline", deadline);
    template_set(data, "link", about->link);
    if (about->suppressed > 0)
        template_set_number(data, "suppressed", about->suppressed);
    add_rcpts(data, about);
    add_reasons(data, &words, about);
    return data;
}
