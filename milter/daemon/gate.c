#include "daemon/daemon.h"

struct Gate {
    GMutex lock;
    GCond changed;
    int places, inside;
    bool closed;
};

Gate *gate_new(int places)
{
    Gate *gate = g_new0(Gate, 1);
    g_mutex_init(&gate->lock);
    g_cond_init(&gate->changed);
    gate->places = places;
    return gate;
}

void gate_free(Gate *gate)
{
    if (gate == NULL)
        return;
    g_cond_clear(&gate->changed);
    g_mutex_clear(&gate->lock);
    g_free(gate);
}

bool gate_enter(Gate *gate, int wait_ms, int tick_ms, void (*tick)(void *), void *data)
{
    int64_t end = g_get_monotonic_time() + wait_ms * (int64_t)1000;
    g_mutex_lock(&gate->lock);
    while (gate->inside >= gate->places && !gate->closed) {
        int64_t now = g_get_monotonic_time();
        if (now >= end)
            break;
        int64_t until = MIN(end, now + tick_ms * (int64_t)1000);
        if (!g_cond_wait_until(&gate->changed, &gate->lock, until) && until < end && tick != NULL) {
            g_mutex_unlock(&gate->lock);
            tick(data);
            g_mutex_lock(&gate->lock);
        }
    }
    bool entered = gate->inside < gate->places && !gate->closed;
    if (entered)
        gate->inside++;
    g_mutex_unlock(&gate->lock);
    return entered;
}

void gate_leave(Gate *gate)
{
    g_mutex_lock(&gate->lock);
    gate->inside--;
    g_cond_broadcast(&gate->changed);
    g_mutex_unlock(&gate->lock);
}

int gate_drain(Gate *gate, int wait_ms)
{
    int64_t end = g_get_monotonic_time() + wait_ms * (int64_t)1000;
    g_mutex_lock(&gate->lock);
    while (gate->inside > 0 && g_cond_wait_until(&gate->changed, &gate->lock, end))
        ;
    int inside = gate->inside;
    g_mutex_unlock(&gate->lock);
    return inside;
}

void gate_close(Gate *gate)
{
    g_mutex_lock(&gate->lock);
    gate->closed = true;
    g_cond_broadcast(&gate->changed);
    g_mutex_unlock(&gate->lock);
}
