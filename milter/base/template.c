#include "base/template.h"

#include <string.h>

enum { DEPTH_MOST = 4, MARKS_MOST = 2000, VALUE_MOST = 500 };

typedef enum { MARK_TEXT, MARK_VALUE, MARK_EACH, MARK_NONE, MARK_END } MarkKind;

typedef struct {
    MarkKind kind;
    char *text;  // of a text; else the name
    guint other; // of a beginning: its end
    int line;
} Mark;

struct Template {
    GArray *marks; // of Mark
};

struct TemplateData {
    GHashTable *values; // name -> text
    GHashTable *lists;  // name -> GPtrArray of TemplateData
};

// ---- parsing ---------------------------------------------------------------------------------------------

typedef struct {
    const char *file;
    const char *const *names;
    Template *template;
    guint open[DEPTH_MOST]; // marks that begin what is open
    guint depth;
    GString *mistakes;
} Parsing;

static void mistake(Parsing *parsing, int line, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void mistake(Parsing *parsing, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_string_append_printf(parsing->mistakes, "%s%s:%d: %s", parsing->mistakes->len > 0 ? "\n" : "",
                           parsing->file, line, what);
}

static const Mark *mark_at(const Template *template, guint index)
{
    return &g_array_index(template->marks, Mark, index);
}

static bool is_list(const char *const *names, const char *path)
{
    gsize len = strlen(path);
    for (; *names != NULL; names++)
        if (strncmp(*names, path, len) == 0 && (*names)[len] == '.')
            return true;
    return false;
}

// The full name of `name` where `depth` marks are open: of the innermost list that has it; NULL when none has.
static char *path_of(const Parsing *parsing, guint depth, const char *name)
{
    g_autofree char *inside = NULL;
    for (guint i = depth; i > 0 && inside == NULL; i--) {
        const Mark *mark = mark_at(parsing->template, parsing->open[i - 1]);
        char *path = mark->kind == MARK_EACH ? path_of(parsing, i - 1, mark->text) : NULL;
        if (path != NULL && is_list(parsing->names, path))
            inside = g_strconcat(path, ".", name, NULL);
        g_free(path);
        if (inside != NULL && !g_strv_contains(parsing->names, inside))
            g_clear_pointer(&inside, g_free);
    }
    if (inside != NULL)
        return g_steal_pointer(&inside);
    return g_strv_contains(parsing->names, name) ? g_strdup(name) : NULL;
}

static void add_mark(Parsing *parsing, MarkKind kind, const char *text, gsize len, int line)
{
    if (kind == MARK_TEXT && len == 0)
        return;
    Mark mark = {.kind = kind, .text = g_strndup(text, len), .line = line};
    g_array_append_val(parsing->template->marks, mark);
}

static void begin_part(Parsing *parsing, MarkKind kind, const char *name, int line)
{
    if (parsing->depth == DEPTH_MOST) {
        mistake(parsing, line, "{#%s} is nested deeper than %d", name, DEPTH_MOST);
        return;
    }
    add_mark(parsing, kind, name, strlen(name), line);
    parsing->open[parsing->depth++] = parsing->template->marks->len - 1;
}

static void end_part(Parsing *parsing, const char *name, int line)
{
    Mark *begun = parsing->depth > 0
                      ? &g_array_index(parsing->template->marks, Mark, parsing->open[parsing->depth - 1])
                      : NULL;
    if (begun == NULL || strcmp(begun->text, name) != 0) {
        mistake(parsing, line, "{/%s} ends nothing that is open; each {#name} wants its own {/name}", name);
        return;
    }
    begun->other = parsing->template->marks->len;
    add_mark(parsing, MARK_END, name, strlen(name), line);
    parsing->depth--;
}

static void take_mark(Parsing *parsing, char sign, const char *name, int line)
{
    g_autofree char *path = path_of(parsing, parsing->depth, name);
    if (path == NULL && sign != '/')
        mistake(parsing, line, "there is no {%s} here", name);
    else if (sign == '#' || sign == '^')
        begin_part(parsing, sign == '#' ? MARK_EACH : MARK_NONE, name, line);
    else if (sign == '/')
        end_part(parsing, name, line);
    else if (is_list(parsing->names, path))
        mistake(parsing, line, "{%s} is a list; write {#%s} ... {/%s}", name, name, name);
    else
        add_mark(parsing, MARK_VALUE, name, strlen(name), line);
}

// Length of the mark that `text` begins with, 0 when it is none; a brace that is followed by no name is a brace.
static gsize mark_length(const char *text, char *out_sign, char **out_name)
{
    const char *name = text + 1;
    if (*text != '{')
        return 0;
    *out_sign = *name == '#' || *name == '^' || *name == '/' ? *name++ : '\0';
    gsize len = strspn(name, "abcdefghijklmnopqrstuvwxyz_");
    if (len == 0 || name[len] != '}')
        return 0;
    *out_name = g_strndup(name, len);
    return (gsize)(name - text) + len + 1;
}

static void parse_line(Parsing *parsing, const char *line, int number)
{
    char sign;
    g_autofree char *only = NULL;
    gsize len = mark_length(line, &sign, &only);
    if (len > 0 && sign != '\0' && line[len + strspn(line + len, " \t\r")] == '\0') {
        take_mark(parsing, sign, only, number);
        return;
    }
    const char *from = line, *p = line;
    while (*p != '\0') {
        g_autofree char *name = NULL;
        len = mark_length(p, &sign, &name);
        if (len > 0) {
            add_mark(parsing, MARK_TEXT, from, (gsize)(p - from), number);
            take_mark(parsing, sign, name, number);
            from = p + len;
        }
        p += MAX(len, 1);
    }
    add_mark(parsing, MARK_TEXT, from, strcspn(from, "\r"), number);
    add_mark(parsing, MARK_TEXT, "\n", 1, number);
}

static void mark_clear(gpointer data)
{
    g_free(((Mark *)data)->text);
}

Template *template_parse(const char *file, const char *text, const char *const *names, GError **error)
{
    g_autoptr(Template) template = g_new0(Template, 1);
    Parsing parsing = {.file = file, .names = names, .template = template, .mistakes = g_string_new(NULL)};
    template->marks = g_array_new(FALSE, FALSE, sizeof(Mark));
    g_array_set_clear_func(template->marks, mark_clear);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint count = g_strv_length(lines);
    // What follows the last line feed is no line.
    if (count > 0 && *lines[count - 1] == '\0')
        count--;
    if (!g_utf8_validate(text, -1, NULL))
        mistake(&parsing, 1, "is not UTF-8");
    for (guint i = 0; i < count && template->marks->len <= MARKS_MOST; i++)
        parse_line(&parsing, lines[i], (int)i + 1);
    if (template->marks->len > MARKS_MOST)
        mistake(&parsing, (int)count, "is too long for a notice");
    while (parsing.depth > 0) {
        const Mark *begun = mark_at(template, parsing.open[--parsing.depth]);
        mistake(&parsing, begun->line, "{#%s} has no {/%s}", begun->text, begun->text);
    }
    bool ok = parsing.mistakes->len == 0;
    if (!ok)
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_CONFIG, parsing.mistakes->str);
    g_string_free(parsing.mistakes, TRUE);
    return ok ? g_steal_pointer(&template) : NULL;
}

void template_free(Template *template)
{
    if (template == NULL)
        return;
    g_array_unref(template->marks);
    g_free(template);
}

bool template_uses(const Template *template, const char *name)
{
    bool uses = false;
    for (guint i = 0; i < template->marks->len && !uses; i++)
        uses = mark_at(template, i)->kind != MARK_TEXT && strcmp(mark_at(template, i)->text, name) == 0;
    return uses;
}

// ---- values ----------------------------------------------------------------------------------------------

TemplateData *template_data_new(void)
{
    TemplateData *data = g_new0(TemplateData, 1);
    data->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    data->lists = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    return data;
}

void template_data_free(TemplateData *data)
{
    if (data == NULL)
        return;
    g_hash_table_unref(data->values);
    g_hash_table_unref(data->lists);
    g_free(data);
}

void template_set(TemplateData *data, const char *name, const char *text)
{
    g_autofree char *head = g_strndup(text != NULL ? text : "", VALUE_MOST);
    // A character that the bound cuts in two goes whole.
    if (text != NULL && strlen(text) > VALUE_MOST)
        for (gsize len = strlen(head); len > 0 && ((guchar)text[len] & 0xc0) == 0x80; head[--len] = '\0')
            ;
    char *valid = g_utf8_make_valid(head, -1);
    for (char *p = valid; *p != '\0'; p++)
        if ((guchar)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    g_hash_table_replace(data->values, g_strdup(name), valid);
}

void template_set_text(TemplateData *data, const char *name, const char *text)
{
    char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);
    for (char *p = valid; *p != '\0'; p++)
        if (((guchar)*p < 0x20 && *p != '\n') || *p == 0x7f)
            *p = ' ';
    g_hash_table_replace(data->values, g_strdup(name), g_strchomp(valid));
}

void template_set_number(TemplateData *data, const char *name, int64_t number)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
    template_set(data, name, text);
}

TemplateData *template_add(TemplateData *data, const char *name)
{
    GPtrArray *list = g_hash_table_lookup(data->lists, name);
    if (list == NULL) {
        list = g_ptr_array_new_with_free_func((GDestroyNotify)template_data_free);
        g_hash_table_insert(data->lists, g_strdup(name), list);
    }
    TemplateData *entry = template_data_new();
    g_ptr_array_add(list, entry);
    return entry;
}

// ---- filling ---------------------------------------------------------------------------------------------

typedef struct {
    const Template *template;
    const TemplateData *scopes[DEPTH_MOST + 1]; // outermost first
    guint depth;
    GString *out;
} Filling;

static const char *value_of(const Filling *filling, const char *name)
{
    const char *value = NULL;
    for (guint i = filling->depth; i > 0 && value == NULL; i--)
        value = g_hash_table_lookup(filling->scopes[i - 1]->values, name);
    return value != NULL ? value : "";
}

static const GPtrArray *list_of(const Filling *filling, const char *name)
{
    const GPtrArray *list = NULL;
    for (guint i = filling->depth; i > 0 && list == NULL; i--)
        list = g_hash_table_lookup(filling->scopes[i - 1]->lists, name);
    return list;
}

static void fill(Filling *filling, guint from, guint until);

// The part from the mark at `index` to its end. Nesting is bounded by the template's (DEPTH_MOST).
static void fill_part(Filling *filling, guint index)
{
    const Mark *mark = mark_at(filling->template, index);
    const GPtrArray *list = list_of(filling, mark->text);
    bool there = list != NULL ? list->len > 0 : *value_of(filling, mark->text) != '\0';
    if (mark->kind == MARK_EACH && list != NULL) {
        for (guint i = 0; i < list->len; i++) {
            filling->scopes[filling->depth++] = list->pdata[i];
            fill(filling, index + 1, mark->other);
            filling->depth--;
        }
    } else if (there == (mark->kind == MARK_EACH)) {
        fill(filling, index + 1, mark->other);
    }
}

static void fill(Filling *filling, guint from, guint until)
{
    for (guint i = from; i < until; i++) {
        const Mark *mark = mark_at(filling->template, i);
        if (mark->kind == MARK_TEXT) {
            g_string_append(filling->out, mark->text);
        } else if (mark->kind == MARK_VALUE) {
            g_string_append(filling->out, value_of(filling, mark->text));
        } else if (mark->kind == MARK_EACH || mark->kind == MARK_NONE) {
            fill_part(filling, i);
            i = mark->other;
        }
    }
}

char *template_render(const Template *template, const TemplateData *data)
{
    Filling filling = {.template = template, .scopes = {data}, .depth = 1, .out = g_string_new(NULL)};
    fill(&filling, 0, template->marks->len);
    return g_string_free(filling.out, FALSE);
}
