/* The landing page: what this exporter is, what it follows, where to look. One HTML page without
 * scripts, from plain facts; every text is escaped. */
#ifndef SERVE_LANDING_H
#define SERVE_LANDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Lets a browser apply the page's own style and nothing else. The hash is of the style sheet in
 * landing.c; a unit test compares them. */
#define LANDING_CONTENT_SECURITY_POLICY                                                            \
    "default-src 'none'; style-src 'sha256-HJDfCJI/I3W+VsnDxsGQ2KA5NzEL0tZq0F2+KNqZmxE='; "        \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

struct landing {
    const char *name;
    const char *version;
    const char *description; /* one sentence */
    const char *directory;   /* that is followed */
    const char *const *packs;
    size_t pack_count;
    const char *telemetry_path;
    bool ready;
    const char *state; /* why it is not ready, or what it does; may be NULL */
};

void landing_write(const struct landing *landing, struct text *out);

#endif
