// What a DetectData holds; between tables.c and data.c only.
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8

#include "detect/tables.h"

#include <libpsl.h>
#include <pcre2.h>
#include <unicode/uspoof.h>

typedef struct {
    const char *platform;
    PlatformNamed named;
} PlatformWord;

typedef struct {
    guint8 least, most;
    const char *name;
} Country;

struct DetectData {
    gatomicrefcount refs;
    GStringChunk *sections;
    GHashTable *tables; // name -> GPtrArray of TableLine; they own the strings that the indices point to
    GHashTable *books;  // name -> PhraseBook
    guint8 npa[1000];
    const char *npa_place[1000];
    Country countries[1000];
    GHashTable *hotlines, *webmail, *providers, *approved, *gateways, *shorteners;
    GHashTable *platform_words;                           // word -> PlatformWord
    guint32 platform_lengths[256], provider_lengths[256]; // by first byte: a bit a length of such words
    GHashTable *hosts;                                    // host -> GPtrArray of HostRule
    GHashTable *reserved;                                 // "platform/segment"
    psl_ctx_t *psl;
    USpoofChecker *spoof;
    char lookalikes[128]; // skeleton's one ASCII character -> the letter or digit it stands for
    pcre2_code *patterns[PATTERN_LAST];
};

// Reads and indexes all tables into `data`, whose containers stand.
bool tables_load(DetectData *data, DetectReadTable read, void *read_data, GError **error);
void tables_rule_free(gpointer rule);
