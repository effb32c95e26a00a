/* Random file operations while the room follows: see tail_model.h. */
#include "tail_model.h"

static void run(uint64_t seed, const struct tail_options *options, unsigned steps_a_look)
{
    struct fixture *fixture = fixture_new_with(options);
    struct model *model = model_new(seed, fixture, options);
    for (unsigned i = 0; i < STEPS; i++) {
        step(model);
        if (i % steps_a_look == 0)
            check(model, false);
    }
    model_finish(model);
    fixture_free(fixture);
    model_free(model);
}

static void run_seeds(const struct tail_options *options, unsigned steps_a_look)
{
    uint64_t first;
    uint64_t last;
    seeds(6, &first, &last);
    for (uint64_t seed = first; seed < last; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        run(seed, options, steps_a_look);
    }
}

static void test_a_look_after_every_step(void **state UNUSED)
{
    const struct tail_options options = {0};
    run_seeds(&options, 1);
}

static void test_a_look_after_some_steps(void **state UNUSED)
{
    const struct tail_options options = {0};
    run_seeds(&options, 7);
}

static void test_small_chunks(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 100};
    run_seeds(&options, 3);
}

static void test_few_open_files(void **state UNUSED)
{
    const struct tail_options options = {.max_open_files = 2};
    run_seeds(&options, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_look_after_every_step),
        cmocka_unit_test(test_a_look_after_some_steps),
        cmocka_unit_test(test_small_chunks),
        cmocka_unit_test(test_few_open_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
