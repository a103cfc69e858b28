// mail_date: dates as mail has them.
#pragma once

#include "base/base.h"

// Microseconds since 1970 of a date of RFC 5322, of what is written in its place, and of "Sun Nov 22 12:00:00 2026" as mbox has it;
// 0 = no date.
int64_t mail_date_parse(const char *text);
