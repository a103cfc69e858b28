// Forms.
#include "console/internal.h"

void form_hidden(Html *html, const char *name, const char *value)
{
    html_void(html, "input", "type", "hidden", "name", name, "value", value, NULL);
}

void form_post(Request *request, Html *html, const char *path, const char *class)
{
    html_open(html, "form", "method", "post", "action", path, "class", class, NULL);
    form_hidden(html, "csrf", request_csrf(request));
}

void form_upload(Request *request, Html *html, const char *path)
{
    html_open(html, "form", "method", "post", "action", path, "enctype", "multipart/form-data", NULL);
    form_hidden(html, "csrf", request_csrf(request));
}

void form_get(Html *html, const char *path, const char *class)
{
    html_open(html, "form", "method", "get", "action", path, "class", class, NULL);
}

// Attributes that a field has of its own are followed by the caller's, of which there are few.
typedef struct {
    const char *pairs[13];
} Extra;

static Extra extra_of(va_list list)
{
    Extra extra = {{NULL}};
    for (gsize i = 0; i + 1 < G_N_ELEMENTS(extra.pairs); i += 2) {
        extra.pairs[i] = va_arg(list, const char *);
        if (extra.pairs[i] == NULL)
            break;
        extra.pairs[i + 1] = va_arg(list, const char *);
    }
    return extra;
}

#define EXTRA(e)                                                                                             \
    (e).pairs[0], (e).pairs[1], (e).pairs[2], (e).pairs[3], (e).pairs[4], (e).pairs[5], (e).pairs[6],        \
        (e).pairs[7], (e).pairs[8], (e).pairs[9], (e).pairs[10], (e).pairs[11]

static void label(Html *html, const char *name, const char *key)
{
    html_open(html, "p", "class", "field", NULL);
    html_say(html, "label", key, "for", name, NULL);
}

void form_field(Html *html, const char *name, const char *key, const char *value, ...)
{
    va_list list;
    va_start(list, value);
    Extra extra = extra_of(list);
    va_end(list);
    label(html, name, key);
    const char *filled = value != NULL && *value != '\0' ? value : NULL;
    html_void(html, "input", "id", name, "name", name, "value", filled, EXTRA(extra), NULL);
    html_close(html, "p");
}

void form_area(Html *html, const char *name, const char *key, const char *value, ...)
{
    va_list list;
    va_start(list, value);
    Extra extra = extra_of(list);
    va_end(list);
    label(html, name, key);
    html_element(html, "textarea", value, "id", name, "name", name, EXTRA(extra), NULL);
    html_close(html, "p");
}

void form_check(Html *html, const char *name, const char *value, const char *key, bool checked)
{
    html_open(html, "p", "class", "check", NULL);
    html_open(html, "label", NULL);
    html_void(html, "input", "type", "checkbox", "name", name, "value", value, "checked", checked ? "" : NULL,
              NULL);
    html_text(html, " ");
    html_words(html, key, NULL);
    html_close(html, "label");
    html_close(html, "p");
}

void form_select_begin(Html *html, const char *name, const char *key)
{
    label(html, name, key);
    html_open(html, "select", "id", name, "name", name, NULL);
}

void form_option(Html *html, const char *value, const char *text, bool selected)
{
    html_element(html, "option", text, "value", value, "selected", selected ? "" : NULL, NULL);
}

void form_option_say(Html *html, const char *value, const char *key, bool selected)
{
    html_say(html, "option", key, "value", value, "selected", selected ? "" : NULL, NULL);
}

void form_select_end(Html *html)
{
    html_close(html, "select");
    html_close(html, "p");
}

void form_button(Html *html, const char *key, const char *name, const char *value, const char *class)
{
    html_say(html, "button", key, "type", "submit", "name", name, "value", value, "class", class, NULL);
}

void form_act(Request *request, Html *html, const char *path, const char *key)
{
    form_post(request, html, path, "act");
    form_button(html, key, NULL, NULL, NULL);
    html_close(html, "form");
}
