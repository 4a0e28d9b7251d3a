/* SPDX-License-Identifier: MIT */
/*
 * Every table and report, of a thousand random accounts, against the rendering of tests/mount/tables.py. That program
 * calls this one, as `test_tables render`, and gives it all answers of the API at once.
 */
#include "stack.h"
#include "tree/render.h"

#include <inttypes.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Seconds since 1970 that the time of day stands at. */
static time_t wall_s;

/* Stands in for the C library's, for all of this program. */
int clock_gettime(clockid_t id, struct timespec *ret)
{
    if (id == CLOCK_REALTIME && wall_s) {
        *ret = (struct timespec){wall_s, 0};
        return 0;
    }
    return (int)syscall(SYS_clock_gettime, id, ret);
}

/* ---- rendering ---- */

/* The answers by name, and the texts that are made of each. */
static const struct {
    const char *name;
    enum operation operation;
    bool options; /* with configuration options */
    enum route_render ways[6];
    unsigned n;
} kinds[] = {
    {"invoices",
     OP_INVOICES,
     false,
     {RENDER_CSV, RENDER_INVOICE_ITEMS, RENDER_INVOICE_TRANSACTIONS, RENDER_UNPAID, RENDER_SPEND, RENDER_UNPAID_SUMS},
     6},
    {"services", OP_SERVICES, false, {RENDER_CSV, RENDER_RENEWALS}, 2},
    {"products", OP_PRODUCTS, false, {RENDER_CSV, RENDER_PRODUCT_PRICES}, 2},
    {"options", OP_PRODUCTS, true, {RENDER_PRODUCT_OPTIONS}, 1},
};

static void render(struct stack *s, struct renderer *renderer, unsigned kind, const char *body)
{
    struct document *document = kinds[kind].options ? stack_filtered(s, kinds[kind].operation, PRODUCTS_OPTIONS, "true")
                                                    : stack_document(s, kinds[kind].operation);

    seed(document, body);
    for (unsigned i = 0; i < kinds[kind].n; i++) {
        struct snapshot *text = NULL;
        int r;

        while ((r = renderer_get(renderer, document, kinds[kind].ways[i], &text)) == 0)
            assert_int_equal(loop_turn(s->loop, 0), 0);
        assert_int_equal(r, 1);
        printf("%" PRIu32 "\n", text->len);
        assert_int_equal(fwrite(text->data, 1, text->len, stdout), text->len);
    }
}

/* Reads answers from stdin, each after a line with its kind, its length and the time of day, and writes each text that
 * is made of it after a line with its length. */
static void render_all(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct renderer *renderer = renderer_new(s->loop, s->endpoints);
    char name[16];
    size_t len;
    int64_t now;

    (void)state;
    while (scanf("%15s %zu %" SCNd64, name, &len, &now) == 3) {
        char *body = calloc(1, len + 1);
        unsigned kind = 0;

        assert_non_null(body);
        assert_int_equal(getchar(), '\n');
        assert_int_equal(fread(body, 1, len, stdin), len);
        while (strcmp(kinds[kind].name, name) != 0)
            assert_true(++kind < sizeof(kinds) / sizeof(kinds[0]));
        wall_s = (time_t)now;
        render(s, renderer, kind, body);
        free(body);
    }
    assert_true(feof(stdin));
    renderer_free(renderer);
    stack_free(s);
}

/* ---- the test ---- */

static const char *self;

static void tables_equal_an_independent_rendering(void **state)
{
    const char *tests = getenv("TESTS");
    char command[1024];

    (void)state;
    (void)snprintf(command, sizeof(command), "/usr/bin/python3 '%s/tables.py' random '%s' 1000",
                   tests ? tests : "tests/mount", self);
    int status = system(command);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest renders[] = {cmocka_unit_test(render_all)};
    const struct CMUnitTest tests[] = {cmocka_unit_test(tables_equal_an_independent_rendering)};

    self = argv[0];
    if (argc > 1 && strcmp(argv[1], "render") == 0)
        return cmocka_run_group_tests_name("render", renders, NULL, NULL);
    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
