/* Random file operations, saves, stops and kills: see tail_model.h.
 *
 * What was counted is counted from a commit on, together with what the room saved; a kill takes
 * both back to there. Then every line that can still be read must be counted once, and none
 * twice. */
#include "tail_model.h"
#include "tail_restart_fixture.h"

struct run {
    struct saver *saver;
    struct model *model;
    bool saving;
};

/* What was lost with the process is not asked for: descriptors of files that have no name, or are
 * empty now, and what was counted of them since the commit. */
static void lose(struct model *model)
{
    for (int i = 0; i < model->count; i++)
        model->generations[i].opened = false;
    for (unsigned id = 1; id < model->next_id; id++)
        if (model->expected[id] && !model->fixture->counted[id]) {
            model->expected[id] = false;
            model->allowed[id] = true;
        }
}

/* The process ends, files change, and it starts again. */
static void restart(struct run *run, bool killed)
{
    struct model *model = run->model;
    if (!killed && run->saving)
        commit(run->saver);
    if (killed)
        kill_process(run->saver);
    else
        stop_process(run->saver);
    run->saving = false;
    model->down = true;
    for (unsigned steps = random_below(model, 8); steps > 0; steps--)
        step(model);
    model->down = false;
    lose(model);
    take_generations(model);
    begin_again(run->saver);
    start(run->saver, random_below(model, 8));
}

static void save_or_commit(struct run *run)
{
    if (run->saving)
        commit(run->saver);
    else
        save(run->saver);
    run->saving = !run->saving;
}

static void run_seed(uint64_t seed, const struct tail_options *options, unsigned steps_a_look)
{
    struct saver *saver = saver_new_with(options);
    struct run run = {.saver = saver, .model = model_new(seed, saver->fixture, options)};
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned what = random_below(run.model, 100);
        if (what < 8)
            restart(&run, what < 4);
        else if (what < 20)
            save_or_commit(&run);
        else
            step(run.model);
        if (i % steps_a_look == 0)
            check(run.model, false);
    }
    if (run.saving)
        commit(saver);
    model_finish(run.model);
    model_free(run.model);
    saver_free(saver);
}

static void run_seeds(const struct tail_options *options, unsigned steps_a_look)
{
    uint64_t first;
    uint64_t last;
    seeds(8, &first, &last);
    for (uint64_t seed = first; seed < last; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        run_seed(seed, options, steps_a_look);
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
