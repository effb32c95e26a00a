/* Clocks of the bare programs. */
#include "stopwatch.h"

#include <stdio.h>
#include <time.h>

static double read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct stopwatch stopwatch_start(void)
{
    return (struct stopwatch){
        .wall = read_clock(CLOCK_MONOTONIC),
        .cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID),
    };
}

void stopwatch_print(const struct stopwatch *stopwatch, long lines, long bytes)
{
    struct stopwatch now = stopwatch_start();
    printf("{\"lines\": %ld, \"bytes\": %ld, \"wall\": %.6f, \"cpu\": %.6f}\n", lines, bytes,
           now.wall - stopwatch->wall, now.cpu - stopwatch->cpu);
}
