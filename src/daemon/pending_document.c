/* Temporary, until the document room is there. */
#include "document/documents.h"
#include <stdlib.h>
#include "base/memory.h"
struct documents { int x; };
struct documents *documents_new(const struct documents_handlers *h, const struct documents_options *o) { (void)h; (void)o; return memory_zero(1, sizeof(struct documents)); }
void documents_free(struct documents *d) { free(d); }
void documents_look(struct documents *d, const char *p, bool c, int64_t m) { (void)d; (void)p; (void)c; (void)m; }
void documents_gone(struct documents *d, const char *p, int64_t m) { (void)d; (void)p; (void)m; }
void documents_directory_gone(struct documents *d, const char *p, int64_t m) { (void)d; (void)p; (void)m; }
bool documents_turn(struct documents *d, int64_t m, int64_t w, int64_t b) { (void)d; (void)m; (void)w; (void)b; return false; }
int64_t documents_next(const struct documents *d) { (void)d; return INT64_MAX; }
void documents_drain(struct documents *d, int64_t w, bool c) { (void)d; (void)w; (void)c; }
void documents_renew(struct documents *d) { (void)d; }
void documents_counts(const struct documents *d, struct documents_counts *r) { (void)d; *r = (struct documents_counts){0}; }
void documents_track(struct documents *d) { (void)d; }
void documents_save(struct documents *d, const struct record_sink *s) { (void)d; (void)s; }
size_t documents_unsaved(const struct documents *d) { (void)d; return 0; }
int documents_restore(struct documents *d, const struct record *r) { (void)d; (void)r; return 0; }
void documents_walked(struct documents *d, int64_t m) { (void)d; (void)m; }
bool documents_arrived(const struct documents *d) { (void)d; return true; }
