/* The exporter's own process, read from /proc/self (proc(5)). */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include <stdint.h>

struct process_facts {
    double cpu_seconds;
    double start_time; /* seconds since 1970 */
    double resident_bytes;
    double virtual_bytes;
    double virtual_max_bytes; /* +Inf: unlimited */
    double open_descriptors;
    double max_descriptors;
    double threads;
};

/* 0, or a negative errno: then what could not be read is NaN. */
int process_read(struct process_facts *ret_facts);

#endif
