#include "base/template.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const NAMES[] = {"who",       "what",        "list",     "list.item",
                                    "list.more", "list.more.x", "list.who", NULL};

static char *filled(const char *text, const TemplateData *data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Template) template = template_parse("t", text, NAMES, &error);
    cr_assert_not_null(template, "%s: %s", text, error != NULL ? error->message : "");
    return template_render(template, data);
}

Test(template, fills_values_lists_and_what_is_empty)
{
    g_autoptr(TemplateData) data = template_data_new();
    template_set(data, "who", "Ann");
    TemplateData *one = template_add(data, "list"), *two = template_add(data, "list");
    template_set(one, "item", "1");
    template_set(template_add(one, "more"), "x", "a");
    template_set(template_add(one, "more"), "x", "b");
    template_set(two, "item", "2");
    template_set(two, "who", "Bea");
    static const char *const ROWS[][2] = {
        {"Hello {who}, {what}!\n", "Hello Ann, !\n"},
        {"{#who}\nis {who}\n{/who}\n{^what}\nno what\n{/what}\nend\n", "is Ann\nno what\nend\n"},
        {"{#list}{item}{#more}{x}{/more};{/list}\n", "1ab;2;\n"},
        {"{#list}\n- {who} {item}\n{^more}\n  alone\n{/more}\n{/list}\n", "- Ann 1\n- Bea 2\n  alone\n"},
        {"{^list}\nnone\n{/list}\n", ""},
        {"a { brace } {}, {Not} stays", "a { brace } {}, {Not} stays\n"},
        {"CR\r\n{who}\r\n", "CR\nAnn\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *text = filled(ROWS[i][0], data);
        cr_expect_str_eq(text, ROWS[i][1], "row %zu: %s", i, text);
    }
}

Test(template, a_value_is_one_bounded_line_and_never_template)
{
    g_autoptr(TemplateData) data = template_data_new();
    g_autofree char *lengthy = g_strnfill(499, 'x');
    g_autofree char *longer = g_strconcat(lengthy, "\303\251\303\251", NULL);
    template_set(data, "who", "a\r\nBcc: {what}\x1b[2J");
    template_set(data, "what", longer);
    g_autofree char *first = filled("{who}", data), *second = filled("{what}", data);
    cr_expect_str_eq(first, "a  Bcc: {what} [2J\n");
    cr_expect(g_utf8_validate(second, -1, NULL));
    cr_expect_eq(strlen(second), 500u, "%zu", strlen(second));
    template_set(data, "who", "\xff\xfe bytes");
    g_autofree char *third = filled("{who}", data);
    cr_expect(g_utf8_validate(third, -1, NULL));
}

Test(template, names_every_mistake_with_its_line)
{
    static const char *const ROWS[][2] = {
        {"{nobody}", "t:1: there is no {nobody} here"},
        {"x\n{item}", "t:2: there is no {item} here"},
        {"{#list}\n{x}\n{/list}", "t:2: there is no {x} here"},
        {"\n{#who}", "t:2: {#who} has no {/who}"},
        {"{/who}", "t:1: {/who} ends nothing"},
        {"{#who}{#what}{/who}{/what}", "t:1: {/who} ends nothing"},
        {"{list}", "t:1: {list} is a list"},
        {"{#who}{#who}{#who}{#who}{#who}{/who}{/who}{/who}{/who}{/who}", "nested deeper"},
        {"\xff", "t:1: is not UTF-8"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autoptr(GError) error = NULL;
        cr_assert_null(template_parse("t", ROWS[i][0], NAMES, &error), "row %zu", i);
        cr_expect_not_null(strstr(error->message, ROWS[i][1]), "row %zu: %s", i, error->message);
        cr_expect_eq(error->code, BASE_ERROR_CONFIG);
    }
    g_autoptr(Template) uses = template_parse("t", "{#list}{item}{/list}", NAMES, NULL);
    cr_expect(template_uses(uses, "item") && template_uses(uses, "list") && !template_uses(uses, "who"));
}

Test(template, texts_keep_their_lines_and_length)
{
    g_autoptr(TemplateData) data = template_data_new();
    g_autofree char *body = g_strnfill(2000, 'x'),
                    *text = g_strdup_printf("one\n%s\r\ntwo\x1b{what}\n\n", body);
    template_set_text(data, "who", text);
    g_autofree char *out = filled("{who}|\n", data);
    g_autofree char *want = g_strdup_printf("one\n%s \ntwo {what}|\n", body);
    cr_assert_str_eq(out, want);
}
