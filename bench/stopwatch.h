/* Wall and processor time of a measured stretch of one process, and its one line of output. */
#ifndef BENCH_STOPWATCH_H
#define BENCH_STOPWATCH_H

struct stopwatch {
    double wall; /* seconds at the start */
    double cpu;
};

struct stopwatch stopwatch_start(void);
/* {"lines": N, "bytes": N, "wall": seconds, "cpu": seconds} since the start. */
void stopwatch_print(const struct stopwatch *stopwatch, long lines, long bytes);

#endif
