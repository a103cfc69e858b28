#include "text_fixture.h"

#include <string.h>

TextFixture *text_read(const void *data, gsize len, const char *type, const char *name)
{
    TextFixture *fixture = g_new0(TextFixture, 1);
    fixture->config = config_defaults();
    fixture->state.message = message_new();
    fixture->state.limits = &fixture->config->limits;
    Part *part = message_add_part(fixture->state.message, 0, "1", type);
    part->name = g_strdup(name);
    void *exact = g_memdup2(data, len);
    content_read(&fixture->state, 1, exact, len, NULL);
    g_free(exact);
    return fixture;
}

TextFixture *text_read_string(const char *text, const char *type)
{
    return text_read(text, strlen(text), type, NULL);
}

void text_free(TextFixture *fixture)
{
    message_free(fixture->state.message);
    config_unref(fixture->config);
    g_free(fixture);
}

char *text_of(const TextFixture *fixture, PassageOrigin origin, int visibility)
{
    GString *all = g_string_new(NULL);
    const GPtrArray *passages = fixture->state.message->passages;
    for (guint i = 0; i < passages->len; i++) {
        const Passage *passage = passages->pdata[i];
        if (passage->origin != origin || (visibility >= 0 && (int)passage->visibility != visibility))
            continue;
        if (all->len)
            g_string_append_c(all, '|');
        g_string_append(all, passage->text);
    }
    return g_string_free(all, FALSE);
}

const Passage *text_passage(const TextFixture *fixture, PassageOrigin origin, int visibility)
{
    const GPtrArray *passages = fixture->state.message->passages;
    for (guint i = 0; i < passages->len; i++) {
        const Passage *passage = passages->pdata[i];
        if (passage->origin == origin && (visibility < 0 || (int)passage->visibility == visibility))
            return passage;
    }
    return NULL;
}

const char *text_property(const TextFixture *fixture, const char *header)
{
    const GPtrArray *passages = fixture->state.message->passages;
    for (guint i = 0; i < passages->len; i++) {
        const Passage *passage = passages->pdata[i];
        if (!g_strcmp0(passage->header, header))
            return passage->text;
    }
    return NULL;
}

bool text_fact(const TextFixture *fixture, const char *fact)
{
    return message_has_fact(fixture->state.message, fact);
}

const Part *text_part(const TextFixture *fixture, guint part)
{
    cr_assert_lt(part, fixture->state.message->parts->len);
    return fixture->state.message->parts->pdata[part];
}
