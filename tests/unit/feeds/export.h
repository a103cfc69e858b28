// An export of a student information system, read into a model: several exports of one source one after another, as
// the generations before and a delta.
#pragma once

#include "feeds/run.h"
#include "ground.h"

typedef struct {
    Ground ground;
    const FeedImporter *importer;
    FeedSpec spec;
    FeedOptions options;
    FeedRun *run;
    FeedInput last; // covers of the last export read
} Export;
void export_init(Export *sis, const FeedImporter *importer);
void export_clear(Export *sis);
void export_put(Export *sis, const char *file, const char *text); // text NULL: takes it away
// Reads what is there; NULL, or the error's text, caller frees.
char *export_read(Export *sis);
// Reads what is there, which must work, takes the files away and forgets the warnings: what was before.
void export_before(Export *sis);
bool export_warns(Export *sis, const char *start); // one of the warnings begins so
char *export_warnings(Export *sis);                // all, a line each
// What the model has, rows parted by '/'. Callers free.
char *export_person(Export *sis,
                    const char *id); // "Ann One (Annie) ann 7 20100214 off: staff principal@o1 20260801-"
char *export_contacts(Export *sis, const char *id);
char *export_idents(Export *sis, const char *id);
char *export_relations(Export *sis);
char *export_orgs(Export *sis);
char *export_classes(Export *sis);
char *export_seats(Export *sis);
