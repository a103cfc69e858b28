// console: the web console. Pages are made on this side and work without JavaScript; chaperone-console(8) tells of it. What pages
// are written with stands in internal.h.
#pragma once

#include "base/config.h"

#define CONSOLE_NAME "chaperone-console"

typedef struct Console Console;

// Opens what pages are made from (policy, roster, quarantine, accounts, texts) and listens at console.listen, as many threads as
// console.threads say. Elsewhere than on loopback it wants a certificate. NULL with `error`.
Console *console_start(Config *config, GError **error);
// Answers no more requests and frees it.
void console_stop(Console *console);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Console, console_stop)
// Reads configuration, policy and roster again; what runs goes on with the old. False with `error`: the old ones stay.
bool console_reload(Console *console, GError **error);
// Housekeeping: forgets sessions that are over. To be called once in a while.
void console_sweep(Console *console, int64_t now_us);
