// A rendition with its redactions, as text and PDF, and what the receiver is told of it.
#include "redact/internal.h"

#include <string.h>

void redact_result_free(RedactResult *result)
{
    if (result == NULL)
        return;
    g_free(result->text);
    g_clear_pointer(&result->pdf, g_bytes_unref);
    json_decref(result->log);
    g_clear_pointer(&result->warnings, g_ptr_array_unref);
    g_free(result);
}

// ---- before anything is made -----------------------------------------------------------------------------

// A code stands in the mark and in tables: one short line.
static bool code_is_good(const char *code)
{
    bool good = code != NULL && *code != '\0' && strlen(code) <= 60;
    for (const char *at = code; good && *at != '\0'; at = g_utf8_next_char(at))
        good = g_unichar_isprint(g_utf8_get_char(at)) && *at != '[' && *at != ']';
    return good;
}

static bool are_applied(const GPtrArray *redactions, GError **error)
{
    bool ok = redactions->len > 0;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE,
                    "nothing is redacted: the message may go out as it is");
    for (guint i = 0; ok && i < redactions->len; i++) {
        const Redaction *one = redactions->pdata[i];
        ok = code_is_good(one->code) && one->reviewer != NULL && one->time_us != 0;
        if (!ok)
            g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE,
                        "redaction %u (%s) is only proposed, or its code is more than one short line without "
                        "brackets: apply it with the code of an exemption, or take it out",
                        i + 1, one->kind);
    }
    return ok;
}

// ---- the log ---------------------------------------------------------------------------------------------

static char *hash_before(const Rendition *rendition)
{
    g_autofree char *text = rendition_text(rendition);
    g_autoptr(GByteArray) salted = g_byte_array_new();
    gsize len = rendition->salt != NULL ? strlen(rendition->salt) : 0;
    for (gsize i = 0; i + 1 < len; i += 2) {
        guint8 byte = (guint8)(g_ascii_xdigit_value(rendition->salt[i]) << 4 |
                               g_ascii_xdigit_value(rendition->salt[i + 1]));
        g_byte_array_append(salted, &byte, 1);
    }
    if (salted->len == 0)
        return NULL;
    g_byte_array_append(salted, (const guint8 *)text, (guint)strlen(text));
    return sha256_hex(salted->data, salted->len);
}

static json_t *log_rows(const Rendition *rendition, const GPtrArray *redactions, const Draft *draft)
{
    json_t *rows = json_array();
    for (guint i = 0; i < redactions->len; i++) {
        const Redaction *one = redactions->pdata[i];
        const RenditionSection *section = rendition->sections->pdata[one->section];
        g_autofree char *time = clock_format(one->time_us);
        json_array_append_new(
            rows, json_pack("{s:i, s:s, s:i, s:s, s:s, s:s, s:s}", "number", (int)i + 1, "section",
                            section->label, "line", (int)g_array_index(draft->mark_line, guint, i), "kind",
                            one->kind, "code", one->code, "reviewer", one->reviewer, "time", time));
    }
    return rows;
}

static json_t *log_new(const Rendition *rendition, const GPtrArray *redactions, const Draft *draft,
                       const RedactResult *result)
{
    gsize len = 0;
    const void *pdf = g_bytes_get_data(result->pdf, &len);
    g_autofree char *before = hash_before(rendition), *pdf_sha256 = sha256_hex(pdf, len);
    g_autofree char *text_sha256 = sha256_hex(result->text, strlen(result->text));
    return json_pack("{s:s*, s:s, s:s, s:i, s:o}", "before", before, "text_sha256", text_sha256, "pdf_sha256",
                     pdf_sha256, "pages", (int)result->pages, "redactions",
                     log_rows(rendition, redactions, draft));
}

// ---- all of it -------------------------------------------------------------------------------------------

static bool render(const Config *config, Readers *readers, const Rendition *rendition,
                   const GPtrArray *redactions, const RedactStyle *style, RedactResult *result,
                   GError **error)
{
    guint unknown = 0;
    g_autoptr(Draft) draft = draft_new(rendition, redactions);
    result->text = draft_text(draft, style->bates);
    result->pdf = pdf_draw(draft, style, &result->pages, &unknown, error);
    if (result->pdf == NULL || !check_rendered(config, readers, rendition, redactions, draft, result->pdf,
                                               result->pages, result->warnings, error))
        return false;
    if (unknown > 0)
        g_ptr_array_add(
            result->warnings,
            g_strdup_printf("%u characters are in no font of this machine and are boxes in the PDF; the "
                            "text has them",
                            unknown));
    for (guint i = 0; i < rendition->notes->len; i++)
        g_ptr_array_add(result->warnings,
                        g_strdup_printf("not in the rendition: %s", (char *)rendition->notes->pdata[i]));
    result->log = log_new(rendition, redactions, draft, result);
    return true;
}

RedactResult *redact_render(const Config *config, Readers *readers, const Rendition *rendition,
                            const json_t *redactions, const RedactStyle *style, GError **error)
{
    g_autoptr(GPtrArray) list = redactions_from_json(rendition, redactions, error);
    if (list == NULL || !are_applied(list, error))
        return NULL;
    g_autoptr(RedactResult) result = g_new0(RedactResult, 1);
    result->warnings = g_ptr_array_new_with_free_func(g_free);
    return render(config, readers, rendition, list, style, result, error) ? g_steal_pointer(&result) : NULL;
}
