/* Memory for yajl that is overwritten before it is given back, so that nothing decoded stays behind
 * when a handle is freed or a buffer of it grows. */
#ifndef DECODE_WIPED_MEMORY_H
#define DECODE_WIPED_MEMORY_H

#include <yajl/yajl_common.h>

extern const yajl_alloc_funcs wiped_memory;

#endif
