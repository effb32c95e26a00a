/* scrapers.c: since when everybody who scrapes has seen an exposition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "daemon/scrapers.h"

#define SECOND NANOSECONDS_PER_SECOND

struct scrape {
    const char *address;
    int64_t second;
    int64_t wanted; /* second, or NEVER */
};

#define NEVER (-1)

static void check(const struct scrape *scrapes, size_t count)
{
    struct scrapers scrapers = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        int64_t seen = scrapers_note(&scrapers, scrapes[i].address, scrapes[i].second * SECOND);
        int64_t wanted = scrapes[i].wanted == NEVER ? TIME_NONE : scrapes[i].wanted * SECOND;
        if (seen != wanted)
            fail_msg("scrape %zu: %lld, not %lld", i, (long long)seen, (long long)wanted);
    }
}

#define CHECK(scrapes) check(scrapes, sizeof(scrapes) / sizeof(scrapes[0]))

static void test_one_scraper_has_seen_what_it_fetched_last(void **state)
{
    (void)state;
    static const struct scrape scrapes[] = {
        {"10.0.0.1", 1000, NEVER},
        {"10.0.0.1", 1015, 1000},
        {"10.0.0.1", 1030, 1015},
    };
    CHECK(scrapes);
}

static void test_of_several_the_slowest_counts(void **state)
{
    (void)state;
    static const struct scrape scrapes[] = {
        {"10.0.0.1", 1000, NEVER}, {"10.0.0.2", 1001, NEVER}, /* new: has seen nothing */
        {"10.0.0.1", 1010, 1000},  {"10.0.0.1", 1020, 1001},  /* the other was last there at 1001 */
        {"10.0.0.1", 1030, 1001},  {"10.0.0.2", 1031, 1001},
        {"10.0.0.1", 1040, 1030},  {"10.0.0.2", 1041, 1031},
    };
    CHECK(scrapes);
}

static void test_who_stays_away_is_not_waited_for(void **state)
{
    (void)state;
    static const struct scrape scrapes[] = {
        {"10.0.0.1", 1000, NEVER}, {"10.0.0.2", 1000, NEVER},
        {"10.0.0.1", 1300, 1000},                             /* five minutes: still one of them */
        {"10.0.0.1", 1301, 1300},                             /* no more */
        {"10.0.0.2", 1302, NEVER}, {"10.0.0.1", 9000, NEVER}, /* both were away */
    };
    CHECK(scrapes);
}

static void test_addresses_are_compared_whole(void **state)
{
    (void)state;
    static const struct scrape scrapes[] = {
        {"fe80::1%eth0", 1000, NEVER},
        {"fe80::1%eth1", 1001, NEVER},
        {"fe80::1", 1002, NEVER},
        {"", 1003, NEVER},
        {"", 1004, 1000},
    };
    CHECK(scrapes);
}

/* A crowd takes no more memory than SCRAPERS_MOST: the one longest silent is forgotten. */
static void test_a_crowd_is_bounded(void **state)
{
    (void)state;
    struct scrapers scrapers = {.count = 0};
    char address[32];
    for (int i = 0; i < SCRAPERS_MOST + 5; i++) {
        snprintf(address, sizeof(address), "10.0.0.%d", i);
        assert_true(scrapers_note(&scrapers, address, (1000 + i) * SECOND) == TIME_NONE);
    }
    assert_int_equal(scrapers.count, SCRAPERS_MOST);
    assert_true(scrapers_note(&scrapers, "10.0.0.0", 1100 * SECOND) == TIME_NONE);
    assert_true(scrapers_note(&scrapers, "10.0.0.60", 1101 * SECOND) == 1006 * SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_scraper_has_seen_what_it_fetched_last),
        cmocka_unit_test(test_of_several_the_slowest_counts),
        cmocka_unit_test(test_who_stays_away_is_not_waited_for),
        cmocka_unit_test(test_addresses_are_compared_whole),
        cmocka_unit_test(test_a_crowd_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
