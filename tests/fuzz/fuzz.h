/* What libFuzzer calls, and how a target says that a property does not hold. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define MUST_HOLD(property)                                                                        \
    do {                                                                                           \
        if (!(property))                                                                           \
            __builtin_trap();                                                                      \
    } while (0)

#endif
