#include "detect/phone.h"
#include "detect/social.h"
#include "detect/social_handle.h"
#include "detect/tables.h"

#include <string.h>

#define HOST_MOST     253
#define LINK_SEGMENTS 12
#define LINK_NAME     64

typedef struct {
    const char *host;
    char **segments; // of the path, percent-decoded
    guint n;
    char *query; // behind the ?, NULL = none
} SocialLink;

static char *link_decoded(const char *text)
{
    char *decoded = g_uri_unescape_string(text, NULL);
    return decoded && g_utf8_validate(decoded, -1, NULL) ? decoded : (g_free(decoded), g_strdup(text));
}

static void link_parse(SocialLink *link, const char *host, const char *path)
{
    gsize len = strcspn(path, "?");
    const char *mark = memchr(path, '#', len);
    if (mark &&
        mark > path + 1) // what follows a # is part of the address only where nothing stands before it
        len = (gsize)(mark - path);
    g_autofree char *bare = g_strndup(path, len);
    link->host = host;
    link->query = path[strcspn(path, "?")] == '?' ? g_strdup(path + strcspn(path, "?") + 1) : NULL;
    link->segments = g_strsplit(*bare == '/' ? bare + 1 : bare, "/", LINK_SEGMENTS);
    for (link->n = 0; link->segments[link->n]; link->n++) {
        char *decoded = link_decoded(link->segments[link->n]);
        g_free(link->segments[link->n]);
        link->segments[link->n] = decoded;
    }
    while (link->n > 0 && *link->segments[link->n - 1] == '\0') {
        g_free(link->segments[--link->n]);
        link->segments[link->n] = NULL;
    }
}

static void link_clear(SocialLink *link)
{
    g_strfreev(link->segments);
    g_free(link->query);
}

// Value of `key` in the query; caller frees.
static char *link_query(const SocialLink *link, const char *key)
{
    char *value = NULL;
    g_auto(GStrv) pairs = g_strsplit(link->query ? link->query : "", "&", LINK_SEGMENTS);
    for (guint i = 0; pairs[i] && !value; i++)
        if (g_ascii_strncasecmp(pairs[i], key, strlen(key)) == 0 && pairs[i][strlen(key)] == '=')
            value = link_decoded(pairs[i] + strlen(key) + 1);
    return value;
}

// Does `step` fit `segment`? `*name` gets what stands for {}.
static bool link_step_fits(const char *step, const char *segment, char **name)
{
    gsize len = strlen(step);
    bool named = g_str_has_suffix(step, "{}"), any = g_str_has_suffix(step, "*");
    gsize prefix = named ? len - 2 : any ? len - 1 : len;
    bool fits = g_ascii_strncasecmp(segment, step, prefix) == 0;
    if (named || any)
        fits = fits && segment[prefix] != '\0';
    else
        fits = fits && segment[prefix] == '\0';
    if (fits && named) {
        g_free(*name);
        *name = g_strdup(segment + prefix);
    }
    return fits;
}

static bool link_query_step_fits(const char *step, const SocialLink *link, char **name)
{
    g_autofree char *key = g_strndup(step + 1, strcspn(step + 1, "="));
    g_autofree char *value = link_query(link, key);
    bool fits = value && *value;
    if (fits) {
        g_free(*name);
        *name = g_steal_pointer(&value);
    }
    return fits;
}

// Pages of a profile; any other path behind a name is a post, a picture, a video: not somebody's contact.
static bool link_is_profile_page(const char *segment)
{
    static const char *const PAGES[] = {"about",     "photos",    "videos",    "featured",    "followers",
                                        "following", "tagged",    "community", "streams",     "profile",
                                        "overview",  "submitted", "replies",   "media",       "friends",
                                        "likes",     "shorts",    "playlists", "with_replies"};
    bool is = false;
    for (gsize i = 0; !is && i < G_N_ELEMENTS(PAGES); i++)
        is = g_ascii_strcasecmp(segment, PAGES[i]) == 0;
    return is;
}

static bool link_rule_fits(const HostRule *rule, const SocialLink *link, char **name)
{
    bool fits = true;
    guint used = 0;
    for (guint i = 0; fits && i < rule->n_steps; i++) {
        if (rule->steps[i][0] == '?')
            fits = link_query_step_fits(rule->steps[i], link, name);
        else
            fits = used < link->n && link_step_fits(rule->steps[i], link->segments[used++], name);
    }
    if (fits && (rule->kind == HOST_HANDLE || rule->kind == HOST_PAYMENT) && used < link->n)
        fits = link_is_profile_page(link->segments[used]) && used + 1 == link->n;
    return fits;
}

// The name in lower case without its @ or $; NULL when it cannot be one.
static char *link_name(const DetectData *data, const HostRule *rule, const char *text)
{
    g_autofree char *name =
        g_utf8_strdown(*text == '@' || *text == '$' || *text == '~' ? text + 1 : text, -1);
    gsize len = strlen(name);
    while (len > 0 && strchr(".,;:!?'\")", name[len - 1]))
        name[--len] = '\0';
    static const char *const FILES[] = {".php", ".html", ".htm", ".aspx", ".txt",
                                        ".png", ".jpg",  ".js",  ".css"};
    bool ok = len > 0 && len <= LINK_NAME && name[strcspn(name, " /\\?#&=<>%*{}[]\"")] == '\0' &&
              !tables_reserved(data, rule->platform, name);
    for (gsize i = 0; ok && i < G_N_ELEMENTS(FILES); i++)
        ok = !g_str_has_suffix(name, FILES[i]);
    return ok ? g_steal_pointer(&name) : NULL;
}

static Candidate *link_candidate(DetectScan *scan, const HostRule *rule, const SocialLink *link,
                                 const char *raw, gsize start, gsize end)
{
    g_autofree char *value = NULL;
    g_autofree char *name = raw ? link_name(scan->data, rule, raw) : NULL;
    Kind kind = KIND_HANDLE;
    if (rule->kind == HOST_INVITE) {
        g_autofree char *path = g_strjoinv("/", link->segments);
        kind = KIND_INVITE;
        value = g_strconcat(link->host, "/", path, raw ? "?" : NULL, raw, NULL);
    } else if (rule->kind == HOST_PHONE && raw) {
        g_autoptr(GString) digits = g_string_new(NULL);
        for (const char *p = raw; *p; p++)
            if (g_ascii_isdigit(*p))
                g_string_append_c(digits, *p);
        kind = KIND_PHONE;
        if (digits->len >= 8 && digits->len <= 15)
            value = phone_nanp(scan->data, digits->str, digits->len);
        if (!value && digits->len >= 8 && digits->len <= 15)
            value = phone_value(scan->data, digits->str, digits->len, true);
    } else if (name && rule->kind == HOST_PAYMENT) {
        kind = KIND_PAYMENT_HANDLE;
        value = g_strdup_printf("%s:%s%s", rule->platform, strcmp(rule->platform, "cashapp") == 0 ? "$" : "",
                                name);
    } else if (name) {
        value = g_strdup_printf("%s:%s", rule->platform, name);
    }
    return value ? candidate_new(kind, value, scan->view, start, end, kind == KIND_INVITE ? 0.97 : 0.95)
                 : NULL;
}

const GPtrArray *social_own_host(const DetectData *data, const char *host)
{
    char any[HOST_MOST + 4];
    const char *dot = strchr(host, '.');
    bool fits = dot && dot > host && strlen(dot) < HOST_MOST && g_snprintf(any, sizeof any, "{}%s", dot) > 0;
    return fits ? tables_host(data, any) : NULL;
}

// The table's rules for `host`, its usual prefixes taken off; `*out_host` is the name under which they stand.
static const GPtrArray *link_rules(const DetectData *data, const char *host, const char **out_host)
{
    static const char *const PREFIXES[] = {"www.", "m.",  "mobile.", "web.", "open.", "l.",
                                           "go.",  "en.", "es.",     "old.", "new."};
    const GPtrArray *rules = tables_host(data, host);
    *out_host = host;
    for (gsize i = 0; !rules && i < G_N_ELEMENTS(PREFIXES); i++)
        if (g_str_has_prefix(host, PREFIXES[i])) {
            *out_host = host + strlen(PREFIXES[i]);
            rules = tables_host(data, *out_host);
        }
    return rules;
}

bool social_link(DetectScan *scan, const char *host, const char *path, gsize start, gsize end,
                 const char *disguise)
{
    const char *known = host;
    const GPtrArray *rules = link_rules(scan->data, host, &known), *own = NULL;
    Candidate *candidate = NULL;
    const char *invited = NULL;
    SocialLink link = {0};
    if (!rules) {
        known = host;
        rules = own = social_own_host(scan->data, host);
    }
    link_parse(&link, known, path);
    for (guint i = 0; rules && i < rules->len && !candidate; i++) {
        const HostRule *rule = g_ptr_array_index(rules, i);
        g_autofree char *name = own ? g_strndup(host, strcspn(host, ".")) : NULL;
        scan->work++;
        if (!link_rule_fits(rule, &link, &name))
            continue;
        candidate = link_candidate(scan, rule, &link, name, start, end);
        if (candidate) {
            candidate_evidence(candidate, "link: %s", known);
            if (candidate->kind == KIND_PHONE)
                phone_describe(scan->data, candidate);
            if (disguise)
                candidate_obfuscated(candidate, disguise);
            invited = candidate->kind == KIND_INVITE ? rule->platform : NULL;
        }
    }
    link_clear(&link);
    bool found = candidate != NULL;
    if (found)
        scan_add(scan, candidate);
    if (invited)
        handle_told_of_link(scan, invited, start, end);
    return found;
}
