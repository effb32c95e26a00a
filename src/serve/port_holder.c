/* See port_holder.h. A listening socket stands in /proc/net/tcp with its inode and its user; whose
 * descriptors lead to that inode holds it. */
#include "serve/port_holder.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/open_files.h"

#define STATE_LISTEN 0x0A

struct listening {
    uint64_t device; /* of sockets */
    unsigned long inode;
    unsigned user;
    bool is_found;
};

static void find_in_table(const char *path, uint16_t port, struct listening *listening)
{
    char line[512];
    FILE *table = fopen(path, "re");
    if (!table)
        return;
    while (!listening->is_found && fgets(line, sizeof(line), table)) {
        unsigned local;
        unsigned state;
        unsigned user;
        unsigned long inode;
        listening->is_found = sscanf(line, "%*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %u %*u %lu",
                                     &local, &state, &user, &inode) == 4 &&
                              local == port && state == STATE_LISTEN && inode != 0;
        if (listening->is_found) {
            listening->user = user;
            listening->inode = inode;
        }
    }
    fclose(table);
}

/* All sockets are on one device, which one of our own shows. */
static uint64_t socket_device(void)
{
    struct stat facts = {.st_dev = 0};
    int own = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (own < 0)
        return 0;
    (void)fstat(own, &facts);
    close(own);
    return facts.st_dev;
}

struct search {
    const struct listening *listening;
    bool is_found;
};

static void on_descriptor(void *context, uint64_t device, uint64_t inode)
{
    struct search *search = context;
    if (device == search->listening->device && inode == search->listening->inode)
        search->is_found = true;
}

/* "prometheus (pid 812)", or NULL when its name cannot be read. */
static char *process_name(int processes, const char *process)
{
    char path[64];
    char name[64];
    (void)snprintf(path, sizeof(path), "%.20s/comm", process);
    int descriptor = openat(processes, path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return NULL;
    ssize_t length = read(descriptor, name, sizeof(name) - 1);
    close(descriptor);
    if (length <= 0)
        return NULL;
    name[length] = '\0';
    name[strcspn(name, "\n")] = '\0';
    return memory_format("%s (pid %s)", name, process);
}

static char *find_process(const struct listening *listening)
{
    char *found = NULL;
    int processes = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = processes < 0 ? NULL : fdopendir(processes);
    struct dirent *entry;
    while (list && !found && (entry = readdir(list)) != NULL) {
        struct search search = {.listening = listening};
        if (isdigit((unsigned char)entry->d_name[0]) &&
            open_files_written(processes, entry->d_name, on_descriptor, &search) == 0 &&
            search.is_found)
            found = process_name(processes, entry->d_name);
    }
    if (list)
        closedir(list);
    else if (processes >= 0)
        close(processes);
    return found;
}

static char *user_name(unsigned user)
{
    char buffer[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwuid_r((uid_t)user, &entry, buffer, sizeof(buffer), &found) == 0 && found)
        return memory_format("user %s", found->pw_name);
    return memory_format("user %u", user);
}

char *port_holder_name(uint16_t port)
{
    struct listening listening = {.device = socket_device()};
    find_in_table("/proc/net/tcp", port, &listening);
    if (!listening.is_found)
        find_in_table("/proc/net/tcp6", port, &listening);
    if (!listening.is_found)
        return NULL;
    char *process = find_process(&listening);
    return process ? process : user_name(listening.user);
}
