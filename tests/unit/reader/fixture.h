// What the tests of the pool share: a configuration for the program under test, messages, and the pool's
// processes as the system sees them.
#pragma once

#include "reader/pool.h"

#include <criterion/criterion.h>

// True when this build has a sanitizer in it, as then has the worker.
bool fixture_instrumented(void);
// "$BUILD/chaperone-reader"; caller frees.
char *fixture_program(void);
Config *fixture_config(int workers);
ReaderPool *fixture_pool(const Config *config);
// The message alone of what reader_pool_read returns.
Message *fixture_read(ReaderPool *pool, int fd, gsize len, int budget_ms, GError **error);
// A sealed message whose text holds `word`; caller closes.
int fixture_message(const char *word, gsize *out_len);
bool fixture_has_text(const Message *message, const char *word);
// Reads a message that holds "casserole" and checks that it was found, with no fact of the reader's own.
void fixture_read_well(ReaderPool *pool);
// Sends `sig` to all processes of the pool that are there, the spare before the one that is borrowed first,
// and after SIGKILL lets them die; returns how many.
guint fixture_signal_workers(int sig);
// Waits until `count` processes are idle or busy.
void fixture_wait_alive(ReaderPool *pool, guint count);
// Waits until `count` processes of the class are there.
void fixture_wait_idle(Readers *readers, ReaderClass cls, guint count);
