/* Compiler attributes under readable names. */
#ifndef BASE_ATTRIBUTES_H
#define BASE_ATTRIBUTES_H

#define MUST_CHECK      __attribute__((warn_unused_result))
#define UNUSED          __attribute__((unused))
#define PRINTF(f, a)    __attribute__((format(printf, f, a)))
#define LIKELY(x)       __builtin_expect(!!(x), 1)
#define UNLIKELY(x)     __builtin_expect(!!(x), 0)
#define ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* A local that is freed when its scope ends: AUTO_FREE char *name = ...;
 * To hand it over: return TAKE(name); */
#define AUTO_FREE __attribute__((cleanup(memory_free_pointer)))
#define TAKE(pointer)                                                                              \
    __extension__({                                                                                \
        __typeof__(pointer) taken_ = (pointer);                                                    \
        (pointer) = NULL;                                                                          \
        taken_;                                                                                    \
    })

#endif
