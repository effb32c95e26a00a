/* Files of a test's world: what is known of each path, from its begin to its removal; and the ids
 * that were counted in each directory. */
#ifndef PACKTEST_PACK_TEST_FILE_H
#define PACKTEST_PACK_TEST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/map.h"
#include "base/text.h"

struct followed;
struct pack_test_place;

struct pack_test_file {
    char *path;
    struct followed *lines; /* as those see it that read its lines; NULL: nobody */
    struct followed *emits; /* as those see it that emit events; NULL: nobody */

    /* Of its life. */
    bool alive;
    bool closed; /* told, and not to be told again */
    struct text memo;
    uint64_t offset;
    uint64_t line_number;
};

struct pack_test_files {
    struct pack_test_file **items;
    size_t count;
    uint64_t made; /* so many files were there ever */
    struct map ids;
};

void pack_test_files_free(struct pack_test_files *files);
/* The file of this place; a new one, not alive, if there is none. */
struct pack_test_file *pack_test_files_get(struct pack_test_files *files,
                                           const struct pack_test_place *place);
void pack_test_files_remove(struct pack_test_files *files, struct pack_test_file *file);
/* Counts an id (a hash) in the file's directory. False: it was counted before. */
bool pack_test_files_count_id(struct pack_test_files *files, const struct pack_test_file *file,
                              uint64_t id);
/* Takes over the memo of what was told. */
void pack_test_file_keep(struct pack_test_file *file, struct text *memo);

#endif
