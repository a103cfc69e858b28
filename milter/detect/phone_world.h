// Numbers outside the North American plan, by libphonenumber. The project's one door to C++.
#pragma once

#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define PHONE_WORLD_MOST  64 // bytes of a window; a longer one is no number
#define PHONE_WORLD_VALUE 24 // bytes that any value fits in

// Does the plan of some country have the number `text`, n bytes that begin with + and a calling code? YES: `value` is
// the number as the roster writes it. UNKNOWN: the library could not say. Any thread.
typedef enum { PHONE_WORLD_NO, PHONE_WORLD_YES, PHONE_WORLD_UNKNOWN } PhoneWorld;
PhoneWorld phone_world(const char *text, gsize n, char value[PHONE_WORLD_VALUE]);

G_END_DECLS
