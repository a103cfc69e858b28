// canonical: values typed by hand, as findings carry them.
#include "detect/internal.h"
#include "detect/phone.h"
#include "detect/tables.h"

#include <string.h>

static char *canonical_phone(const DetectData *data, const char *text)
{
    char digits[16];
    gsize n = 0;
    bool plus = false, ok = true;
    for (const char *p = text; ok && *p; p++) {
        if (g_ascii_isdigit(*p) && n < 15)
            digits[n++] = *p;
        else if (*p == '+' && n == 0)
            plus = true;
        else
            ok = strchr(" ()-./\t", *p) != NULL;
    }
    digits[n] = '\0';
    return ok && n > 0 ? phone_value(data, digits, n, plus) : NULL;
}

// "Insta:@Jane" -> "instagram:jane"; payment services keep the $ of a cashtag.
static char *canonical_named(const DetectData *data, Kind kind, const char *text)
{
    g_autofree char *lower = g_utf8_strdown(text, -1);
    char *colon = strchr(lower, ':');
    char *value = NULL;
    if (colon && colon > lower && !g_str_has_prefix(colon, "://") && strpbrk(lower, " \t/") == NULL) {
        const char *platform = NULL, *name = colon + 1;
        *colon = '\0';
        if (tables_platform(data, lower, strlen(lower), &platform) == NAMED_NO)
            platform = lower;
        name += *name == '@' || *name == '$';
        bool cash = kind == KIND_PAYMENT_HANDLE && strcmp(platform, "cashapp") == 0;
        value = *name ? g_strdup_printf("%s:%s%s", platform, cash ? "$" : "", name) : NULL;
    }
    return value;
}

// What the finders make of `text` standing alone.
static char *canonical_found(const DetectData *data, const Config *config, Kind kind, const char *text)
{
    g_autoptr(Message) message = message_new();
    Parties parties = {0};
    bool truncated = false;
    DetectView *view =
        view_new(message_add_passage(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text, strlen(text)), 0);
    view_words(view, data);
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)candidate_free);
    DetectScan scan = {.data = data,
                       .config = config,
                       .message = message,
                       .parties = &parties,
                       .view = view,
                       .out = out,
                       .truncated = &truncated};
    if (kind == KIND_STREET_ADDRESS) {
        street_find(&scan);
    } else {
        social_find(&scan);
        payment_find(&scan);
    }
    char *value = NULL;
    for (guint i = 0; i < out->len && !value; i++) {
        const Candidate *candidate = g_ptr_array_index(out, i);
        if (candidate->kind == kind)
            value = g_strdup(candidate->value);
    }
    view_free(view);
    return value;
}

char *detect_canonical(const DetectData *data, const Config *config, Kind kind, const char *text)
{
    g_autofree char *bare = g_strstrip(g_strdup(text));
    char *value = NULL;
    if (!g_utf8_validate(bare, -1, NULL) || *bare == '\0')
        value = NULL;
    else if (kind == KIND_PHONE)
        value = canonical_phone(data, bare);
    else if (kind == KIND_EMAIL)
        value = roster_canonical_address(config, bare);
    else if (kind_is_contact(kind))
        value = canonical_found(data, config, kind, bare);
    if (!value && (kind == KIND_HANDLE || kind == KIND_PAYMENT_HANDLE))
        value = canonical_named(data, kind, bare);
    return value;
}
