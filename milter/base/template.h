// template: text with places to fill, for notices. A template's author is the district, what fills it may come from
// anybody: values are put on one line, bounded, and never read as template.
//
//   {name}                  the value
//   {#name} ... {/name}     what is between stands there once for each entry of the list `name`; of a value, where it is
//                           not empty
//   {^name} ... {/name}     where the list or the value is empty
//
// A line that holds nothing but such a mark goes with it. Inside a list its entries' values come first, then those around.
#pragma once

#include "base/base.h"

typedef struct Template Template; // immutable
// `file` names it in mistakes. `names`, NULL-ended, are those there are: "reference", "reasons", "reasons.gist" (which makes
// "reasons" a list). NULL with `error` (CONFIG): every mistake, a line each, "file:line: what".
Template *template_parse(const char *file, const char *text, const char *const *names, GError **error);
void template_free(Template *template);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Template, template_free)
// Does it put `name` anywhere?
bool template_uses(const Template *template, const char *name);

typedef struct TemplateData TemplateData;
TemplateData *template_data_new(void);
void template_data_free(TemplateData *data);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TemplateData, template_data_free)
// Copies at most 500 bytes of `text`, in valid UTF-8, control characters as spaces; NULL is the empty value.
void template_set(TemplateData *data, const char *name, const char *text);
// The same of text that the district's own people wrote: all of it, on its own lines.
void template_set_text(TemplateData *data, const char *name, const char *text);
void template_set_number(TemplateData *data, const char *name, int64_t number);
// A new last entry of the list `name`. Borrowed.
TemplateData *template_add(TemplateData *data, const char *name);

// Lines end in LF as in the template. Caller frees.
char *template_render(const Template *template, const TemplateData *data);
