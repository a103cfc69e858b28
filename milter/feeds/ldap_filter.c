#include "feeds/ldap.h"

#include <string.h>

// What the placeholders of one search stand for.
typedef struct {
    const char *address, *local, *domain; // escaped; domain NULL = the address has none
    const char *labels;                   // of the domain, plain
    const char *further;                  // what labels stand for that it is without; NULL: nothing
} Asked;

// ---- parts of an address --------------------------------------------------------------------------------

char *ldap_filter_escape(const char *value)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *p = value; *p != '\0'; p++)
        if (strchr("*()\\", *p) != NULL)
            g_string_append_printf(out, "\\%02x", (unsigned char)*p);
        else
            g_string_append_c(out, *p);
    return g_strdup(out->str);
}

// Label `number` of a domain, counted from its end; NULL when it has fewer. Caller frees.
static char *label_of(const char *domain, guint number)
{
    const char *end = domain + strlen(domain);
    for (; number > 1 && end > domain; number--) {
        const char *dot = g_strrstr_len(domain, end - domain, ".");
        end = dot != NULL ? dot : domain;
    }
    const char *dot = g_strrstr_len(domain, end - domain, ".");
    const char *start = dot != NULL ? dot + 1 : domain;
    return end > start ? g_strndup(start, (gsize)(end - start)) : NULL;
}

// What `letter` stands for; NULL when the address has no such part. Caller frees.
static char *value_of(const Asked *asked, char letter)
{
    if (letter == 's')
        return g_strdup(asked->address);
    if (letter == 'u')
        return g_strdup(asked->local);
    if (letter == 'd')
        return g_strdup(asked->domain);
    g_autofree char *label = label_of(asked->labels, (guint)(letter - '0'));
    return label != NULL ? ldap_filter_escape(label) : g_strdup(asked->further);
}

// ---- placeholders ---------------------------------------------------------------------------------------

// The placeholder at `p` (a per cent sign) in lower case; '%' for itself; '\0' when it is none.
static char placeholder(const char *p)
{
    char c = g_ascii_tolower(p[1]);
    return c != '\0' && strchr("%sud123456789", c) != NULL ? c : '\0';
}

static bool has_any(const char *filter, const char *letters)
{
    for (const char *p = filter; *p != '\0'; p++) {
        if (*p != '%')
            continue;
        char c = placeholder(p);
        if (c != '\0' && strchr(letters, c) != NULL)
            return true;
        p += c != '\0';
    }
    return false;
}

bool ldap_filter_has_address(const char *filter)
{
    return has_any(filter, "sud123456789");
}

bool ldap_filter_check(const char *filter, GError **error)
{
    int open = 0;
    bool ok = true;
    for (const char *p = filter; ok && *p != '\0'; p++) {
        open += *p == '(' ? 1 : *p == ')' ? -1 : 0;
        if (open < 0)
            break;
        if (*p != '%')
            continue;
        ok = placeholder(p) != '\0';
        if (!ok)
            g_set_error(
                error, BASE_ERROR, BASE_ERROR_CONFIG,
                "\"%%%.1s\" is no placeholder; %%s, %%u, %%d and %%1 to %%9 are, %%%% is a per cent sign",
                g_ascii_isprint(p[1]) ? p + 1 : "");
        p++;
    }
    if (ok && open != 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "parentheses that do not match");
    return ok && open == 0;
}

// "**" would be no filter.
static void append(GString *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (*text != '*' || out->len == 0 || out->str[out->len - 1] != '*')
            g_string_append_c(out, *text);
}

// NULL when the address is without a part.
static char *expand(const char *filter, const Asked *asked)
{
    g_autoptr(GString) out = g_string_new(filter[0] == '(' ? "" : "(");
    for (const char *p = filter; *p != '\0'; p++) {
        char plain[] = {*p, '\0'}, letter = *p == '%' ? placeholder(p) : '\0';
        g_autofree char *value = letter != '\0' && letter != '%' ? value_of(asked, letter) : NULL;
        if (letter != '\0' && letter != '%' && value == NULL)
            return NULL;
        append(out, value != NULL ? value : plain);
        p += letter != '\0';
    }
    if (filter[0] != '(')
        g_string_append_c(out, ')');
    return g_strdup(out->str);
}

// ---- searches -------------------------------------------------------------------------------------------

static void add_part(GString *out, const char *filter, const char *domain, const char *labels,
                     const char *further)
{
    const Asked asked = {
        .address = "*", .local = "*", .domain = domain, .labels = labels, .further = further};
    g_autofree char *part = expand(filter, &asked);
    if (part != NULL)
        g_string_append(out, part);
}

char *ldap_filter_all(const char *filter, char **domains)
{
    bool each = has_any(filter, "d123456789") && domains != NULL && domains[0] != NULL;
    g_autoptr(GString) out = g_string_new(each ? "(|" : "");
    if (!each)
        add_part(out, filter, "*", "", "*");
    for (gsize i = 0; each && domains[i] != NULL; i++) {
        g_autofree char *domain = ldap_filter_escape(domains[i]), *below = g_strconcat("*.", domain, NULL);
        add_part(out, filter, domain, domains[i], NULL);
        add_part(out, filter, below, domains[i], "*");
    }
    g_string_append(out, each ? ")" : "");
    return g_strdup(out->str);
}

char *ldap_filter_one(const char *filter, const char *address)
{
    const char *at = strrchr(address, '@');
    g_autofree char *whole = ldap_filter_escape(address);
    g_autofree char *plain_local = at != NULL ? g_strndup(address, (gsize)(at - address)) : g_strdup(address);
    g_autofree char *local = ldap_filter_escape(plain_local);
    g_autofree char *domain = at != NULL && at[1] != '\0' ? ldap_filter_escape(at + 1) : NULL;
    const Asked asked = {
        .address = whole, .local = local, .domain = domain, .labels = domain != NULL ? at + 1 : ""};
    return local[0] != '\0' ? expand(filter, &asked) : NULL;
}
