/* See usage.h. How processor time adds up, in one measurement after the other:
 *
 *   a member's own ticks rose          + what they rose by
 *   its children's ticks rose          + what they rose by, less what was counted before of members
 *                                        that ended: it is in there again
 *   a member is new                    + all it has
 *   a member ended, and its parent was + nothing; what it owes is taken off the next rise, since
 * its read before it was waited for        parent may have been told a moment later; and then
 * forgotten
 */
#include "resources/usage.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "resources/holders.h"
#include "resources/process_table.h"

#define MISSES_MOST 1 /* measurements in which a living holder holds nothing, and still counts */

/* One key that somebody holds. */
struct user {
    struct usage_sample sample;
    struct process *members; /* of the last measurement, by number */
    size_t member_count;
    struct process *holders;
    size_t holder_count;
    unsigned misses; /* measurements since a holder was seen to hold */
    bool is_met;     /* in this measurement */
    int64_t measured;
    uint64_t ticks; /* of processor time, in all */
    uint64_t owed;  /* of members that ended, in no parent yet */
};

struct usage {
    struct holders holders;
    struct process_table table;
    unsigned char *marks; /* one a process of the table */

    struct user users[USAGE_MOST];
    size_t user_count;
    size_t left_out;
    double ticks_per_second;
};

struct usage *usage_new(void)
{
    struct usage *usage = memory_zero(1, sizeof(*usage));
    usage->ticks_per_second = (double)sysconf(_SC_CLK_TCK);
    return usage;
}

static void free_user(struct user *user)
{
    free(user->members);
    free(user->holders);
}

void usage_free(struct usage *usage)
{
    if (!usage)
        return;
    for (size_t i = 0; i < usage->user_count; i++)
        free_user(&usage->users[i]);
    holders_free(&usage->holders);
    process_table_free(&usage->table);
    free(usage->marks);
    free(usage);
}

void usage_begin(struct usage *usage)
{
    holders_clear(&usage->holders);
}

void usage_want(struct usage *usage, uint64_t device, uint64_t inode, uint64_t key)
{
    holders_want(&usage->holders, device, inode, key);
}

/* --- Who holds what -------------------------------------------------------------------------- */

static struct user *find_user(struct usage *usage, uint64_t key)
{
    for (size_t i = 0; i < usage->user_count; i++)
        if (usage->users[i].sample.key == key)
            return &usage->users[i];
    return NULL;
}

static struct user *need_user(struct usage *usage, uint64_t key, const struct process *holder)
{
    struct user *user = find_user(usage, key);
    if (user || usage->user_count == USAGE_MOST)
        return user;
    user = &usage->users[usage->user_count++];
    *user = (struct user){
        .sample = {.key = key, .process = holder->number, .started = holder->started}};
    return user;
}

static void add_holder(struct user *user, const struct process *holder)
{
    if (!user->is_met)
        user->holder_count = 0; /* those of the last measurement */
    user->is_met = true;
    user->misses = 0;
    user->holders = memory_resize(user->holders, user->holder_count + 1, sizeof(*user->holders));
    user->holders[user->holder_count++] = *holder;
}

/* Holders come by key: those of a key that is left out one after the other. */
static void meet_holders(struct usage *usage)
{
    uint64_t last = 0;
    usage->left_out = 0;
    for (size_t i = 0; i < usage->user_count; i++)
        usage->users[i].is_met = false;
    for (size_t i = 0; i < usage->holders.found_count; i++) {
        const struct holder *found = &usage->holders.found[i];
        const struct process *holder = process_table_find(&usage->table, found->process);
        if (!holder)
            continue;
        struct user *user = need_user(usage, found->key, holder);
        if (user)
            add_holder(user, holder);
        else if (usage->left_out == 0 || found->key != last)
            usage->left_out++;
        last = found->key;
    }
}

/* Those of its holders that are there still. */
static void keep_living(const struct process_table *table, struct user *user)
{
    size_t kept = 0;
    for (size_t i = 0; i < user->holder_count; i++)
        if (process_table_has(table, &user->holders[i]))
            user->holders[kept++] = user->holders[i];
    user->holder_count = kept;
}

static void judge_end(const struct process_table *table, struct user *user)
{
    if (user->is_met)
        return;
    keep_living(table, user);
    user->sample.ended = user->holder_count == 0 || user->misses++ == MISSES_MOST;
}

/* --- What a tree uses ------------------------------------------------------------------------ */

static void mark_tree(struct usage *usage, const struct user *user)
{
    const struct process_table *table = &usage->table;
    const struct process *own = process_table_find(table, (int)getpid());
    memset(usage->marks, PROCESS_UNKNOWN, table->count);
    for (size_t i = 0; i < user->holder_count; i++) {
        const struct process *holder = process_table_find(table, user->holders[i].number);
        usage->marks[holder - table->processes] = PROCESS_IN;
    }
    if (own)
        usage->marks[own - table->processes] = PROCESS_OUT;
    process_table_mark(table, usage->marks);
}

static struct process *marked_processes(const struct usage *usage, size_t *ret_count)
{
    const struct process_table *table = &usage->table;
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++)
        count += usage->marks[i] == PROCESS_IN;
    struct process *members = memory_zero(count + 1, sizeof(*members));
    *ret_count = 0;
    for (size_t i = 0; i < table->count; i++)
        if (usage->marks[i] == PROCESS_IN)
            members[(*ret_count)++] = table->processes[i];
    return members;
}

static const struct process *find_member(const struct process *members, size_t count,
                                         const struct process *process)
{
    const struct process_table table = {.processes = (struct process *)(uintptr_t)members,
                                        .count = count};
    const struct process *found = process_table_find(&table, process->number);
    return found && found->started == process->started ? found : NULL;
}

static uint64_t rise(uint64_t from, uint64_t to)
{
    return to > from ? to - from : 0;
}

/* What members have used since the last measurement, their own and their children's. */
static void add_rises(const struct user *user, const struct process *members, size_t count,
                      uint64_t *ret_own, uint64_t *ret_children)
{
    *ret_own = *ret_children = 0;
    for (size_t i = 0; i < count; i++) {
        const struct process *now = &members[i];
        const struct process *before = find_member(user->members, user->member_count, now);
        *ret_own += before ? rise(before->ticks, now->ticks) : now->ticks + now->child_ticks;
        *ret_children += before ? rise(before->child_ticks, now->child_ticks) : 0;
    }
}

/* What was counted of members that have ended since. Who only left the tree owes nothing. */
static uint64_t owed_by_ended(const struct process_table *table, const struct user *user)
{
    uint64_t owed = 0;
    for (size_t i = 0; i < user->member_count; i++)
        if (!process_table_has(table, &user->members[i]))
            owed += user->members[i].ticks + user->members[i].child_ticks;
    return owed;
}

/* Adds up; returns by how much the user's ticks rose. */
static uint64_t add_ticks(const struct process_table *table, struct user *user,
                          const struct process *members, size_t count)
{
    uint64_t own;
    uint64_t children;
    add_rises(user, members, count, &own, &children);
    uint64_t owed = owed_by_ended(table, user);
    children = rise(user->owed, children);
    user->owed = rise(children, owed); /* and what was owed longer is forgotten */
    uint64_t risen = own + rise(owed, children);
    user->ticks += risen;
    return risen;
}

static void measure_user(struct usage *usage, struct user *user, int64_t now)
{
    struct usage_sample *sample = &user->sample;
    size_t count;
    mark_tree(usage, user);
    struct process *members = marked_processes(usage, &count);
    uint64_t risen = add_ticks(&usage->table, user, members, count);
    double seconds = (double)(now - user->measured) / (double)NANOSECONDS_PER_SECOND;
    sample->cpu_seconds = (double)user->ticks / usage->ticks_per_second;
    sample->cpu_percent = user->measured != 0 && seconds > 0
                              ? (double)risen / usage->ticks_per_second / seconds * 100
                              : -1;
    sample->process_count = count;
    sample->memory = 0;
    for (size_t i = 0; i < count; i++)
        sample->memory += process_resident(&members[i]);
    free(user->members);
    user->members = members;
    user->member_count = count;
    user->measured = now;
}

static void drop_ended(struct usage *usage)
{
    size_t kept = 0;
    for (size_t i = 0; i < usage->user_count; i++) {
        if (usage->users[i].sample.ended)
            free_user(&usage->users[i]);
        else
            usage->users[kept++] = usage->users[i];
    }
    usage->user_count = kept;
}

void usage_measure(struct usage *usage, const atomic_bool *stop)
{
    drop_ended(usage);
    holders_scan(&usage->holders, stop);
    if (usage->holders.found_count == 0 && usage->user_count == 0)
        return;
    int64_t now = clock_monotonic();
    process_table_read(&usage->table, stop);
    if (atomic_load(stop))
        return;
    meet_holders(usage);
    usage->marks = memory_resize(usage->marks, usage->table.count + 1, 1);
    for (size_t i = 0; i < usage->user_count; i++) {
        judge_end(&usage->table, &usage->users[i]);
        if (!usage->users[i].sample.ended)
            measure_user(usage, &usage->users[i], now);
    }
}

const struct usage_sample *usage_next(const struct usage *usage, size_t *position)
{
    return *position < usage->user_count ? &usage->users[(*position)++].sample : NULL;
}

size_t usage_left_out(const struct usage *usage)
{
    return usage->left_out;
}
