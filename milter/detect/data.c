// data: the life of a DetectData, and what in it is no table: look-alikes, domain suffixes.
#include "detect/tables_data.h"

#include <string.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

void tables_rule_free(gpointer rule)
{
    HostRule *host_rule = rule;
    g_strfreev(host_rule->steps);
    g_free(host_rule);
}

static void data_free(DetectData *data)
{
    GHashTable *tables[] = {data->books,    data->hotlines, data->webmail,     data->providers,
                            data->approved, data->gateways, data->shorteners,  data->platform_words,
                            data->hosts,    data->reserved, data->plain_words, data->tables};
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        g_hash_table_unref(tables[i]);
    if (data->psl)
        psl_free(data->psl);
    if (data->spoof)
        uspoof_close(data->spoof);
    phrases_words_free(data->words);
    disclaimer_book_free(data->disclaimers);
    layer_words_free(data->sign_words);
    g_string_chunk_free(data->sections);
    g_free(data);
}

// The look-alike key of one character; false when it is not one ASCII character.
static bool data_skeleton(const USpoofChecker *spoof, UChar32 c, char *out)
{
    char in[U8_MAX_LENGTH], folded[32];
    int32_t n = 0;
    UErrorCode status = U_ZERO_ERROR;
    U8_APPEND_UNSAFE(in, n, c);
    int32_t len = uspoof_getSkeletonUTF8(spoof, 0, in, n, folded, sizeof folded, &status);
    bool ok = U_SUCCESS(status) && len == 1 && (guchar)folded[0] < 0x80;
    if (ok)
        *out = folded[0];
    return ok;
}

static bool data_open_lookalikes(DetectData *data, GError **error)
{
    static const char ORDER[] = "0123456789abcdefghijklmnopqrstuvwxyz"; // letters last: they win
    UErrorCode status = U_ZERO_ERROR;
    data->spoof = uspoof_open(&status);
    data->psl = psl_latest(NULL);
    bool ok = U_SUCCESS(status) && data->psl != NULL;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_UNAVAILABLE, "%s; install the packages of INSTALL",
                    data->psl ? u_errorName(status) : "no public suffix list");
    char key;
    for (const char *p = ORDER; ok && *p; p++)
        if (data_skeleton(data->spoof, *p, &key))
            data->lookalikes[(guchar)key] = *p;
    return ok;
}

static void data_array_unref(gpointer array)
{
    g_ptr_array_unref(array);
}

DetectData *detect_data_new(DetectReadTable read, void *read_data, GError **error)
{
    DetectData *data = g_new0(DetectData, 1);
    g_atomic_ref_count_init(&data->refs);
    data->sections = g_string_chunk_new(256);
    data->tables = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, data_array_unref);
    data->books = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)phrases_free);
    data->words = phrases_words_new();
    data->sign_words = layer_words_new();
    data->hosts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, data_array_unref);
    data->platform_words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    data->providers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    data->plain_words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    data->reserved = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTable **plain[] = {&data->hotlines, &data->webmail, &data->approved, &data->gateways,
                            &data->shorteners};
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++)
        *plain[i] = g_hash_table_new(g_str_hash, g_str_equal);
    digits_spots(&data->spots);
    handle_spots(&data->spots);
    mailbox_spots(&data->spots);
    payment_spots(&data->spots);
    street_spots(&data->spots);
    street_classes(data->words);
    bool ok = data_open_lookalikes(data, error) && tables_load(data, read, read_data, error);
    if (!ok) {
        detect_data_unref(data);
        data = NULL;
    }
    return data;
}

DetectData *detect_data_ref(DetectData *data)
{
    g_atomic_ref_count_inc(&data->refs);
    return data;
}

void detect_data_unref(DetectData *data)
{
    if (data != NULL && g_atomic_ref_count_dec(&data->refs))
        data_free(data);
}

bool tables_known_tld(const DetectData *data, const char *host)
{
    static const char *const EXAMPLES[] = {"example", "test", "invalid", "localhost"};
    const char *last = strrchr(host, '.');
    const char *tld = last ? last + 1 : host;
    bool known =
        *tld != '\0' && psl_is_public_suffix2(data->psl, tld, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
    for (gsize i = 0; !known && i < G_N_ELEMENTS(EXAMPLES); i++)
        known = strcmp(tld, EXAMPLES[i]) == 0;
    return known;
}

char *tables_latin_lookalike(const DetectData *data, const char *text, gsize n)
{
    g_autoptr(GString) out = g_string_sized_new(n);
    bool ok = true;
    for (gsize at = 0; ok && at < n;) {
        UChar32 c;
        char key = '\0';
        U8_NEXT(text, at, n, c);
        if (c >= 0 && c < 0x80)
            g_string_append_c(out, (char)c);
        else if (c >= 0x80 && data_skeleton(data->spoof, c, &key) && data->lookalikes[(guchar)key])
            g_string_append_c(out, data->lookalikes[(guchar)key]);
        else
            ok = false;
    }
    return ok ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}
