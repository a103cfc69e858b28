#include "message/facts.h"

#include <stddef.h>
#include <string.h>

typedef struct {
    const char *name;
    FactClass cls;
    const char *meaning;
} FactEntry;

#define ENTRY(name, cls, meaning) {name, FACT_##cls, meaning},
static const FactEntry FACTS[] = {MESSAGE_FACTS(ENTRY)};
#undef ENTRY

const char *message_fact_lookup(const char *name, FactClass *out_class, const char **out_meaning)
{
    for (size_t i = 0; i < sizeof FACTS / sizeof FACTS[0]; i++)
        if (strcmp(FACTS[i].name, name) == 0) {
            if (out_class != NULL)
                *out_class = FACTS[i].cls;
            if (out_meaning != NULL)
                *out_meaning = FACTS[i].meaning;
            return FACTS[i].name;
        }
    return NULL;
}

void message_each_fact(void (*func)(const char *name, FactClass cls, const char *meaning, void *data),
                       void *data)
{
    for (size_t i = 0; i < sizeof FACTS / sizeof FACTS[0]; i++)
        func(FACTS[i].name, FACTS[i].cls, FACTS[i].meaning, data);
}
