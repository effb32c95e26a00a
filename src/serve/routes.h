/* Paths and what answers them. */
#ifndef SERVE_ROUTES_H
#define SERVE_ROUTES_H

#include <stdbool.h>

struct evhttp_request;
struct serve;

/* Answers one whole request, whatever it holds. */
void routes_answer(struct serve *serve, struct evhttp_request *request);
/* May the metrics be served under `path`? Not under one that something else answers. "/" is fine:
 * it takes the landing page's place. */
bool routes_take_telemetry_path(const char *path);

#endif
