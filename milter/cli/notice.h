// notice, inside: what the files of the subcommand share.
#pragma once

#include "base/template.h"
#include "cli/cli.h"
#include "notice/notice.h"
#include "roster/roster.h"

typedef struct {
    char *config_path, *who, *why, *effective, *school, *date, *how;
    char **set;
    gboolean json, csv, dry_run, missing;
    int64_t now_us;
    int today;
    const Config *config;
} NoticeOptions;

// ---- texts (notice_text.c) -------------------------------------------------------------------------------

// The template `name` of the configuration's notices or of those shipped, filled. *out_subject, too, caller frees. NULL with `error`.
char *notice_text(const NoticeOptions *options, const char *name, int effective, char **out_subject,
                  GError **error);
// Prints which there are.
int notice_templates(const NoticeOptions *options, GError **error);

// ---- people (notice_people.c) ----------------------------------------------------------------------------

int notice_send(NoticeRegister *notices, const NoticeOptions *options, const char *id, GError **error);
int notice_acknowledge(NoticeRegister *notices, const NoticeOptions *options, const char *id,
                       const char *person, GError **error);
int notice_import(NoticeRegister *notices, const NoticeOptions *options, const char *id, const char *path,
                  GError **error);
int notice_status(NoticeRegister *notices, const NoticeOptions *options, const char *id, GError **error);

int notice_print_json(json_t *json); // and frees it
void notice_date(int date, char out[11]);
// A local date, yyyymmdd; 0 with `error`.
int notice_date_of(const char *option, const char *text, GError **error);
