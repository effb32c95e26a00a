/* What a reader sees of a series: its value, or what it had when it was born. */
#include "registry/registry_internal.h"

static void view_histogram(const struct family *family, const uint64_t *counts, double sum,
                           struct series_view *view)
{
    view->counts = counts;
    view->count = histogram_count(family, counts);
    view->sum = sum;
}

static void view_summary(const struct series *series, struct series_view *view)
{
    const struct summary_detail *detail = series_const_detail(series);
    view->count = detail->count;
    view->sum = series->value;
    summary_quantiles(series, view->quantiles);
}

void series_view(const struct family *family, const struct series *series,
                 struct series_view *ret_view)
{
    const struct birth *birth = birth_of(series);
    double value = birth ? birth->value : series->value;
    ret_view->labels = series_labels(series);
    ret_view->labels_length = series->length;
    switch (family->spec.type) {
    case METRIC_HISTOGRAM:
        if (birth)
            view_histogram(family, birth->counts ? birth->counts : family->zero_counts, value,
                           ret_view);
        else
            view_histogram(family, series_const_detail(series), value, ret_view);
        break;
    case METRIC_SUMMARY:
        view_summary(series, ret_view);
        break;
    case METRIC_INFO:
        ret_view->value = 1;
        break;
    case METRIC_COUNTER:
    case METRIC_GAUGE:
        ret_view->value = value;
        break;
    }
}
