/* Who scrapes: the remote addresses of the last five minutes, and since when all of them have seen
 * what. For series born at zero: an increase is only seen by who saw the zero. */
#ifndef DAEMON_SCRAPERS_H
#define DAEMON_SCRAPERS_H

#include <stddef.h>
#include <stdint.h>

#define SCRAPERS_MOST  64
#define SCRAPER_ACTIVE (INT64_C(300) * 1000000000) /* ns since its last scrape */

struct scraper {
    char address[64];
    int64_t last; /* ns, wall: its last scrape */
};

struct scrapers {
    struct scraper items[SCRAPERS_MOST];
    size_t count;
};

/* Notes a scrape by `address`, answered now. Returns the time since which every active scraper,
 * this one included, has fetched an exposition. */
int64_t scrapers_note(struct scrapers *scrapers, const char *address, int64_t now);

#endif
