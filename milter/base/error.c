#include "base/base.h"

G_DEFINE_QUARK(chaperone - error - quark, base_error)

int base_exit_status(const GError *error)
{
    if (error == NULL)
        return 0;
    return error->domain == BASE_ERROR ? error->code : BASE_ERROR_SOFTWARE;
}
