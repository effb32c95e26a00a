/* One function a subcommand, each in the file of its name: what main.c picks from. Each gets
 * settings that were checked, logs or prints its own errors, and returns the exit status: 0 well,
 * 1 failed, 2 wrongly called. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

struct settings;

int command_run(const struct settings *settings);
int command_once(const struct settings *settings);
int command_check(const struct settings *settings);
int command_explain(const struct settings *settings);
int command_test(const struct settings *settings);
int command_docs(const struct settings *settings);
int command_infer(const struct settings *settings);
int command_coverage(const struct settings *settings);
int command_version(const struct settings *settings);
int command_help(const struct settings *settings);

#endif
