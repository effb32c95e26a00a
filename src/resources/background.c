/* See background.h. */
#include "resources/background.h"

#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK ((size_t)256 * 1024)

bool background_start(void *(*work)(void *context), void *context, pthread_t *ret_thread)
{
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    sigfillset(&all); /* signals are the loop's matter */
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool is_running = pthread_create(&thread, &attributes, work, context) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (is_running)
        *ret_thread = thread;
    return is_running;
}

void background_lower(void)
{
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19);
}

void background_done(int descriptor)
{
    uint64_t one = 1;
    ssize_t ignored = write(descriptor, &one, sizeof(one));
    (void)ignored; /* the counter of an eventfd cannot be full after one write */
}
