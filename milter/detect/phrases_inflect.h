// The forms that a marked word of a phrase book stands for. Private to detect.
#pragma once

#include "base/base.h"

// "threaten~": a word and its English endings (threatens, threatened, threatening); "amenazar~es": a Spanish verb
// (amenaza, amenazado, ...), noun or adjective (estúpido~es: estúpida, estúpidos, ...); "n#v#r": any vowels. A star
// is a star, as writers put it in "h*ck". Words without marks stand for themselves. GPtrArray of char*, each the whole text in one of its forms,
// at most 400; caller unrefs.
GPtrArray *phrases_inflect(const char *text);
