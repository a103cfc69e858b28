// exceptions, inside.
#pragma once

#include "exceptions/exceptions.h"

// An ArchiveDamage function: it is logged, and what follows is read.
void exception_damage(const char *segment, int64_t offset, const char *what, void *data);
