// Conflicts of interest about held messages.
#include "cli/conflict.h"
#include "cli/quarantine.h"

bool quarantine_may_decide(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                           GError **error)
{
    g_autoptr(HoldItem) item = quarantine_get(quarantine, record, error);
    const ConflictAsk ask = {options->config, options->who, options->second, options->now_us};
    g_autofree char *note = NULL;
    return item != NULL && conflict_check(&ask, item, &note, error) &&
           (note == NULL ||
            quarantine_note(quarantine, item->record, options->second, note, options->now_us, error));
}
