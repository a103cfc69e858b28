// chart: figures as pictures that stand in the page (SVG), each with a table of the same figures below it.
#pragma once

#include "console/internal.h"

typedef struct {
    const char *key; // its name, a text of the catalogue
    const int64_t *values;
} ChartSeries;

// Bars side by side, one a label, the series stacked in each; `id` is unique on the page, `title` a key. Colours are never alone: series
// differ in pattern, and the table has the numbers.
void chart_bars(Html *html, const char *id, const char *title, const char *const *labels, guint count,
                const ChartSeries *series, guint series_count);
