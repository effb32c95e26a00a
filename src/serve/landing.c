/* See landing.h. Colours follow the browser's light or dark scheme. */
#include "serve/landing.h"

#include "base/attributes.h"

/* After a change: the policy in landing.h needs the new hash, which the unit test prints. */
static const char style[] =
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1.25rem;"
    "color:#1b2430;background:#fbfcfd}"
    "h1{font-size:1.7rem;margin:0}"
    "h1 small{font-size:.95rem;font-weight:400;color:#5b6775;margin-left:.5rem}"
    "h2{font-size:1.05rem;margin:2rem 0 .5rem}"
    "p{margin:.25rem 0 1.25rem;color:#5b6775}"
    "dl{display:grid;grid-template-columns:8rem 1fr;gap:.35rem 1rem;margin:0}"
    "dt{color:#5b6775}dd{margin:0;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}"
    "td{border-top:1px solid #dfe4ea;padding:.4rem 1rem .4rem 0;vertical-align:top}"
    "td:first-child{width:11rem}"
    "a{color:#0b62b8;text-decoration:none}a:hover{text-decoration:underline}"
    "code,a{font-family:ui-monospace,monospace;font-size:.95em}"
    ".ready,.waiting{font-weight:600}.ready{color:#19743a}.waiting{color:#9a5b00}"
    "@media(prefers-color-scheme:dark){body{color:#dde4ec;background:#14191f}"
    "h1 small,p,dt{color:#93a1b0}td{border-color:#2c3540}a{color:#6db3f2}"
    ".ready{color:#5fc884}.waiting{color:#e3a548}}";

static const struct {
    const char *path; /* NULL: the telemetry path */
    const char *meaning;
} links[] = {
    {NULL, "Metrics, Prometheus text format"},
    {"/metrics/json", "The same as JSON"},
    {"/metrics/self", "The exporter's own metrics only"},
    {"/health", "Is it alive, with the state of each part"},
    {"/ready", "Is it caught up: 200, or 503 until then"},
    {"/-/healthy", "Short form of /health"},
    {"/-/ready", "Short form of /ready"},
};

static void append_escaped(struct text *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            text_append_string(out, "&amp;");
            break;
        case '<':
            text_append_string(out, "&lt;");
            break;
        case '>':
            text_append_string(out, "&gt;");
            break;
        case '"':
            text_append_string(out, "&quot;");
            break;
        case '\'':
            text_append_string(out, "&#39;");
            break;
        default:
            text_append_char(out, *text);
        }
    }
}

/* before, escaped text, after */
static void append_between(struct text *out, const char *before, const char *text,
                           const char *after)
{
    text_append_string(out, before);
    append_escaped(out, text);
    text_append_string(out, after);
}

static void append_head(const struct landing *landing, struct text *out)
{
    text_append_string(out,
                       "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width\">\n");
    append_between(out, "<title>", landing->name, "</title>\n");
    text_append_string(out, "<style>");
    text_append_string(out, style);
    text_append_string(out, "</style>\n</head>\n<body>\n");
    append_between(out, "<h1>", landing->name, "");
    append_between(out, "<small>", landing->version, "</small></h1>\n");
    append_between(out, "<p>", landing->description, "</p>\n");
}

static void append_state(const struct landing *landing, struct text *out)
{
    text_append_string(out, landing->ready ? "<dt>State</dt><dd><span class=\"ready\">ready</span>"
                                           : "<dt>State</dt><dd><span class=\"waiting\">not ready"
                                             "</span>");
    if (landing->state)
        append_between(out, ": ", landing->state, "");
    text_append_string(out, "</dd>\n");
}

static void append_packs(const struct landing *landing, struct text *out)
{
    text_append_string(out, "<dt>Rule packs</dt><dd>");
    for (size_t i = 0; i < landing->pack_count; i++)
        append_between(out, i ? ", <code>" : "<code>", landing->packs[i], "</code>");
    text_append_string(out, landing->pack_count ? "</dd>\n" : "none</dd>\n");
}

static void append_links(const struct landing *landing, struct text *out)
{
    text_append_string(out, "<h2>Endpoints</h2>\n<table>\n");
    for (size_t i = 0; i < ARRAY_LENGTH(links); i++) {
        const char *path = links[i].path ? links[i].path : landing->telemetry_path;
        append_between(out, "<tr><td><a href=\"", path, "\">");
        append_between(out, "", path, "</a></td><td>");
        append_between(out, "", links[i].meaning, "</td></tr>\n");
    }
    text_append_string(out, "</table>\n");
}

void landing_write(const struct landing *landing, struct text *out)
{
    append_head(landing, out);
    text_append_string(out, "<dl>\n");
    append_state(landing, out);
    append_between(out, "<dt>Follows</dt><dd><code>", landing->directory, "</code></dd>\n");
    append_packs(landing, out);
    text_append_string(out, "</dl>\n");
    append_links(landing, out);
    text_append_string(out, "</body>\n</html>\n");
}
