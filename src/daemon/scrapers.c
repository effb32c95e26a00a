/* See scrapers.h. */
#include "daemon/scrapers.h"

#include <stdio.h>
#include <string.h>

static struct scraper *find(struct scrapers *scrapers, const char *address)
{
    for (size_t i = 0; i < scrapers->count; i++)
        if (strcmp(scrapers->items[i].address, address) == 0)
            return &scrapers->items[i];
    return NULL;
}

static void forget_inactive(struct scrapers *scrapers, int64_t now)
{
    size_t kept = 0;
    for (size_t i = 0; i < scrapers->count; i++)
        if (scrapers->items[i].last >= now - SCRAPER_ACTIVE)
            scrapers->items[kept++] = scrapers->items[i];
    scrapers->count = kept;
}

/* A place for a new one; past the bound the one longest silent goes. */
static struct scraper *add(struct scrapers *scrapers, const char *address)
{
    struct scraper *place = &scrapers->items[0];
    if (scrapers->count < SCRAPERS_MOST) {
        place = &scrapers->items[scrapers->count++];
    } else {
        for (size_t i = 1; i < scrapers->count; i++)
            if (scrapers->items[i].last < place->last)
                place = &scrapers->items[i];
    }
    snprintf(place->address, sizeof(place->address), "%s", address);
    return place;
}

int64_t scrapers_note(struct scrapers *scrapers, const char *address, int64_t now)
{
    forget_inactive(scrapers, now);
    struct scraper *scraper = find(scrapers, address);
    if (!scraper)
        scraper = add(scrapers, address);
    scraper->last = now;
    int64_t seen = now;
    for (size_t i = 0; i < scrapers->count; i++)
        if (scrapers->items[i].last < seen)
            seen = scrapers->items[i].last;
    return seen;
}
