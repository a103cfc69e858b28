// lists: the mailing lists of one source while it is read: each list and each member once.
#pragma once

#include "feeds/run.h"

#define LISTS_MEMBERS 10000000 // of one source

typedef struct Lists Lists;

Lists *lists_new(FeedRun *run, guint32 source);
void lists_free(Lists *lists);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lists, lists_free)
// The list, made when it is new; all its members are known until lists_unknown. `address` is canonical.
void lists_add(Lists *lists, const char *address, const char *name);
// Who else is in it cannot be told.
void lists_unknown(Lists *lists, const char *address);
// False with `error`: too many.
bool lists_member(Lists *lists, const char *address, const char *member, GError **error);
// Takes all lists of `source` out of the model.
void lists_forget(Model *model, guint32 source);

// The canonical address of a list or member that may be written without a domain; NULL when it is none.
char *lists_address(const FeedRun *run, const FeedSpec *spec, const char *text);
// False with `error`: the source has no list_domain.
bool lists_check_domain(const FeedSpec *spec, GError **error);
