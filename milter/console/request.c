// What a request says.
#include "console/internal.h"

#include <string.h>

void request_part_free(RequestPart *part)
{
    g_free(part->name);
    g_free(part->filename);
    g_string_free(part->data, TRUE);
    g_free(part);
}

Request *request_new(void)
{
    Request *request = g_new0(Request, 1);
    request->query = g_ptr_array_new_with_free_func((GDestroyNotify)request_part_free);
    request->form = g_ptr_array_new_with_free_func((GDestroyNotify)request_part_free);
    return request;
}

void request_free(Request *request)
{
    if (request == NULL)
        return;
    g_free(request->path);
    g_ptr_array_unref(request->query);
    g_ptr_array_unref(request->form);
    for (gsize i = 0; i < G_N_ELEMENTS(request->args); i++)
        g_free(request->args[i]);
    g_free(request->cookie);
    g_free(request->visitor);
    g_free(request->remote);
    g_free(request->proxy_user);
    account_session_free(request->session);
    g_free(request);
}

char *request_path(const char *raw)
{
    if (raw[0] != '/' || strlen(raw) > 2048 || strchr(raw, '\\') != NULL || !g_utf8_validate(raw, -1, NULL))
        return NULL;
    g_auto(GStrv) parts = g_strsplit(raw + 1, "/", -1);
    for (guint i = 0; parts[i] != NULL; i++)
        if ((*parts[i] == '\0' && (i > 0 || parts[1] != NULL)) || strcmp(parts[i], ".") == 0 ||
            strcmp(parts[i], "..") == 0)
            return NULL;
    return g_strdup(raw);
}

static const RequestPart *part_find(const GPtrArray *parts, const char *name, bool is_file)
{
    for (guint i = 0; i < parts->len; i++) {
        const RequestPart *part = parts->pdata[i];
        if (strcmp(part->name, name) == 0 && (part->filename != NULL) == is_file)
            return part;
    }
    return NULL;
}

static const char *part_text(const RequestPart *part)
{
    return part != NULL && part->data->len == strlen(part->data->str) &&
                   g_utf8_validate(part->data->str, -1, NULL)
               ? part->data->str
               : NULL;
}

const char *request_query(const Request *request, const char *name)
{
    return part_text(part_find(request->query, name, false));
}

const char *request_form(const Request *request, const char *name)
{
    return part_text(part_find(request->form, name, false));
}

char *request_form_text(const Request *request, const char *name, gsize most)
{
    const char *text = request_form(request, name);
    char *copy = g_strstrip(g_strdup(text != NULL ? text : ""));
    if (strlen(copy) > most) {
        copy[most] = '\0';
        const char *end = copy;
        if (!g_utf8_validate(copy, -1, &end))
            copy[end - copy] = '\0';
    }
    return copy;
}

GPtrArray *request_form_all(const Request *request, const char *name)
{
    GPtrArray *all = g_ptr_array_new();
    for (guint i = 0; i < request->form->len; i++) {
        const RequestPart *part = request->form->pdata[i];
        if (strcmp(part->name, name) == 0 && part->filename == NULL && part_text(part) != NULL)
            g_ptr_array_add(all, part->data->str);
    }
    return all;
}

const RequestPart *request_file(const Request *request, const char *name)
{
    return part_find(request->form, name, true);
}

int64_t request_number(const Request *request, const char *name, int64_t least, int64_t most,
                       int64_t fallback)
{
    const char *text = request_query(request, name);
    gint64 number = 0;
    return text != NULL && g_ascii_string_to_signed(text, 10, least, most, &number, NULL) ? number : fallback;
}

const User *request_user(const Request *request)
{
    return request->session->user;
}

const char *request_who(const Request *request)
{
    return request->session->user->name;
}

bool request_may(const Request *request, guint roles)
{
    return request->session != NULL && request->session->stage == SESSION_WHOLE &&
           (request->session->user->roles & roles) != 0;
}

bool request_sees_school(const Request *request, const char *school)
{
    return request->session != NULL && user_has_school(request->session->user, school);
}

Tri request_is_granted(Request *request, const char *matter, GError **error)
{
    return accounts_is_granted(desk_accounts(request->desk), request_who(request), matter, request->now_us,
                               error);
}

const char *request_csrf(const Request *request)
{
    return request->session != NULL ? request->session->csrf : request->visitor;
}
