/* What the steps of a test write: lines, documents, samples of the exporter. */
#ifndef PACKTEST_PACK_TEST_CONTENT_H
#define PACKTEST_PACK_TEST_CONTENT_H

struct pack_test_reader;
struct text;
struct tree;

/* Appends the lines under `word` of the map, or those of the file under `from`, each with its end.
 * What is wrong goes to the reader's diagnostics; nothing to append is a mistake, too. */
void pack_test_content_lines(const struct pack_test_reader *reader, const struct tree *map,
                             const char *word, struct text *content);
/* Appends `content`, or what is in the file under `from`. An empty text is a document, too. */
void pack_test_content_document(const struct pack_test_reader *reader, const struct tree *map,
                                struct text *content);
/* Appends lines: a map is one, a text one or more as they stand, a list any of both. */
void pack_test_content_list(const struct pack_test_reader *reader, const struct tree *node,
                            struct text *content);

#endif
