/* SPDX-License-Identifier: MIT */
/* Whatever the shape of the API's answers, the tree without a mount is the tree of a mount. */
#include "door.h"

/* All files that show the account, the links among them. What belongs to a mount (its log of purges) differs. */
#define FILES "find . -name cdn -prune -o ! -type d -print | LC_ALL=C sort"

/* An account with one answer in another shape reads the same. */
static void test_every_shape(void **state)
{
    static const char *const shapes[] = {"data", "value", "named", "gaps",   "keyed",      "keyed-only",   "nested",
                                         "deep", "other", "bom",   "single", "empty-null", "empty-object", "empty-204"};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const char *const options[] = {"--services", "5", "--invoices", "12", "--shape", shapes[i], NULL};
        struct fixture other;
        fixture_start(&other, options, NULL);
        assert_same_output(&other.mount, FILES " | xargs cat", FILES " | xargs sh -c '" SHELL "--cat \"$@\"' x");
        fixture_stop(&other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_shape)};
    harness_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
