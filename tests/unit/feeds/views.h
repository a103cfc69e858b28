// What a model has of lists, private details, tools and the like, in words. Rows are in the model's order, each ended by
// "\n". Callers free.
#pragma once

#include "export.h"

char *view_lists(const Export *export_);    // "band@example.org known: a@example.org class:x"
char *view_personal(const Export *export_); // "owner field value", the values unsealed
char *view_published(const Export *export_);
char *view_blocks(const Export *export_);
char *view_tools(const Export *export_);
char *view_relations(const Export *export_); // "a kind b", references as "#id", "address"
char *view_groups(const Export *export_);    // classes and, indented, the references to their members
char *view_use(const Export *export_, const char *id); // contacts: "field=value use"
char *view_manager(const Export *export_, const char *id);
// Reads the files, given as name, text, ..., NULL, which must work, or with an error that holds `fails`.
void view_read(Export *export_, const char *fails, ...) G_GNUC_NULL_TERMINATED;
// Compares and frees `got`.
void view_is(const char *what, char *got, const char *expect);
