// One held message stands for another: it is decided with it, or as it was.
#include "console/held.h"

#include <string.h>

// ---- on the item's page ----------------------------------------------------------------------------------

static bool is_open(const HoldItem *item)
{
    bool open = false;
    for (guint i = 0; i < item->rcpts->len && !open; i++) {
        HoldState state = ((const HoldRcpt *)item->rcpts->pdata[i])->state;
        open = state == HOLD_HELD || state == HOLD_PENDING;
    }
    return open;
}

static bool is_known(const GPtrArray *items, const char *record)
{
    bool known = false;
    for (guint i = 0; i < items->len && !known; i++)
        known = strcmp(((const HoldItem *)items->pdata[i])->record, record) == 0;
    return known;
}

bool duplicate_items(Request *request, const HoldItem *original, GPtrArray *into, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    g_autoptr(GPtrArray) records = docket != NULL ? docket_duplicates(docket, original->record, error) : NULL;
    bool ok = records != NULL;
    for (guint i = 0; ok && i < records->len; i++) {
        g_autoptr(GError) why = NULL;
        g_autoptr(HoldItem) item = quarantine_get(desk_quarantine(request->desk), records->pdata[i], &why);
        ok = item != NULL || why->code == BASE_ERROR_NOINPUT; // gone: nothing is left to decide
        if (!ok)
            g_propagate_error(error, g_steal_pointer(&why));
        if (item != NULL && is_open(item) && held_in_scope(request, item) && !is_known(into, item->record))
            g_ptr_array_add(into, g_steal_pointer(&item));
    }
    return ok;
}

static void item_link(Html *html, const char *key, const char *record)
{
    g_autofree char *path = g_strconcat("/queue/", record, NULL);
    html_open(html, "p", "class", "note", NULL);
    html_words(html, key, NULL);
    html_text(html, " ");
    html_link(html, path, record);
    html_close(html, "p");
}

bool duplicate_notice(Request *request, Html *html, const HoldItem *item, DocketEntry **out_decided,
                      GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    g_autofree char *original = NULL;
    g_autoptr(GPtrArray) entries = NULL;
    *out_decided = NULL;
    if (docket == NULL || !docket_original(docket, item->record, &original, error))
        return false;
    if (original == NULL)
        return true;
    item_link(html, "duplicate.of", original);
    entries = docket_of(docket, original, error);
    for (guint i = entries != NULL ? entries->len : 0; i > 0 && *out_decided == NULL; i--) {
        DocketState state = ((const DocketEntry *)entries->pdata[i - 1])->state;
        if (state == DOCKET_DONE || state == DOCKET_WAITING || state == DOCKET_DOING)
            *out_decided = g_ptr_array_steal_index(entries, i - 1);
    }
    return entries != NULL;
}

void duplicate_form(Request *request, Html *html, const HoldItem *item)
{
    g_autofree char *path = g_strdup_printf("/queue/%s/duplicate", item->record);
    html_open(html, "details", NULL);
    html_say(html, "summary", "duplicate.mark", NULL);
    form_post(request, html, path, "narrow");
    form_field(html, "of", "duplicate.reference", NULL, "required", "", "minlength", "26", "maxlength", "26",
               NULL);
    form_button(html, "duplicate.go", NULL, NULL, NULL);
    html_close(html, "form");
    html_close(html, "details");
}

// ---- the step --------------------------------------------------------------------------------------------

static bool duplicate(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    g_autofree char *given = request_form_text(request, "of", 40), *of = g_ascii_strup(given, -1);
    if (item == NULL || !held_may_decide(request, item, error))
        return false;
    if (!ulid_parse(of, NULL)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "\"%s\" is no reference: give the one that stands on the other message's page", given);
        return false;
    }
    g_autoptr(HoldItem) original = quarantine_get(desk_quarantine(request->desk), of, error);
    if (original == NULL)
        return false;
    if (!held_in_scope(request, original)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "%s is of a school that is not yours", of);
        return false;
    }
    g_autofree char *note = g_strconcat("duplicate of ", of, NULL);
    if (!docket_duplicate(desk_docket(request->desk, error), item->record, of, request_who(request),
                          request->now_us, error) ||
        !quarantine_note(desk_quarantine(request->desk), item->record, request_who(request), note,
                         request->now_us, error))
        return false;
    g_autofree char *path = g_strconcat("/queue/", item->record, NULL);
    reply_redirect(reply, path, "said.duplicate");
    return true;
}

static const Route ROUTES[] = {{"POST", "/queue/:id/duplicate", USER_REVIEWER, duplicate}};
const RouteTable DUPLICATE_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
