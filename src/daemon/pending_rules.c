/* Temporary, until emitted events are there. */
#include "decode/decoder.h"
#include "rules/rule_set.h"
void decoder_wipe(struct decoder *decoder);
void decoder_wipe(struct decoder *decoder) { (void)decoder; }
size_t rule_set_see(struct rule_set *set, struct rule_source *source, const struct rule_event *event, const struct rule_sight *sight, void (*on_event)(void *context, int64_t time), void *context, struct text *ret_memo) { (void)set; (void)source; (void)event; (void)sight; (void)on_event; (void)context; (void)ret_memo; return 0; }
