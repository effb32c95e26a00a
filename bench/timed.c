/* timed RESULT COMMAND...: runs the command and writes what it took to the file RESULT:
 *
 *   {"status": 0, "wall": seconds, "cpu": seconds, "peak_rss": bytes}
 *
 * A program of its own, since a process is charged with the memory of the one it was forked from
 * until it runs its command: that must be small. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static double now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static pid_t start(char **command)
{
    pid_t child = fork();
    if (child == 0) {
        execvp(command[0], command);
        fprintf(stderr, "timed: %s: %s\n", command[0], strerror(errno));
        _exit(127);
    }
    return child;
}

int main(int argc, char **argv)
{
    FILE *result = argc > 2 ? fopen(argv[1], "we") : NULL;
    if (!result) {
        perror("timed RESULT COMMAND...");
        return 2;
    }
    double begin = now();
    pid_t child = start(argv + 2);
    int status = 0;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        perror("timed");
        return 2;
    }
    fprintf(result, "{\"status\": %d, \"wall\": %.6f, \"cpu\": %.6f, \"peak_rss\": %ld}\n",
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), now() - begin,
            seconds(&usage.ru_utime) + seconds(&usage.ru_stime), usage.ru_maxrss * 1024);
    return fclose(result) != 0;
}
