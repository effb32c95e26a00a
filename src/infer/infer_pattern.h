/* The patterns of a source for files that were read. */
#ifndef INFER_INFER_PATTERN_H
#define INFER_INFER_PATTERN_H

struct infer_files;
struct text;

/* Appends `files:` with patterns that fit all of them, and comments on what the directories look
 * like: a level with names that differ becomes a capture.
 *
 *   demo/mapreduce-1/a.jsonl, demo/mapreduce-2/a.jsonl, a.jsonl.1  ->  "demo/{job_id}/a*.jsonl*" */
void infer_pattern_write(const struct infer_files *files, struct text *out);

#endif
