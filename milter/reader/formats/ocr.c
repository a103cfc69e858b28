// Text in pictures, with tesseract. The engine is made before the sandbox closes and serves the process's life.
#include "reader/formats/picture.h"

#include <omp.h>
#include <string.h>
#include <tesseract/capi.h>

// Words below this confidence (of 100) are dropped, but those with figures or an @ only below the second: a wrong letter costs a
// word, a lost number the detail.
#define OCR_SURE   45
#define OCR_FIGURE 20
#define OCR_LITTLE 12 // letters and figures: with fewer the other way round is tried
#define OCR_DARK   0.08f
#define OCR_MOST   6.0e6f // pixels that are looked at
#define OCR_SPARSE 2.0e6f // for scattered text
#define OCR_DOTS   150    // an inch, where the picture does not say

static TessBaseAPI *ocr_engine;

// ---- the engine ------------------------------------------------------------------------------------------

static bool ocr_has(char **loaded, const char *language)
{
    return g_strv_contains((const char *const *)loaded, language);
}

static bool ocr_all_loaded(TessBaseAPI *engine, const char *languages, GString *note)
{
    char **loaded = TessBaseAPIGetLoadedLanguagesAsVector(engine);
    g_auto(GStrv) wanted = g_strsplit(languages, "+", -1);
    bool all = true;
    for (guint i = 0; wanted[i] != NULL; i++) {
        if (*wanted[i] == '\0' || ocr_has(loaded, wanted[i]))
            continue;
        g_string_append_printf(
            note, "%sattachments.ocr_languages: \"%s\" is not installed; install tesseract-ocr-%s",
            note->len > 0 ? "; " : "", wanted[i], wanted[i]);
        all = false;
    }
    TessDeleteTextArray(loaded);
    return all;
}

bool ocr_open(const char *languages, GString *note)
{
    if (ocr_engine != NULL)
        return true;
    // The sandbox has no threads.
    omp_set_max_active_levels(0);
    TessBaseAPI *engine = TessBaseAPICreate();
    bool ok = TessBaseAPIInit2(engine, NULL, languages, OEM_LSTM_ONLY) == 0;
    if (!ok)
        g_string_append_printf(
            note, "attachments.ocr_languages: none of \"%s\" is installed; install tesseract-ocr-eng",
            languages);
    ok = ok && ocr_all_loaded(engine, languages, note);
    if (!ok) {
        TessBaseAPIDelete(engine);
        return false;
    }
    TessBaseAPISetVariable(engine, "debug_file", "/dev/null");
    ocr_engine = engine;
    return true;
}

// ---- words -----------------------------------------------------------------------------------------------

static bool ocr_keeps(const char *word, float confidence)
{
    guint figures = 0;
    for (const char *at = word; *at != '\0'; at++)
        figures += g_ascii_isdigit(*at);
    return confidence >= OCR_SURE ||
           ((figures >= 2 || strpbrk(word, "@_") != NULL) && confidence >= OCR_FIGURE);
}

// What parts a word from the one before it.
static const char *ocr_gap(const TessPageIterator *page)
{
    if (TessPageIteratorIsAtBeginningOf(page, RIL_PARA))
        return "\n\n";
    return TessPageIteratorIsAtBeginningOf(page, RIL_TEXTLINE) ? "\n" : " ";
}

static guint ocr_take_words(TessResultIterator *words, GString *out)
{
    guint taken = 0;
    do {
        char *word = TessResultIteratorGetUTF8Text(words, RIL_WORD);
        float confidence = TessResultIteratorConfidence(words, RIL_WORD);
        const char *gap = ocr_gap(TessResultIteratorGetPageIteratorConst(words));
        if (out->len > 0 && (*gap == '\n' || !g_ascii_isspace(out->str[out->len - 1])))
            g_string_append(out, gap);
        if (word != NULL && ocr_keeps(word, confidence)) {
            g_string_append(out, word);
            for (const char *at = word; *at != '\0'; at = g_utf8_next_char(at))
                taken += g_unichar_isalnum(g_utf8_get_char(at));
        }
        TessDeleteText(word);
    } while (TessResultIteratorNext(words, RIL_WORD));
    return taken;
}

// Adds what is recognised in `pix` to `out`; the number of letters and figures. False in `whole` when time ended it.
static guint ocr_pass(PIX *pix, TessPageSegMode mode, guint resolution, gint64 deadline, GString *out,
                      bool *whole)
{
    guint taken = 0;
    gint64 left_ms = deadline == G_MAXINT64 ? G_MAXINT32 : (deadline - g_get_monotonic_time()) / 1000;
    ETEXT_DESC *monitor = TessMonitorCreate();
    TessMonitorSetDeadlineMSecs(monitor, (int)CLAMP(left_ms, 1, G_MAXINT32));
    TessBaseAPISetPageSegMode(ocr_engine, mode);
    TessBaseAPISetImage2(ocr_engine, pix);
    TessBaseAPISetSourceResolution(ocr_engine, (int)resolution);
    *whole = TessBaseAPIRecognize(ocr_engine, left_ms < G_MAXINT32 ? monitor : NULL) == 0;
    TessResultIterator *words = TessBaseAPIGetIterator(ocr_engine);
    if (words != NULL) {
        taken = ocr_take_words(words, out);
        TessResultIteratorDelete(words);
    }
    TessBaseAPIClear(ocr_engine);
    TessMonitorDelete(monitor);
    return taken;
}

// ---- pictures --------------------------------------------------------------------------------------------

// One way of looking at the picture.
static guint ocr_look(PIX *grey, bool invert, TessPageSegMode mode, guint resolution, gint64 deadline,
                      GString *out, bool *whole)
{
    float scale = 1;
    PIX *ready = ocr_prepared(grey, invert, mode == PSM_SPARSE_TEXT ? OCR_SPARSE : OCR_MOST, &scale);
    if (ready == NULL) {
        *whole = false;
        return 0;
    }
    guint dots = (guint)((float)(resolution >= 70 && resolution <= 1200 ? resolution : OCR_DOTS) * scale);
    guint taken = ocr_pass(ready, mode, CLAMP(dots, 70, 600), deadline, out, whole);
    pixDestroy(&ready);
    return taken;
}

static guint ocr_looks(PIX *grey, guint resolution, gint64 deadline, GString *out, bool *whole)
{
    guint taken = ocr_look(grey, false, PSM_AUTO, resolution, deadline, out, whole);
    if (*whole && ocr_dark_share(grey) >= OCR_DARK) {
        g_string_append_c(out, '\n');
        taken += ocr_look(grey, true, PSM_AUTO, resolution, deadline, out, whole);
    }
    // Little that is scattered, as on flyers and in screenshots, is taken for no text by a page's layout.
    if (*whole && taken < OCR_LITTLE) {
        g_string_append_c(out, '\n');
        taken += ocr_look(grey, false, PSM_SPARSE_TEXT, resolution, deadline, out, whole);
    }
    return taken;
}

bool ocr_search(ReaderState *state, guint part, const char *place, PIX *grey, guint resolution)
{
    const Attachment *attachment = state->attachment;
    g_autoptr(GString) text = g_string_new(NULL), note = g_string_new(NULL);
    bool whole = false;
    if (!ocr_open(attachment->options->languages, note)) {
        format_note(state, part, "picture-unread", note->str);
        return false;
    }
    PIX *less = ocr_reduced(grey, OCR_MOST);
    guint taken = less != NULL ? ocr_looks(less, resolution, attachment->deadline, text, &whole) : 0;
    pixDestroy(&less);
    g_autofree char *valid = g_utf8_make_valid(text->str, (gssize)text->len);
    g_strstrip(valid);
    if (taken > 0 &&
        format_text(state, part, ORIGIN_OCR, VISIBILITY_SHOWN, place, valid, strlen(valid)) != NULL)
        format_note(state, part, "ocr", place);
    return whole;
}
