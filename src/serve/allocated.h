/* What libevent returns from its constructors: NULL only for want of memory, which ends the
 * process as everywhere (base/memory.h). */
#ifndef SERVE_ALLOCATED_H
#define SERVE_ALLOCATED_H

#include <stdlib.h>

#define allocated(pointer)                                                                         \
    __extension__({                                                                                \
        __typeof__(pointer) allocated_ = (pointer);                                                \
        if (!allocated_)                                                                           \
            abort();                                                                               \
        allocated_;                                                                                \
    })

#endif
