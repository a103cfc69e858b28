#include "console/chart.h"

enum { WIDTH = 720, HEIGHT = 200, LEFT = 52, TOP = 10, BOTTOM = 22, LABELS_MOST = 8 };

static const char *const CLASSES[] = {"bar s0", "bar s1", "bar s2", "bar s3"};

typedef struct {
    Html *html;
    const char *const *labels;
    guint count;
    const ChartSeries *series;
    guint series_count;
    int64_t top; // value at the upper end
} Chart;

static const char *decimal(double value, char buffer[static G_ASCII_DTOSTR_BUF_SIZE])
{
    return g_ascii_formatd(buffer, G_ASCII_DTOSTR_BUF_SIZE, "%.1f", value);
}

static int64_t sum_at(const Chart *chart, guint at)
{
    int64_t sum = 0;
    for (guint s = 0; s < chart->series_count; s++)
        sum += chart->series[s].values[at];
    return sum;
}

// The next of 1, 2, 5, 10, 20 ... that nothing goes over.
static int64_t round_top(const Chart *chart)
{
    static const int STEPS[] = {1, 2, 5};
    int64_t most = 1, power = 1;
    for (guint i = 0; i < chart->count; i++)
        most = MAX(most, sum_at(chart, i));
    for (gsize i = 0; power * STEPS[i] < most;) {
        i = (i + 1) % G_N_ELEMENTS(STEPS);
        power *= i == 0 ? 10 : 1;
        if (power * STEPS[i] >= most)
            return power * STEPS[i];
    }
    return power;
}

static void axis(const Chart *chart)
{
    for (int part = 0; part <= 2; part++) {
        char y[G_ASCII_DTOSTR_BUF_SIZE], text_y[G_ASCII_DTOSTR_BUF_SIZE];
        double at = TOP + (HEIGHT - TOP - BOTTOM) * (2 - part) / 2.0;
        g_autofree char *left = g_strdup_printf("%d", LEFT), *right = g_strdup_printf("%d", WIDTH);
        g_autofree char *text = part == 1 && chart->top % 2 != 0
                                    ? g_strdup("")
                                    : g_strdup_printf("%" G_GINT64_FORMAT, chart->top * part / 2);
        decimal(at, y);
        html_element(chart->html, "line", NULL, "x1", left, "x2", right, "y1", y, "y2", y, "class", "axis",
                     NULL);
        html_element(chart->html, "text", text, "x", "4", "y", decimal(at + 4, text_y), "class", "chart-text",
                     NULL);
    }
}

static void bar(const Chart *chart, guint at)
{
    double step = (WIDTH - LEFT) / (double)chart->count, y = HEIGHT - BOTTOM;
    char x[G_ASCII_DTOSTR_BUF_SIZE], wide[G_ASCII_DTOSTR_BUF_SIZE], buffer[2][G_ASCII_DTOSTR_BUF_SIZE];
    decimal(LEFT + step * at + step * 0.1, x);
    decimal(step * 0.8, wide);
    for (guint s = 0; s < chart->series_count; s++) {
        double high = (HEIGHT - TOP - BOTTOM) * (double)chart->series[s].values[at] / (double)chart->top;
        y -= high;
        if (high > 0)
            html_element(chart->html, "rect", NULL, "x", x, "width", wide, "y", decimal(y, buffer[0]),
                         "height", decimal(high, buffer[1]), "class", CLASSES[s % G_N_ELEMENTS(CLASSES)],
                         NULL);
    }
    guint every = (chart->count + LABELS_MOST - 1) / LABELS_MOST;
    g_autofree char *low = g_strdup_printf("%d", HEIGHT - 6);
    if (at % every == 0)
        html_element(chart->html, "text", chart->labels[at], "x", x, "y", low, "class", "chart-text", NULL);
}

static void legend(const Chart *chart)
{
    html_open(chart->html, "ul", "class", "legend", NULL);
    for (guint s = 0; s < chart->series_count; s++) {
        html_open(chart->html, "li", NULL);
        html_open(chart->html, "svg", "viewBox", "0 0 12 12", "aria-hidden", "true", NULL);
        html_element(chart->html, "rect", NULL, "width", "12", "height", "12", "class",
                     CLASSES[s % G_N_ELEMENTS(CLASSES)], NULL);
        html_close(chart->html, "svg");
        html_text(chart->html, " ");
        html_words(chart->html, chart->series[s].key, NULL);
        html_close(chart->html, "li");
    }
    html_close(chart->html, "ul");
}

static void table(const Chart *chart, const char *title)
{
    Html *html = chart->html;
    html_open(html, "details", NULL);
    html_say(html, "summary", "chart.table", NULL);
    html_open(html, "table", NULL);
    html_say(html, "caption", title, "class", "hidden-label", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    html_say(html, "th", "chart.of", "scope", "col", NULL);
    for (guint s = 0; s < chart->series_count; s++)
        html_say(html, "th", chart->series[s].key, "scope", "col", "class", "number", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
    for (guint i = 0; i < chart->count; i++) {
        html_open(html, "tr", NULL);
        html_element(html, "th", chart->labels[i], "scope", "row", NULL);
        for (guint s = 0; s < chart->series_count; s++) {
            html_open(html, "td", "class", "number", NULL);
            html_number(html, chart->series[s].values[i]);
            html_close(html, "td");
        }
        html_close(html, "tr");
    }
    html_close(html, "details");
}

void chart_bars(Html *html, const char *id, const char *title, const char *const *labels, guint count,
                const ChartSeries *series, guint series_count)
{
    Chart chart = {html, labels, count, series, series_count, 0};
    g_autofree char *box = g_strdup_printf("0 0 %d %d", WIDTH, HEIGHT);
    chart.top = round_top(&chart);
    html_open(html, "figure", NULL);
    html_open(html, "svg", "class", "chart", "viewBox", box, "role", "img", "aria-labelledby", id, NULL);
    html_say(html, "title", title, "id", id, NULL);
    axis(&chart);
    for (guint i = 0; i < count; i++)
        bar(&chart, i);
    html_close(html, "svg");
    legend(&chart);
    table(&chart, title);
    html_close(html, "figure");
}
