// Calendars and times of day: a district's own days and hours.
#include "policy/internal.h"

static bool span_has(const DateSpan *span, int date)
{
    return (span->from == 0 || date >= span->from) && (span->until == 0 || date <= span->until);
}

bool calendar_has(const Calendar *calendar, const ClockLocal *when)
{
    bool open = (calendar->days == 0 || (calendar->days & (1u << when->weekday))) &&
                span_has(&calendar->span, when->date);
    for (guint i = 0; open && calendar->closed != NULL && i < calendar->closed->len; i++)
        open = !span_has(&g_array_index(calendar->closed, DateSpan, i), when->date);
    return open;
}

// From `from` up to but not `until`; over midnight where from is later.
static bool minutes_hold(int from, int until, int minute)
{
    if (from < 0 && until < 0)
        return true;
    int begin = MAX(from, 0), end = until < 0 ? 24 * 60 : until;
    return begin <= end ? minute >= begin && minute < end : minute >= begin || minute < end;
}

bool time_holds(const TimeCond *cond, const ClockLocal *when)
{
    return (cond->days == 0 || (cond->days & (1u << when->weekday))) &&
           minutes_hold(cond->from, cond->until, when->minute) &&
           (cond->calendar == NULL || calendar_has(cond->calendar, when));
}

Mode rule_mode(const Rule *rule, int today)
{
    Mode mode = rule->mode;
    for (guint i = 0; rule->modes != NULL && i < rule->modes->len; i++) {
        const DatedMode *dated = &g_array_index(rule->modes, DatedMode, i);
        if (dated->from <= today)
            mode = dated->mode;
    }
    return mode;
}

void calendar_free(Calendar *calendar)
{
    if (!calendar)
        return;
    g_clear_pointer(&calendar->closed, g_array_unref);
    g_free(calendar);
}
