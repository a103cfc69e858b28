// Proofs: the log's newest checkpoint, who else has signed it, a record's place in it, and what an older checkpoint or a proof is worth.
#include "console/internal.h"

#include "tlog/tlog.h"
#include "witness/witness.h"

#include <string.h>

#define SEEN (USER_AUDITOR | USER_RECORDS | USER_MAIL_ADMIN)
enum { TEXT_MOST = 100000, STAMPS = 5 };

// ---- the checkpoint ----------------------------------------------------------------------------------------

static void checkpoint(Request *request, Html *html)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(ArchiveCheckpoint) found = archive_log_checkpoint(request->config, &why);
    html_say(html, "h2", "proofs.checkpoint", NULL);
    if (found == NULL) {
        html_element(html, "p", why->message, "class", "bad", NULL);
        return;
    }
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, found->size);
    html_open(html, "p", NULL);
    html_words(html, "dashboard.leaves", "n", size, NULL);
    html_text(html, " ");
    page_time(request, html, found->written_us);
    html_close(html, "p");
    html_element(html, "pre", found->note, "class", "wrap", "tabindex", "0", NULL);
    html_open(html, "p", NULL);
    html_words(html, "proofs.key", NULL);
    html_text(html, " ");
    html_element(html, "code", found->verifier, "class", "wrap", NULL);
    html_close(html, "p");
    html_open(html, "p", NULL);
    html_link_say(html, "/proofs/checkpoint", "proofs.download");
    html_close(html, "p");
}

static void witnesses(Request *request, Html *html)
{
    g_autoptr(GError) why = NULL;
    guint64 size = 0;
    g_autoptr(GPtrArray) words = witness_words(request->config, &size, &why);
    html_say(html, "h2", "dashboard.witnesses", NULL);
    if (words == NULL || words->len == 0)
        html_element(html, "p",
                     why != NULL ? why->message : words_get(request->words, "dashboard.no-witness"), NULL);
    html_open(html, "ul", NULL);
    for (guint i = 0; words != NULL && i < words->len; i++) {
        const WitnessWord *word = words->pdata[i];
        html_open(html, "li", NULL);
        html_element(html, "strong", word->name, NULL);
        html_text(html, " ");
        if (word->time_s > 0)
            page_time(request, html, word->time_s * G_USEC_PER_SEC);
        if (word->why != NULL)
            html_text(html, word->why);
        html_close(html, "li");
    }
    html_close(html, "ul");
}

static void stamps(Request *request, Html *html)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GPtrArray) found = witness_stamps(request->config, STAMPS, &why);
    html_say(html, "h2", "proofs.stamps", NULL);
    if (found == NULL || found->len == 0)
        html_element(html, "p", why != NULL ? why->message : words_get(request->words, "dashboard.no-stamp"),
                     NULL);
    html_open(html, "ul", NULL);
    for (guint i = 0; found != NULL && i < found->len; i++) {
        const WitnessStamp *stamp = found->pdata[i];
        g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, stamp->size);
        html_open(html, "li", NULL);
        html_words(html, "dashboard.leaves", "n", size, NULL);
        html_text(html, " ");
        html_text(html, stamp->why != NULL ? stamp->why : stamp->time);
        html_close(html, "li");
    }
    html_close(html, "ul");
}

// ---- forms -------------------------------------------------------------------------------------------------

static void forms(Request *request, Html *html, const char *id)
{
    html_say(html, "h2", "proofs.prove", NULL);
    form_post(request, html, "/proofs/record", "filter");
    form_field(html, "id", "proofs.id", id, "required", "", "maxlength", "26", "spellcheck", "false", NULL);
    form_button(html, "proofs.prove-go", NULL, NULL, "main");
    html_close(html, "form");
    html_say(html, "h2", "proofs.compare", NULL);
    html_say(html, "p", "proofs.compare-hint", "class", "hint", NULL);
    form_post(request, html, "/proofs/compare", NULL);
    form_area(html, "checkpoint", "proofs.older", NULL, "required", "", "spellcheck", "false", NULL);
    form_button(html, "proofs.compare-go", NULL, NULL, "main");
    html_close(html, "form");
    html_say(html, "h2", "proofs.check", NULL);
    html_say(html, "p", "proofs.check-hint", "class", "hint", NULL);
    form_post(request, html, "/proofs/check", NULL);
    form_area(html, "proof", "proofs.text", NULL, "required", "", "spellcheck", "false", NULL);
    form_button(html, "proofs.check-go", NULL, NULL, "main");
    html_close(html, "form");
}

static void by_oneself(Html *html)
{
    html_say(html, "h2", "proofs.alone", NULL);
    html_say(html, "p", "proofs.alone-hint", NULL);
    html_element(html, "pre",
                 "python3 chaperone_verify.py archive DIR --key FILE.pub\n"
                 "chaperone archive prove ID --out DIR\n"
                 "chaperone archive verify\n",
                 NULL);
}

static bool proofs(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Html) html = page_begin(request, "proofs.title");
    if (request_may(request, USER_AUDITOR)) {
        html_open(html, "p", NULL);
        html_link_say(html, "/proofs/events", "events.title");
        html_close(html, "p");
    }
    checkpoint(request, html);
    forms(request, html, request_query(request, "id"));
    witnesses(request, html);
    stamps(request, html);
    by_oneself(html);
    page_end(request, html, reply);
    return true;
}

static bool proofs_checkpoint(Request *request, Reply *reply, GError **error)
{
    g_autoptr(ArchiveCheckpoint) found = archive_log_checkpoint(request->config, error);
    if (found == NULL)
        return false;
    reply_download(reply, "checkpoint.txt", "text/plain", found->note, strlen(found->note));
    return true;
}

// ---- answers -----------------------------------------------------------------------------------------------

// TRI_YES: good; `why` says more where it is not, or where nobody can tell.
static bool result(Request *request, Reply *reply, const char *title, Tri good, const char *key,
                   const char *why, const char *text)
{
    g_autofree char *word = g_strconcat(key,
                                        good == TRI_YES  ? ".yes"
                                        : good == TRI_NO ? ".no"
                                                         : ".unknown",
                                        NULL);
    g_autoptr(Html) html = page_begin(request, title);
    html_open(html, "p", "class", good == TRI_YES ? "good" : "bad", "role", "status", NULL);
    html_words(html, word, NULL);
    html_close(html, "p");
    if (why != NULL) {
        html_open(html, "p", NULL);
        html_mail(html, why);
        html_close(html, "p");
    }
    if (text != NULL)
        html_element(html, "pre", text, "class", "wrap", "tabindex", "0", NULL);
    html_open(html, "p", NULL);
    html_link_say(html, "/proofs", "proofs.back");
    html_close(html, "p");
    page_end(request, html, reply);
    return true;
}

// Does the proof lead from its leaf to the checkpoint at its end, and has our key signed that?
static Tri proof_holds(const Config *config, const TlogProof *proof, GError **why)
{
    g_auto(TlogCheckpoint) parsed = {0};
    g_autoptr(ArchiveCheckpoint) newest = archive_log_checkpoint(config, why);
    g_autoptr(TlogKey) key = newest != NULL ? tlog_key_from_verifier(newest->verifier, why) : NULL;
    if (key == NULL)
        return TRI_UNKNOWN;
    Tri is_ours = tlog_note_signed(proof->note, key, NULL, why);
    if (is_ours != TRI_YES || !tlog_checkpoint_parse(proof->note->text, &parsed, why) || proof->extra == NULL)
        return TRI_NO;
    TlogHash leaf;
    gsize len = 0;
    const void *data = g_bytes_get_data(proof->extra, &len);
    tlog_leaf_hash(data, len, &leaf);
    return tlog_check_inclusion(proof->index, parsed.size, &leaf, proof->proof, &parsed.root) ? TRI_YES
                                                                                              : TRI_NO;
}

static bool proofs_record(Request *request, Reply *reply, GError **error)
{
    g_autofree char *id = request_form_text(request, "id", ULID_LEN);
    g_autoptr(GError) why = NULL;
    if (!ulid_parse(id, NULL)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "\"%s\" is no id of a record", id);
        return false;
    }
    g_autoptr(ArchiveRecord) record = archive_get(request->config, id, error);
    if (record == NULL ||
        !console_tell(request, "prove", id, json_pack("{s:s}", "through", "console"), error))
        return false;
    g_autofree char *text = archive_log_prove(request->config, id, &why);
    g_autoptr(TlogProof) proof = text != NULL ? tlog_proof_parse(text, strlen(text), &why) : NULL;
    Tri good = proof != NULL ? proof_holds(request->config, proof, &why) : TRI_UNKNOWN;
    if (good == TRI_YES && !archive_log_leaf_fits(proof->extra, record->json, record->raw, &why))
        good = TRI_NO;
    return result(request, reply, "proofs.prove", good, "proofs.record", why != NULL ? why->message : NULL,
                  text);
}

static bool proofs_check(Request *request, Reply *reply, GError **error)
{
    g_autofree char *text = request_form_text(request, "proof", TEXT_MOST);
    g_autofree char *whole = NULL;
    g_autoptr(GError) why = NULL;
    // Browsers send CR LF; a proof has LF alone.
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    g_autofree char *joined = g_strjoinv("\n", lines);
    whole = g_strconcat(joined, "\n", NULL);
    g_autoptr(TlogProof) proof = tlog_proof_parse(whole, strlen(whole), &why);
    Tri good = proof != NULL ? proof_holds(request->config, proof, &why) : TRI_NO;
    return result(request, reply, "proofs.check", good, "proofs.checked", why != NULL ? why->message : NULL,
                  NULL);
}

static Tri compare(const Config *config, const char *note, GError **why)
{
    g_autoptr(ArchiveCheckpoint) older = archive_log_checkpoint_of(config, note, why);
    g_autoptr(ArchiveCheckpoint) newest = older != NULL ? archive_log_checkpoint(config, why) : NULL;
    if (older == NULL)
        return TRI_NO;
    if (newest == NULL)
        return TRI_UNKNOWN;
    if (older->size > newest->size) {
        g_set_error(why, BASE_ERROR, BASE_ERROR_DATA,
                    "it is of a larger log than the newest checkpoint here: leaves are missing");
        return TRI_NO;
    }
    g_autofree char *dir = archive_log_dir(config);
    g_autoptr(Tlog) log = tlog_open(dir, newest->size, why);
    g_autoptr(GArray) proof =
        log != NULL ? tlog_consistency(tlog_read, log, older->size, newest->size, why) : NULL;
    if (proof == NULL)
        return TRI_UNKNOWN;
    return tlog_check_consistency(older->size, &older->root, newest->size, &newest->root, proof) ? TRI_YES
                                                                                                 : TRI_NO;
}

static bool proofs_compare(Request *request, Reply *reply, GError **error)
{
    g_autofree char *text = request_form_text(request, "checkpoint", TEXT_MOST);
    g_autoptr(GError) why = NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    g_autofree char *joined = g_strjoinv("\n", lines);
    g_autofree char *note = g_strconcat(joined, "\n", NULL);
    Tri good = compare(request->config, note, &why);
    return result(request, reply, "proofs.compare", good, "proofs.compared",
                  why != NULL ? why->message : NULL, NULL);
}

static const Route ROUTES[] = {
    {"GET", "/proofs", SEEN, proofs},
    {"GET", "/proofs/checkpoint", SEEN, proofs_checkpoint},
    {"POST", "/proofs/record", SEEN, proofs_record},
    {"POST", "/proofs/check", SEEN, proofs_check},
    {"POST", "/proofs/compare", SEEN, proofs_compare},
};
const RouteTable PROOFS_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
