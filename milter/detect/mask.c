// mask: a value as notices and logs may show it.
#include "detect/detect.h"

#include <string.h>

static char *mask_number(const char *value)
{
    gsize len = strlen(value), shown = len > 4 ? 2 : 0;
    GString *out = g_string_new(NULL);
    for (gsize i = 0; i + shown < len; i++)
        g_string_append_c(out, '*');
    g_string_append(out, value + len - shown);
    return g_string_free(out, FALSE);
}

// `keep` bytes and the character behind them, then stars.
static char *mask_after(const char *value, gsize keep)
{
    const char *next = value[keep] ? g_utf8_next_char(value + keep) : value + keep;
    return g_strdup_printf("%.*s***", (int)(next - value), value);
}

static char *mask_mailbox(const char *value)
{
    const char *at = strrchr(value, '@');
    g_autofree char *name = mask_after(value, 0);
    return g_strconcat(name, at ? at : "", NULL);
}

static char *mask_name(const char *value)
{
    const char *colon = strchr(value, ':');
    gsize keep = colon ? (gsize)(colon - value) + 1 : 0;
    return mask_after(value, keep + (value[keep] == '$' ? 1 : 0));
}

char *detect_mask(Kind kind, const char *value)
{
    char *masked;
    if (kind == KIND_PHONE)
        masked = mask_number(value);
    else if (kind == KIND_EMAIL)
        masked = mask_mailbox(value);
    else if (kind == KIND_HANDLE || kind == KIND_PAYMENT_HANDLE)
        masked = mask_name(value);
    else if (kind == KIND_INVITE)
        masked = g_strdup_printf("%.*s/***", (int)strcspn(value, "/"), value);
    else if (kind == KIND_STREET_ADDRESS)
        masked = mask_after(value, 0);
    else
        masked = g_strdup(value);
    return masked;
}
