// units: what people of an organisational unit are, by its name.
#pragma once

#include "roster/roster.h"

// What the first telling word of `path`, from the root on, says: "/Schools/Students" is ROLE_STUDENT. ROLE_LAST when
// there is none.
Role units_role(const char *path);
