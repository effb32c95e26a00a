/* See process.h. */
#include "daemon/process.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static double limit_of(__rlimit_resource_t which)
{
    struct rlimit limit;
    if (getrlimit(which, &limit) < 0)
        return NAN;
    return limit.rlim_cur == RLIM_INFINITY ? INFINITY : (double)limit.rlim_cur;
}

static double count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    if (!directory)
        return NAN;
    double count = -1; /* the one of this listing */
    for (struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static double seconds_since_boot(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Fields of /proc/self/stat behind the command's name, which may hold anything. */
static int read_stat(struct process_facts *facts)
{
    char line[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    if (!file)
        return -errno;
    size_t length = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[length] = '\0';
    const char *fields = strrchr(line, ')');
    unsigned long user;
    unsigned long system;
    long threads;
    unsigned long long start;
    unsigned long virtual_bytes;
    long pages;
    if (!fields ||
        sscanf(fields + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %ld %*d "
               "%llu %lu %ld",
               &user, &system, &threads, &start, &virtual_bytes, &pages) != 6)
        return -EIO;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    facts->cpu_seconds = (double)(user + system) / ticks;
    facts->threads = (double)threads;
    facts->virtual_bytes = (double)virtual_bytes;
    facts->resident_bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
    facts->start_time = (double)clock_wall() / 1e9 - seconds_since_boot() + (double)start / ticks;
    return 0;
}

int process_read(struct process_facts *ret_facts)
{
    *ret_facts = (struct process_facts){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    ret_facts->virtual_max_bytes = limit_of(RLIMIT_AS);
    ret_facts->max_descriptors = limit_of(RLIMIT_NOFILE);
    ret_facts->open_descriptors = count_descriptors();
    return read_stat(ret_facts);
}
