/* SPDX-License-Identifier: MIT */
/*
 * Bytes that never change, and the fields behind them.
 */
#include "api/snapshot.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct snapshot *make(const char *text, const char *a, const char *b)
{
    const char *const fields[SNAPSHOT_FIELDS] = {a, NULL, b, NULL};
    struct snapshot *snapshot = snapshot_new(text, strlen(text), fields);

    assert_non_null(snapshot);
    return snapshot;
}

static void test_text_and_fields(void **state)
{
    struct snapshot *s = make("{}\n", "one", "");

    (void)state;
    assert_int_equal(s->len, 3);
    assert_memory_equal(s->data, "{}\n", 3);
    assert_string_equal(snapshot_field(s, 0), "one");
    assert_null(snapshot_field(s, 1));
    assert_string_equal(snapshot_field(s, 2), "");
    assert_null(snapshot_field(s, 3));
    assert_int_equal(s->size, 3 + 4 + 1);
    assert_int_equal(snapshot_cost(s), sizeof(*s) + s->size);
    snapshot_unref(s);
    snapshot_unref(NULL);
}

static void test_nothing_at_all(void **state)
{
    struct snapshot *s = snapshot_new(NULL, 0, NULL);

    (void)state;
    assert_non_null(s);
    assert_int_equal(s->len, 0);
    assert_int_equal(s->size, 0);
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        assert_null(snapshot_field(s, i));
    snapshot_unref(s);
}

static void test_bytes_with_nul(void **state)
{
    static const char bytes[] = "a\0b\0c";
    const char *const fields[SNAPSHOT_FIELDS] = {NULL, NULL, NULL, "last"};
    struct snapshot *s = snapshot_new(bytes, 5, fields);

    (void)state;
    assert_int_equal(s->len, 5);
    assert_memory_equal(s->data, bytes, 5);
    assert_string_equal(snapshot_field(s, 3), "last");
    snapshot_unref(s);
}

static void test_a_field_that_does_not_fit_is_absent(void **state)
{
    char *big = malloc(UINT16_MAX + 1), *fits = malloc(UINT16_MAX);

    (void)state;
    assert_true(big && fits);
    memset(big, 'x', UINT16_MAX);
    big[UINT16_MAX] = '\0';
    memset(fits, 'y', UINT16_MAX - 10);
    fits[UINT16_MAX - 10] = '\0';
    const char *const fields[SNAPSHOT_FIELDS] = {big, fits, "too much now", "ok"};
    struct snapshot *s = snapshot_new("t", 1, fields);

    assert_null(snapshot_field(s, 0));
    assert_string_equal(snapshot_field(s, 1), fits);
    assert_null(snapshot_field(s, 2));
    assert_string_equal(snapshot_field(s, 3), "ok");
    snapshot_unref(s);
    free(big);
    free(fits);
}

static void test_equal_and_same(void **state)
{
    static const struct {
        const char *text, *a, *b;
        bool equal, same;
    } rows[] = {
        {"text", "a", "b", true, true},   {"text", "a", "c", true, false}, {"text", NULL, NULL, true, false},
        {"texu", "a", "b", false, false}, {"tex", "a", "b", false, false}, {"text", "ab", "", true, false},
    };
    struct snapshot *s = make("text", "a", "b");

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct snapshot *other = make(rows[i].text, rows[i].a, rows[i].b);

        assert_int_equal(snapshot_equal(s, other), rows[i].equal);
        assert_int_equal(snapshot_equal(other, s), rows[i].equal);
        assert_int_equal(snapshot_same(s, other), rows[i].same);
        assert_int_equal(snapshot_same(other, s), rows[i].same);
        snapshot_unref(other);
    }
    assert_true(snapshot_same(s, s));
    snapshot_unref(s);
}

/* The same bytes, shared out between text and fields in another way. */
static void test_the_border_between_text_and_field_counts(void **state)
{
    const char *const one[SNAPSHOT_FIELDS] = {"b"}, *const none[SNAPSHOT_FIELDS] = {NULL};
    struct snapshot *a = snapshot_new("a", 1, one), *b = snapshot_new("ab\0", 3, none);

    (void)state;
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, a->size);
    assert_false(snapshot_same(a, b));
    assert_false(snapshot_equal(a, b));
    snapshot_unref(a);
    snapshot_unref(b);
}

static void *many_references(void *data)
{
    for (unsigned i = 0; i < 20000; i++)
        snapshot_unref(snapshot_ref(data));
    snapshot_unref(data);
    return NULL;
}

/* The pusher's thread holds some. The last one frees, which LeakSanitizer sees. */
static void test_references_from_any_thread(void **state)
{
    struct snapshot *s = make("shared", "f", NULL);
    pthread_t threads[4];

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many_references, snapshot_ref(s)), 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&s->refs), 1);
    assert_string_equal(snapshot_field(s, 0), "f");
    snapshot_unref(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_and_fields),
        cmocka_unit_test(test_nothing_at_all),
        cmocka_unit_test(test_bytes_with_nul),
        cmocka_unit_test(test_a_field_that_does_not_fit_is_absent),
        cmocka_unit_test(test_equal_and_same),
        cmocka_unit_test(test_the_border_between_text_and_field_counts),
        cmocka_unit_test(test_references_from_any_thread),
    };

    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
