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
    int64_t wanted; /* second */
};

static void check(const struct scrape *scrapes, size_t count)
{
    struct scrapers scrapers = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        int64_t seen = scrapers_note(&scrapers, scrapes[i].address, scrapes[i].second * SECOND);
        if (seen != scrapes[i].wanted * SECOND)
            fail_msg("scrape %zu: %lld, not %lld", i, (long long)(seen / SECOND),
                     (long long)scrapes[i].wanted);
    }
}

#define CHECK(scrapes) check(scrapes, sizeof(scrapes) / sizeof(scrapes[0]))

static void test_one_scraper_has_seen_what_it_fetched_last(void **state)
{
    (void)state;
    static const struct scrape scrapes[] = {
        {"10.0.0.1", 1000, 1000},
        {"10.0.0.1", 1015, 1015},
        {"10.0.0.1", 1030, 1030},
    };
    CHECK(scrapes);
}

static void test_of_several_the_slowest_counts(void **state)
{
    (void)state;
    static const struct scrape scrapes[] = {
        {"10.0.0.1", 1000, 1000}, {"10.0.0.2", 1001, 1000},
        {"10.0.0.1", 1010, 1001}, {"10.0.0.1", 1020, 1001}, /* the other was last there at 1001 */
        {"10.0.0.1", 1030, 1001}, {"10.0.0.2", 1031, 1030},
        {"10.0.0.1", 1040, 1031}, {"10.0.0.2", 1041, 1040},
    };
    CHECK(scrapes);
}

static void test_who_stays_away_is_not_waited_for(void **state)
{
    (void)state;
    static const struct scrape scrapes[] = {
        {"10.0.0.1", 1000, 1000}, {"10.0.0.2", 1000, 1000},
        {"10.0.0.1", 1300, 1000}, /* five minutes: still one of them */
        {"10.0.0.1", 1301, 1301}, /* no more */
        {"10.0.0.2", 1302, 1301}, {"10.0.0.1", 9000, 9000},
    };
    CHECK(scrapes);
}

static void test_addresses_are_compared_whole(void **state)
{
    (void)state;
    static const struct scrape scrapes[] = {
        {"fe80::1%eth0", 1000, 1000},
        {"fe80::1%eth1", 1001, 1000},
        {"fe80::1", 1002, 1000},
        {"", 1003, 1000},
        {"", 1004, 1000},
        {"fe80::1%eth0", 1005, 1001},
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
        int oldest = i < SCRAPERS_MOST ? 0 : i - SCRAPERS_MOST + 1;
        assert_true(scrapers_note(&scrapers, address, (1000 + i) * SECOND) ==
                    (1000 + oldest) * SECOND);
    }
    assert_int_equal(scrapers.count, SCRAPERS_MOST);
    assert_true(scrapers_note(&scrapers, "10.0.0.0", 1100 * SECOND) == 1006 * SECOND);
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
