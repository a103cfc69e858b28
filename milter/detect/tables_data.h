// What a DetectData holds; between tables.c and data.c only.
#pragma once

#include "detect/attribute.h"

#include <libpsl.h>
#include <unicode/uspoof.h>

typedef struct {
    const char *platform;
    PlatformNamed named;
} PlatformWord;

// Words of a table by what is asked first: a bit a length, and a bit a second letter, by the first byte.
typedef struct {
    guint32 lengths[256], seconds[256];
} WordsMay;

typedef struct {
    guint8 least, most;
    const char *name;
} Country;

struct DetectData {
    gatomicrefcount refs;
    GStringChunk *sections;
    GHashTable *tables; // name -> GPtrArray of TableLine; they own the strings that the indices point to
    GHashTable *books;  // name -> PhraseBook
    PhraseWords *words; // of all books
    DisclaimerBook *disclaimers;
    LayerWords *sign_words;
    guint8 npa[1000];
    const char *npa_place[1000];
    Country countries[1000];
    GHashTable *hotlines, *webmail, *providers, *approved, *gateways, *shorteners;
    GHashTable *platform_words; // word -> PlatformWord
    WordsMay platform_may, provider_may;
    SpotTable spots;
    AttributeWeights weights;
    GHashTable *plain_words; // [words] of platforms.txt
    GHashTable *hosts;       // host -> GPtrArray of HostRule
    GHashTable *reserved;    // "platform/segment"
    psl_ctx_t *psl;
    USpoofChecker *spoof;
    char lookalikes[128]; // skeleton's one ASCII character -> the letter or digit it stands for
};

// Reads and indexes all tables into `data`, whose containers stand.
bool tables_load(DetectData *data, DetectReadTable read, void *read_data, GError **error);
void tables_rule_free(gpointer rule);
