/* Sorts ids. */
#ifndef STATE_ID_SORT_H
#define STATE_ID_SORT_H

#include <stddef.h>
#include <stdint.h>

/* In place; an id given several times is kept once. How many are left. */
size_t id_sort(uint64_t *ids, size_t count);

#endif
