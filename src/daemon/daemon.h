/* The daemon: builds the rooms in order, runs the loop, tears down in reverse. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

struct settings;

/* Follows and serves until SIGTERM or SIGINT. Returns the process's exit code: 0, or 1 with the
 * cause on stderr. */
int daemon_run(const struct settings *settings);

#endif
