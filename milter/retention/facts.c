#include "retention/internal.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void add_once(GPtrArray *list, char *taken)
{
    bool known =
        taken == NULL || *taken == '\0' || g_ptr_array_find_with_equal_func(list, taken, g_str_equal, NULL);
    if (known)
        g_free(taken);
    else
        g_ptr_array_add(list, taken);
}

// As the roster writes it; what is no address, as it stands there.
static void add_address(RecordFacts *facts, const Config *config, const char *address)
{
    if (address == NULL)
        return;
    char *canonical = roster_canonical_address(config, address);
    add_once(facts->addresses, canonical != NULL ? canonical : g_utf8_strdown(address, -1));
}

// `list` holds addresses, or objects with one.
static void add_addresses(RecordFacts *facts, const Config *config, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        add_address(facts, config, json_is_string(one) ? json_string_value(one) : text_of(one, "address"));
    }
}

void record_facts_init(RecordFacts *facts, const Config *config, const json_t *meta)
{
    const json_t *envelope = json_object_get(meta, "envelope"), *message = json_object_get(meta, "message");
    const json_t *judgement = json_object_get(meta, "judgement");
    const json_t *parties = json_object_get(judgement, "parties");
    *facts = (RecordFacts){.id = text_of(meta, "id"),
                           .subject = text_of(message, "subject"),
                           .sent_us = archive_mail_time(meta),
                           .size = json_integer_value(json_object_get(meta, "size")),
                           .parties = parties != NULL ? parties : json_object_get(meta, "parties"),
                           .decided = json_object_get(judgement, "recipients"),
                           .undecided = json_array_size(json_object_get(judgement, "pending")) > 0};
    facts->addresses = g_ptr_array_new_with_free_func(g_free);
    facts->persons = g_ptr_array_new_with_free_func(g_free);
    add_address(facts, config, text_of(envelope, "mail_from"));
    add_address(facts, config, text_of(envelope, "auth_login"));
    add_addresses(facts, config, json_object_get(envelope, "rcpts"));
    add_addresses(facts, config, facts->parties);
    add_addresses(facts, config, json_object_get(message, "addresses"));
    for (size_t i = 0; i < json_array_size(facts->parties); i++)
        add_once(facts->persons, g_strdup(text_of(json_array_get(facts->parties, i), "person")));
}

void record_facts_clear(RecordFacts *facts)
{
    g_clear_pointer(&facts->addresses, g_ptr_array_unref);
    g_clear_pointer(&facts->persons, g_ptr_array_unref);
}
