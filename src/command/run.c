/* run: follow and serve. */
#include "command/command.h"
#include "daemon/daemon.h"

int command_run(const struct settings *settings)
{
    return daemon_run(settings);
}
