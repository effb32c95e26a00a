/* A tree of YAML as JSON on one line. */
#ifndef PACKTEST_JSON_LINE_H
#define PACKTEST_JSON_LINE_H

struct text;
struct tree;

/* Appends it. Scalars that are not quoted are numbers, true, false and null where JSON would have
 * them so (and null for ~ and nothing); all others are strings. Without a line feed. */
void json_line_append(struct text *text, const struct tree *tree);

#endif
