/* Texts that rule files hold, as Markdown: whatever stands in them is shown, and changes no table
 * or paragraph around it. */
#ifndef COMMAND_DOCS_MARKDOWN_H
#define COMMAND_DOCS_MARKDOWN_H

#include "base/text.h"

/* Prose in a paragraph or a table's cell: on one line, its signs of Markdown escaped. */
void docs_append_prose(struct text *out, const char *prose);
/* A code span that may stand in a table's cell; nothing for the empty text. */
void docs_append_code(struct text *out, const char *code);

#endif
