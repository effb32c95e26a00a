/* A doubly linked ring whose links lie inside the items: adding and removing take no memory.
 *
 *   struct list queue;  list_init(&queue);
 *   list_append(&queue, &file->turn);
 *   struct tail_file *first = list_item(queue.next, struct tail_file, turn);
 *
 * A link in no list points at itself, so that removing it again changes nothing. */
#ifndef TAIL_LIST_H
#define TAIL_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *previous;
    struct list *next;
};

#define list_item(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
    list->previous = list->next = list;
}

/* Is this list empty; is this link in no list? */
static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_remove(struct list *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    list_init(link);
}

/* At the end; taken out of the list it was in before. */
static inline void list_append(struct list *list, struct list *link)
{
    list_remove(link);
    link->previous = list->previous;
    link->next = list;
    list->previous->next = link;
    list->previous = link;
}

#endif
