// The language of searches: words to a tree, the tree to SQL. Text goes into parameters of the statement only.
#include "search/internal.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 30
#define NODES_MAX 500

typedef enum { NODE_AND, NODE_OR, NODE_NOT, NODE_TEXT, NODE_SQL } NodeKind;
typedef struct Node {
    NodeKind kind;
    GPtrArray *nodes;  // of Node: AND, OR, NOT
    char *text;        // TEXT: an expression of FTS5; SQL: a condition
    GPtrArray *values; // SQL: of char*
} Node;

typedef struct {
    const char *text, *at;
    const SearchTerms *terms;
    guint depth, nodes;
    int64_t first_us, last_us; // from conditions that hold for the whole query
    GError **error;
} Parser;

static void node_free(gpointer data)
{
    Node *node = data;
    if (node != NULL) {
        g_clear_pointer(&node->nodes, g_ptr_array_unref);
        g_clear_pointer(&node->values, g_ptr_array_unref);
        g_free(node->text);
        g_free(node);
    }
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Node, node_free)

static Node *refuse(Parser *parser, const char *at, const char *what, const char *remedy)
{
    if (parser->error != NULL && *parser->error == NULL)
        g_set_error(parser->error, BASE_ERROR, BASE_ERROR_USAGE, "query, character %ld: %s; %s",
                    g_utf8_pointer_to_offset(parser->text, at) + 1, what, remedy);
    return NULL;
}

static Node *node_new(Parser *parser, NodeKind kind, char *text)
{
    if (++parser->nodes > NODES_MAX) {
        g_free(text);
        return refuse(parser, parser->at, "too long", "ask for less at once");
    }
    Node *node = g_new0(Node, 1);
    node->kind = kind;
    node->text = text;
    if (kind <= NODE_NOT)
        node->nodes = g_ptr_array_new_with_free_func(node_free);
    else
        node->values = g_ptr_array_new_with_free_func(g_free);
    return node;
}

// ---- reading ---------------------------------------------------------------------------------------------

static void skip_blanks(Parser *parser)
{
    while (*parser->at != '\0' && g_unichar_isspace(g_utf8_get_char(parser->at)))
        parser->at = g_utf8_next_char(parser->at);
}

// Marks that stand alone, as in "bus & lunch", ask for nothing.
static void skip_marks(Parser *parser)
{
    bool more = true;
    while (more) {
        skip_blanks(parser);
        gsize len = strcspn(parser->at, " \t\r\n()\"");
        more = len > 0;
        for (gsize i = 0; more && i < len; i++)
            more = g_ascii_ispunct(parser->at[i]);
        parser->at += more ? len : 0;
    }
}

static bool at_end(const Parser *parser)
{
    return *parser->at == '\0' || *parser->at == ')';
}

// A word of the language in capitals, whole: OR, AND, NOT.
static bool take_word(Parser *parser, const char *word)
{
    gsize len = strlen(word);
    bool is = strncmp(parser->at, word, len) == 0 &&
              (parser->at[len] == '\0' || strchr(" \t\n()\"", parser->at[len]) != NULL);
    if (is)
        parser->at += len;
    return is;
}

// A value: a quoted phrase or up to a blank or a parenthesis. `*out_quoted` says which.
static char *take_value(Parser *parser, bool *out_quoted)
{
    const char *start = parser->at, *end;
    *out_quoted = *start == '"';
    if (*out_quoted) {
        end = strchr(++start, '"');
        if (end == NULL) {
            refuse(parser, parser->at, "a quotation mark without its second", "close it");
            return NULL;
        }
        parser->at = end + 1;
    } else {
        for (end = start; *end != '\0' && *end != ')' && *end != '(' && *end != '"' &&
                          !g_unichar_isspace(g_utf8_get_char(end));)
            end = g_utf8_next_char(end);
        parser->at = end;
    }
    return g_strndup(start, (gsize)(end - start));
}

// A phrase of FTS5: in quotation marks, which nothing in it can leave; "" when it holds no letter or figure.
static char *fts_phrase(const char *text)
{
    GString *out = g_string_new("\"");
    bool any = false;
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        any = any || g_unichar_isalnum(c);
        g_string_append_unichar(out, c == '"' ? ' ' : c);
    }
    g_string_append_c(out, '"');
    if (!any)
        g_string_truncate(out, 0);
    return g_string_free(out, FALSE);
}

// Columns a word without a field is looked for in.
static const char *plain_columns(const Parser *parser)
{
    return parser->terms->envelope ? "" : "- {envelope} : ";
}

static Node *text_node(Parser *parser, const char *at, const char *column, const char *value, bool quoted)
{
    gsize len = strlen(value);
    bool prefix = !quoted && len > 1 && value[len - 1] == '*';
    g_autofree char *word = g_strndup(value, prefix ? len - 1 : len);
    g_autofree char *phrase = fts_phrase(word);
    if (*phrase == '\0')
        return refuse(parser, at, "no letter and no figure to look for", "name a word");
    return node_new(parser, NODE_TEXT,
                    g_strdup_printf("%s%s%s%s", column != NULL ? column : plain_columns(parser),
                                    column != NULL ? " : " : "", phrase, prefix ? " *" : ""));
}

static Node *sql_node(Parser *parser, const char *sql, const char *value)
{
    Node *node = node_new(parser, NODE_SQL, g_strdup(sql));
    if (node != NULL && value != NULL)
        g_ptr_array_add(node->values, g_strdup(value));
    return node;
}

// ---- times and sizes -------------------------------------------------------------------------------------

// The first microsecond of a local day, `days` after it; 0 = no day.
static int64_t day_start(const char *text, int days, const char *timezone)
{
    int year, month, day, used = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || text[used] != '\0' ||
        !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
        return 0;
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(timezone);
    if (zone == NULL)
        zone = g_time_zone_new_utc();
    g_autoptr(GDateTime) first = g_date_time_new(zone, year, month, day, 0, 0, 0);
    g_autoptr(GDateTime) start = first != NULL ? g_date_time_add_days(first, days) : NULL;
    return start != NULL ? g_date_time_to_unix(start) * G_USEC_PER_SEC : 0;
}

// "7d", "3w", "6m", "2y": microseconds; 0 = none of these.
static int64_t span_us(const char *text)
{
    static const struct {
        char unit;
        int days;
    } UNITS[] = {{'d', 1}, {'w', 7}, {'m', 30}, {'y', 365}};
    guint64 count = 0;
    gsize len = strlen(text);
    g_autofree char *number = len > 1 ? g_strndup(text, len - 1) : g_strdup("");
    int64_t span = 0;
    if (g_ascii_string_to_unsigned(number, 10, 1, 100000, &count, NULL))
        for (guint i = 0; i < G_N_ELEMENTS(UNITS); i++)
            if (text[len - 1] == UNITS[i].unit)
                span = (int64_t)count * UNITS[i].days * 86400 * G_USEC_PER_SEC;
    return span;
}

static Node *time_node(Parser *parser, const char *at, const char *field, const char *value)
{
    const char *zone = parser->terms->timezone;
    int64_t from = 0, to = 0, span = span_us(value);
    bool relative = strcmp(field, "newer") == 0 || strcmp(field, "older") == 0;
    if (strcmp(field, "before") == 0)
        to = day_start(value, 0, zone);
    else if (strcmp(field, "after") == 0)
        from = day_start(value, 1, zone);
    else if (strcmp(field, "on") == 0 && (from = day_start(value, 0, zone)) != 0)
        to = day_start(value, 1, zone);
    else if (strcmp(field, "newer") == 0 && span > 0)
        from = parser->terms->now_us - span;
    else if (span > 0)
        to = parser->terms->now_us - span;
    if (from == 0 && to == 0)
        return refuse(parser, at, relative ? "no span of time" : "no date",
                      relative ? "write 7d, 3w, 6m or 2y" : "write 2026-11-22");
    g_autofree char *lower = g_strdup_printf("received >= %" G_GINT64_FORMAT, from);
    g_autofree char *upper = g_strdup_printf("received < %" G_GINT64_FORMAT, to);
    g_autofree char *both = g_strdup_printf("%s AND %s", lower, upper);
    if (parser->depth == 0) { // holds for the whole query, unless OR or NOT takes it back
        parser->first_us = MAX(parser->first_us, from);
        parser->last_us = to == 0 ? parser->last_us : parser->last_us == 0 ? to : MIN(parser->last_us, to);
    }
    return sql_node(parser, from == 0 ? upper : to == 0 ? lower : both, NULL);
}

static Node *size_node(Parser *parser, const char *at, const char *value)
{
    char sign = *value, *end = NULL;
    guint64 number =
        strchr("<>", sign) && g_ascii_isdigit(value[1]) ? g_ascii_strtoull(value + 1, &end, 10) : 0;
    guint64 unit = end == NULL                    ? 0
                   : *end == '\0'                 ? 1
                   : g_ascii_toupper(*end) == 'K' ? 1024
                   : g_ascii_toupper(*end) == 'M' ? 1024 * 1024
                                                  : 0;
    if (unit == 0 || (unit > 1 && end[1] != '\0') || number > G_MAXINT64 / unit)
        return refuse(parser, at, "no size", "write size:>1M or size:<10K");
    g_autofree char *sql = g_strdup_printf("size %c %" G_GUINT64_FORMAT, sign, number * unit);
    return sql_node(parser, sql, NULL);
}

// ---- fields ----------------------------------------------------------------------------------------------

static Node *message_node(Parser *parser, const char *value)
{
    g_autofree char *id = g_strndup(value + strspn(value, "< "), strcspn(value + strspn(value, "< "), "> "));
    g_autofree char *sql = g_strdup_printf("message_hash = %" G_GINT64_FORMAT, search_message_hash(id));
    return sql_node(parser, sql, NULL);
}

static Node *field_node(Parser *parser, const char *at, const char *field, const char *value, bool quoted)
{
    static const struct {
        const char *field, *column;
    } TEXTS[] = {{"from", "sender"},           {"to", "recipient"},    {"cc", "copy"},
                 {"rcpt", "envelope"},         {"subject", "subject"}, {"body", "body"},
                 {"filename", "filename"},     {"person", "people"},   {"role", "people"},
                 {"attachment", "attachment"}, {"school", "schools"},  {"rule", "rules"}};
    static const struct {
        const char *field, *sql;
    } EXACT[] = {{"action", "action = lower(?)"}, {"id", "record = upper(?)"}};
    static const char *const TIMES[] = {"before", "after", "on", "newer", "older"};
    Node *node = NULL;
    bool known = false;
    for (guint i = 0; !known && i < G_N_ELEMENTS(TEXTS); i++)
        if ((known = strcmp(field, TEXTS[i].field) == 0)) {
            bool closed = strcmp(field, "rcpt") == 0 && !parser->terms->envelope;
            node = closed
                       ? refuse(parser, at, "envelope recipients are not for this role", "ask by to: and cc:")
                       : text_node(parser, at, TEXTS[i].column, value, quoted);
        }
    for (guint i = 0; !known && i < G_N_ELEMENTS(EXACT); i++)
        if ((known = strcmp(field, EXACT[i].field) == 0))
            node = sql_node(parser, EXACT[i].sql, value);
    for (guint i = 0; !known && i < G_N_ELEMENTS(TIMES); i++)
        if ((known = strcmp(field, TIMES[i]) == 0))
            node = time_node(parser, at, field, value);
    if (!known && strcmp(field, "message-id") == 0)
        node = message_node(parser, value);
    else if (!known && strcmp(field, "size") == 0)
        node = size_node(parser, at, value);
    else if (!known && strcmp(field, "has") == 0 && strcmp(value, "attachment") == 0)
        node = sql_node(parser, "attachments > 0", NULL);
    else if (!known && strcmp(field, "is") == 0 && strcmp(value, "unsearchable") == 0)
        node = sql_node(parser, "unsearchable != ''", NULL);
    else if (!known)
        node = refuse(
            parser, at, "no such field, or no such value of it",
            "fields are from, to, cc, rcpt, subject, body, attachment, filename, person, role, school, rule, "
            "action, message-id, id, has:attachment, is:unsearchable, size, before, after, on, newer, older");
    return node;
}

// "NEAR(a b, 10)"
static Node *near_node(Parser *parser)
{
    const char *start = parser->at, *open = start + strlen("NEAR("), *close = strchr(open, ')');
    if (close == NULL)
        return refuse(parser, start, "NEAR( without its end", "write NEAR(field trip, 10)");
    g_autofree char *inside = g_strndup(open, (gsize)(close - open));
    char *comma = strrchr(inside, ',');
    guint64 distance = 10;
    if (comma != NULL && !g_ascii_string_to_unsigned(g_strstrip(comma + 1), 10, 1, 1000, &distance, NULL))
        return refuse(parser, start, "NEAR takes a number behind its comma", "write NEAR(field trip, 10)");
    if (comma != NULL)
        *comma = '\0';
    g_auto(GStrv) words = g_strsplit_set(inside, " \t", -1);
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%sNEAR(", plain_columns(parser));
    guint count = 0;
    for (char **word = words; *word != NULL; word++) {
        g_autofree char *phrase = fts_phrase(*word);
        if (*phrase != '\0') {
            g_string_append_printf(text, "%s%s", count > 0 ? " " : "", phrase);
            count++;
        }
    }
    g_string_append_printf(text, ", %" G_GUINT64_FORMAT ")", distance);
    parser->at = close + 1;
    char *made = g_string_free(text, FALSE);
    if (count < 2)
        g_clear_pointer(&made, g_free);
    return made != NULL ? node_new(parser, NODE_TEXT, made)
                        : refuse(parser, start, "NEAR wants two words or more", "write NEAR(field trip, 10)");
}

// ---- the tree --------------------------------------------------------------------------------------------

static Node *parse_or(Parser *parser);

static Node *parse_group(Parser *parser)
{
    const char *start = parser->at++;
    if (++parser->depth > DEPTH_MAX)
        return refuse(parser, start, "parentheses too deep", "ask more simply");
    g_autoptr(Node) node = parse_or(parser);
    parser->depth--;
    if (node == NULL)
        return NULL;
    if (*parser->at != ')')
        return refuse(parser, start, "a parenthesis without its second", "close it");
    parser->at++;
    return g_steal_pointer(&node);
}

// The length of "field:" at `at`; 0 = none stands there.
static gsize field_len(const char *at)
{
    gsize len = strspn(at, "abcdefghijklmnopqrstuvwxyz-");
    return len > 0 && at[len] == ':' && at[len + 1] != '\0' && strchr(" /", at[len + 1]) == NULL ? len : 0;
}

static Node *parse_primary(Parser *parser)
{
    const char *start = parser->at;
    gsize field = field_len(start);
    bool quoted;
    if (*start == '(')
        return parse_group(parser);
    if (g_str_has_prefix(start, "NEAR("))
        return near_node(parser);
    if (at_end(parser))
        return refuse(parser, start, "something to look for is missing", "name a word");
    parser->at += field > 0 ? field + 1 : 0;
    g_autofree char *name = g_strndup(start, field), *value = take_value(parser, &quoted);
    if (value == NULL)
        return NULL;
    return field > 0 ? field_node(parser, start, name, value, quoted)
                     : text_node(parser, start, NULL, value, quoted);
}

static Node *parse_not(Parser *parser)
{
    bool minus = *parser->at == '-' && parser->at[1] != '\0' && parser->at[1] != ' ';
    if (!minus && !take_word(parser, "NOT"))
        return parse_primary(parser);
    parser->at += minus ? 1 : 0;
    skip_blanks(parser);
    parser->depth++; // a date in it bounds nothing
    Node *inner = parse_primary(parser);
    parser->depth--;
    Node *node = inner != NULL ? node_new(parser, NODE_NOT, NULL) : NULL;
    if (node != NULL)
        g_ptr_array_add(node->nodes, inner);
    else
        node_free(inner);
    return node;
}

static Node *parse_and(Parser *parser)
{
    g_autoptr(Node) node = node_new(parser, NODE_AND, NULL);
    skip_marks(parser);
    while (node != NULL) {
        Node *one = parse_not(parser);
        if (one == NULL)
            return NULL;
        g_ptr_array_add(node->nodes, one);
        skip_marks(parser);
        if (take_word(parser, "AND"))
            skip_marks(parser);
        const char *before = parser->at;
        bool or = take_word(parser, "OR");
        parser->at = before;
        if (or || at_end(parser))
            break;
    }
    return g_steal_pointer(&node);
}

static Node *parse_or(Parser *parser)
{
    int64_t first = parser->first_us, last = parser->last_us;
    g_autoptr(Node) node = node_new(parser, NODE_OR, NULL);
    bool more = node != NULL;
    while (more) {
        Node *one = parse_and(parser);
        if (one == NULL)
            return NULL;
        g_ptr_array_add(node->nodes, one);
        skip_blanks(parser);
        more = take_word(parser, "OR");
    }
    if (node != NULL && node->nodes->len > 1) {
        parser->first_us = first;
        parser->last_us = last;
    }
    return g_steal_pointer(&node);
}

// ---- SQL -------------------------------------------------------------------------------------------------

// The expression of FTS5 that stands for all of `node`; NULL where a part of it is none. Caller frees.
static char *node_fts(const Node *node)
{
    char *text = node->kind == NODE_TEXT ? g_strdup(node->text) : NULL;
    if (node->kind == NODE_AND || node->kind == NODE_OR) {
        GString *all = g_string_new(NULL);
        bool whole = true;
        for (guint i = 0; whole && i < node->nodes->len; i++) {
            g_autofree char *one = node_fts(node->nodes->pdata[i]);
            whole = one != NULL;
            if (whole && node->nodes->len > 1)
                g_string_append_printf(all, "%s(%s)",
                                       i == 0                   ? ""
                                       : node->kind == NODE_AND ? " AND "
                                                                : " OR ",
                                       one);
            else if (whole)
                g_string_append(all, one);
        }
        text = g_string_free(all, !whole);
    }
    return text;
}

static void node_sql(const Node *node, GString *sql, GPtrArray *values)
{
    g_autofree char *fts = node_fts(node);
    if (fts != NULL) {
        g_string_append(sql, "item.id IN (SELECT rowid FROM text WHERE text MATCH ?)");
        g_ptr_array_add(values, g_steal_pointer(&fts));
    } else if (node->kind == NODE_SQL) {
        g_string_append_printf(sql, "(%s)", node->text);
        for (guint i = 0; i < node->values->len; i++)
            g_ptr_array_add(values, g_strdup(node->values->pdata[i]));
    } else {
        g_string_append(sql, node->kind == NODE_NOT ? "NOT (" : "(");
        for (guint i = 0; i < node->nodes->len; i++) {
            g_string_append(sql, i == 0 ? "" : node->kind == NODE_OR ? " OR " : " AND ");
            node_sql(node->nodes->pdata[i], sql, values);
        }
        g_string_append_c(sql, ')');
    }
}

SearchQuery *search_query_parse(const char *text, const SearchTerms *terms, GError **error)
{
    g_autoptr(GError) why = NULL;
    Parser parser = {.text = text, .at = text, .terms = terms, .error = &why};
    bool valid = g_utf8_validate(text, -1, NULL);
    if (!valid)
        g_set_error(&why, BASE_ERROR, BASE_ERROR_USAGE, "query: not UTF-8; write it anew");
    skip_blanks(&parser);
    bool all = valid && *parser.at == '\0';
    g_autoptr(Node) node = valid && !all ? parse_or(&parser) : NULL;
    if (node != NULL && *parser.at != '\0')
        refuse(&parser, parser.at, "a parenthesis that closes nothing", "take it away");
    SearchQuery *query = NULL;
    if (why == NULL && (all || node != NULL)) {
        GString *where = g_string_new(all ? "1" : NULL);
        query = g_new0(SearchQuery, 1);
        query->values = g_ptr_array_new_with_free_func(g_free);
        query->first_us = parser.first_us;
        query->last_us = parser.last_us;
        if (node != NULL)
            node_sql(node, where, query->values);
        query->where = g_string_free(where, FALSE);
    } else if (why != NULL) {
        g_propagate_error(error, g_steal_pointer(&why));
    } else {
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "query: not understood; see chaperone(1)");
    }
    return query;
}

void search_query_free(SearchQuery *query)
{
    if (query != NULL) {
        g_free(query->where);
        g_ptr_array_unref(query->values);
        g_free(query);
    }
}
