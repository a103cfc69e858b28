#include "base/base.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

int64_t clock_now_us(void)
{
    return g_get_real_time();
}

char *clock_format(int64_t us)
{
    time_t seconds = (time_t)(us / G_USEC_PER_SEC);
    int64_t rest = us % G_USEC_PER_SEC;
    if (rest < 0) {
        rest += G_USEC_PER_SEC;
        seconds--;
    }
    struct tm tm;
    if (gmtime_r(&seconds, &tm) == NULL)
        return g_strdup("0000-00-00T00:00:00.000Z");
    return g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                           tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(rest / 1000));
}

bool clock_parse(const char *text, int64_t *out_us, GError **error)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autofree char *whole = strlen(text) == 10 ? g_strconcat(text, "T00:00:00Z", NULL) : g_strdup(text);
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(whole, utc);
    if (time == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "\"%s\" is no date: write 2026-11-22 or 2026-11-22T19:26:57-05:00", text);
        return false;
    }
    *out_us = g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
    return true;
}

bool clock_local(int64_t us, const char *tz, ClockLocal *out)
{
    g_autoptr(GTimeZone) zone = tz != NULL ? g_time_zone_new_identifier(tz) : g_time_zone_new_utc();
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC - (us % G_USEC_PER_SEC < 0));
    g_autoptr(GDateTime) local = zone != NULL && utc != NULL ? g_date_time_to_timezone(utc, zone) : NULL;
    if (local == NULL)
        return false;
    *out = (ClockLocal){g_date_time_get_year(local) * 10000 + g_date_time_get_month(local) * 100 +
                            g_date_time_get_day_of_month(local),
                        g_date_time_get_hour(local) * 60 + g_date_time_get_minute(local),
                        g_date_time_get_day_of_week(local) - 1};
    return true;
}

char *clock_format_local(int64_t us, const char *tz)
{
    g_autoptr(GTimeZone) zone = tz != NULL ? g_time_zone_new_identifier(tz) : NULL;
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC - (us % G_USEC_PER_SEC < 0));
    g_autoptr(GDateTime) local = zone != NULL && utc != NULL ? g_date_time_to_timezone(utc, zone) : NULL;
    const GDateTime *time = local != NULL ? local : utc;
    char *text = time != NULL ? g_date_time_format((GDateTime *)time, "%Y-%m-%d %H:%M %Z") : NULL;
    return text != NULL ? text : g_strdup("-");
}

int clock_local_date(int64_t us, const char *tz)
{
    ClockLocal local;
    return clock_local(us, tz, &local) ? local.date : 0;
}

// ---- ULID ------------------------------------------------------------------------------------------------

static const char CROCKFORD[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// The last id of the process: within a millisecond, and when the clock steps back, the next one counts on
// from it.
typedef struct {
    GMutex lock;
    int64_t ms;
    guint8 tail[10];
} UlidLast;

static UlidLast *ulid_last(void)
{
    static UlidLast last;
    return &last;
}

static bool tail_increment(guint8 tail[10])
{
    for (int i = 9; i >= 0; i--)
        if (++tail[i] != 0)
            return true;
    return false;
}

static bool next_id(int64_t *ms, guint8 tail[10], GError **error)
{
    UlidLast *last = ulid_last();
    g_mutex_lock(&last->lock);
    bool ok = true;
    if (*ms > last->ms) {
        ok = getrandom(last->tail, sizeof last->tail, 0) == (ssize_t)sizeof last->tail;
        last->tail[0] &= 0x7f; // room to count on
        if (ok)
            last->ms = *ms;
        else
            g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "getrandom: %s", g_strerror(errno));
    } else if (!tail_increment(last->tail)) {
        last->ms++;
    }
    *ms = last->ms;
    memcpy(tail, last->tail, sizeof last->tail);
    g_mutex_unlock(&last->lock);
    return ok;
}

bool ulid_new(int64_t us, char out[ULID_LEN + 1], GError **error)
{
    int64_t ms = us / 1000;
    guint8 tail[10];
    if (!next_id(&ms, tail, error))
        return false;
    guint64 stamp = (guint64)ms;
    for (int i = 9; i >= 0; i--, stamp >>= 5)
        out[i] = CROCKFORD[stamp & 31];
    guint64 high = 0, low = 0;
    for (int i = 0; i < 5; i++) {
        high = high << 8 | tail[i];
        low = low << 8 | tail[5 + i];
    }
    for (int i = 7; i >= 0; i--, high >>= 5, low >>= 5) {
        out[10 + i] = CROCKFORD[high & 31];
        out[18 + i] = CROCKFORD[low & 31];
    }
    out[ULID_LEN] = '\0';
    return true;
}

bool ulid_parse(const char *text, int64_t *out_ms)
{
    if (text == NULL || strlen(text) != ULID_LEN || text[0] > '7')
        return false;
    int64_t ms = 0;
    for (int i = 0; i < ULID_LEN; i++) {
        const char *at = strchr(CROCKFORD, text[i]);
        if (at == NULL || *at == '\0')
            return false;
        if (i < 10)
            ms = ms << 5 | (at - CROCKFORD);
    }
    if (out_ms != NULL)
        *out_ms = ms;
    return true;
}
