// A held message is given to another reviewer.
#include "console/held.h"
#include "console/reviews.h"

#include <string.h>

enum { WHY_MOST = 1000 };

bool assign_pane(Request *request, Html *html, const HoldItem *item, GError **error)
{
    g_autoptr(GPtrArray) people = reviews_people_for(request, item, error);
    g_autofree char *path = g_strdup_printf("/queue/%s/assign", item->record);
    if (people == NULL)
        return false;
    html_open(html, "details", NULL);
    html_say(html, "summary", "review.assign", NULL);
    form_post(request, html, path, NULL);
    form_select_begin(html, "to", "review.assign-to");
    for (guint i = 0; i < people->len; i++) {
        const User *user = people->pdata[i];
        form_option(html, user->name, user->display, false);
    }
    form_select_end(html);
    html_open(html, "div", "class", "field", NULL);
    html_say(html, "label", "item.words", "for", "why-assign", NULL);
    html_element(html, "textarea", NULL, "id", "why-assign", "name", "why", "maxlength", "1000", "required",
                 "", NULL);
    html_close(html, "div");
    form_button(html, "review.assign-go", NULL, NULL, NULL);
    html_close(html, "form");
    html_close(html, "details");
    return true;
}

static bool assign(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    g_autoptr(GPtrArray) people = item != NULL && held_may_decide(request, item, error)
                                      ? reviews_people_for(request, item, error)
                                      : NULL;
    const char *to = request_form(request, "to"), *found = NULL;
    g_autofree char *why = request_form_text(request, "why", WHY_MOST);
    if (people == NULL)
        return false;
    for (guint i = 0; i < people->len; i++) {
        const User *user = people->pdata[i];
        found = g_strcmp0(user->name, to) == 0 ? user->name : found;
    }
    if (found == NULL || *why == '\0') {
        g_set_error(error, BASE_ERROR, found == NULL ? BASE_ERROR_NOPERM : BASE_ERROR_DATA,
                    found == NULL
                        ? "%s may not be given to \"%s\": no reviewer of its schools, or they are in it"
                        : "%s: say why it is given to %s",
                    item->record, to != NULL ? to : "");
        return false;
    }
    g_autofree char *path = g_strconcat("/queue/", item->record, NULL);
    if (!quarantine_assign(desk_quarantine(request->desk), item->record, found, request_who(request), why,
                           request->now_us, error))
        return false;
    reply_redirect(reply, path, "said.assigned");
    return true;
}

static const Route ROUTES[] = {{"POST", "/queue/:id/assign", USER_REVIEWER, assign}};
const RouteTable ASSIGN_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
