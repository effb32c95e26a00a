/* Things that start and end: how many are under way, and how long they take. */
#ifndef INFER_INFER_PAIRS_H
#define INFER_INFER_PAIRS_H

struct proposal;
struct subject;

/* Finds the key of each subject that starts and ends (subject->key). */
void pairs_find(struct proposal *proposal);
/* Where some events of the subject start what others end, and a field of both names it: a gauge of
 * those under way. Where none of its metrics is a duration and the source has a time: a histogram
 * from start to end. */
void pairs_propose(struct proposal *proposal, const struct subject *subject);

#endif
