// What lexicon.c hands to record.c. Private to detect.
#pragma once

#include "detect/internal.h"
#include "detect/phrases.h"

// How sure hit `at` of view->lexicon is by what stands around it, as for a category; 0 where it is innocent.
typedef struct LexiconText LexiconText;
LexiconText *lexicon_text_new(const DetectView *view);
void lexicon_text_free(LexiconText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LexiconText, lexicon_text_free)
// Signs that the passage is about such things, a lesson or a rule.
guint lexicon_text_about(const LexiconText *text);
double lexicon_shape(const LexiconText *text, guint at);
// The words of `view` (view_words was asked), spellings with signs for letters read. Of PhraseToken; caller unrefs.
GArray *lexicon_words(const DetectData *data, const DetectView *view);
