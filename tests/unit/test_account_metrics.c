/* SPDX-License-Identifier: MIT */
/*
 * What the metrics tell of the account, as far as it is at hand, and of the last exchange of each operation.
 */
#include "stack.h"

#include "tree/account_metrics.h"
#include "tree/render.h"

#define BAD_REQUEST SAYS_AS("400 Bad Request", "", "{\"message\":\"no\"}")
#define NOT_FOUND   SAYS_AS("404 Not Found", "", "{\"message\":\"no\"}")

#define LONG            "123456789012345678901234567890123456789012345678901234567890"
#define NOTHING_OVERDUE "overdue_invoices 0\n"

/* Writes the samples whose names begin with `prefix` to `buf`, without comments and "melbicomfs_". Returns `buf`. */
static char *gauges(struct stack *s, const char *prefix, char *buf, size_t size)
{
    struct printbuf *out = printbuf_new();
    size_t len = 0;

    assert_non_null(out);
    assert_int_equal(account_metrics_print(s->tree, out), 0);
    buf[0] = '\0';
    for (char *line = strtok(out->buf, "\n"); line; line = strtok(NULL, "\n")) {
        if (*line == '#')
            continue;
        assert_memory_equal(line, "melbicomfs_", 11);
        if (strncmp(line + 11, prefix, strlen(prefix)) == 0)
            len += (size_t)snprintf(buf + len, size - len, "%s\n", line + 11);
        assert_true(len < size);
    }
    printbuf_free(out);
    return buf;
}

/* Asserts that the gauges are exactly these samples, in this order. */
static void assert_gauges(struct stack *s, const char *expected)
{
    char found[4096];

    assert_string_equal(gauges(s, "", found, sizeof(found)), expected);
}

/* Waits until what is unpaid in the present list has been added up. */
static void await_sums(struct stack *s)
{
    const struct document *invoices = stack_document(s, OP_INVOICES);
    const struct rendition *sums = render_last(invoices, RENDER_UNPAID_SUMS);
    char found[4096];

    (void)gauges(s, "", found, sizeof(found)); /* begins it */
    await(s, sums->text && sums->generation == invoices->generation);
}

static void test_nothing_is_said_of_what_is_not_at_hand(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    assert_gauges(s, "");
    (void)stack_document(s, OP_INVOICES); /* asked for, not there yet */
    assert_gauges(s, "");
    stack_free(s);
}

/* The digits are the API's: no double lies between. */
static void test_the_balance_is_exact(void **state)
{
    static const struct {
        const char *body, *gauges;
    } rows[] = {
        {"{\"balance\":\"100.10\",\"currency\":\"EUR\"}", "balance{currency=\"EUR\"} 100.10\n"},
        {"{\"balance\":-0.50,\"currency\":\"EUR\"}", "balance{currency=\"EUR\"} -0.50\n"},
        {"{\"balance\":\"12345678901234567890.123456789\",\"currency\":\"USD\"}",
         "balance{currency=\"USD\"} 12345678901234567890.123456789\n"},
        {"{\"balance\":\"7\"}", "balance{currency=\"\"} 7\n"},
        {"{\"balance\":\"7\",\"currency\":\"a\\\"b\\\\c\\nd\\u00e9\\u0007\"}",
         "balance{currency=\"a\\\"b\\\\c\\ndé\xef\xbf\xbd\"} 7\n"},
        {"{\"balance\":\"1,234.50\",\"currency\":\"EUR\"}", ""},
        {"{\"balance\":\"1e3\",\"currency\":\"EUR\"}", ""},
        {"{\"balance\":\" 5\",\"currency\":\"EUR\"}", ""},
        {"{\"balance\":\"5.\",\"currency\":\"EUR\"}", ""},
        {"{\"balance\":\".5\",\"currency\":\"EUR\"}", ""},
        {"{\"balance\":\"-\",\"currency\":\"EUR\"}", ""},
        {"{\"balance\":\"\",\"currency\":\"EUR\"}", ""},
        {"{\"balance\":\"nan\",\"currency\":\"EUR\"}", ""},
        {"{\"balance\":\"0x10\",\"currency\":\"EUR\"}", ""},
        {"{\"balance\":\"5 \",\"currency\":\"EUR\"}", ""},
        {"{\"balance\":\"+5\",\"currency\":\"EUR\"}", ""},
        {"{\"balance\":\"123456789012345678901234567890123456789\",\"currency\":\"EUR\"}", ""},
        {"{\"balance\":null,\"currency\":\"EUR\"}", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stack *s = stack_new(NULL, 0, NULL);

        seed(stack_document(s, OP_BALANCE), rows[i].body);
        assert_gauges(s, rows[i].gauges);
        stack_free(s);
    }
}

static void test_invoices_are_counted_by_status(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    seed(stack_document(s, OP_INVOICES), "[]");
    assert_gauges(s, NOTHING_OVERDUE
                  "invoices{status=\"Paid\"} 0\ninvoices{status=\"Unpaid\"} 0\ninvoices{status=\"Cancelled\"} 0\n"
                  "invoices{status=\"Refunded\"} 0\ninvoices{status=\"other\"} 0\n");
    seed(stack_document(s, OP_INVOICES),
         "[{\"id\":1,\"status\":\"Paid\"},{\"id\":2,\"status\":\"PAID\"},{\"id\":3,\"status\":\"Unpaid\"},"
         "{\"id\":4,\"status\":\"Draft\"},{\"id\":5,\"status\":\"Payment Pending\"},{\"id\":6},{\"status\":\"Paid\"}]");
    await_sums(s);
    assert_gauges(s, "unpaid{currency=\"\"} 0.00\n" NOTHING_OVERDUE
                     "invoices{status=\"Paid\"} 3\ninvoices{status=\"Unpaid\"} 1\ninvoices{status=\"Cancelled\"} 0\n"
                     "invoices{status=\"Refunded\"} 0\ninvoices{status=\"other\"} 3\n");
    stack_free(s);
}

/* The API's list of services has only two of the statuses; the others are known where a filtered list is at hand. */
static void test_services_are_counted_by_status(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    seed(stack_filtered(s, OP_SERVICES, SERVICES_STATUS, "Pending"),
         "[{\"id\":7,\"status\":\"Pending\"},{\"id\":8,\"status\":\"Active\"}]");
    assert_gauges(s, "services{status=\"Pending\"} 1\n");
    seed(stack_document(s, OP_SERVICES), "[{\"id\":1,\"status\":\"Active\"},{\"id\":2,\"status\":\"Odd\"}]");
    assert_gauges(s, "services{status=\"Active\"} 1\nservices{status=\"Suspended\"} 0\n"
                     "services{status=\"Pending\"} 1\nservices{status=\"other\"} 1\n");
    seed(stack_document(s, OP_SERVICES), "[{\"id\":1,\"status\":\"Terminated\"},{\"id\":2,\"status\":\"suspended\"}]");
    assert_gauges(s,
                  "services{status=\"Active\"} 0\nservices{status=\"Suspended\"} 1\n"
                  "services{status=\"Pending\"} 1\nservices{status=\"Terminated\"} 1\nservices{status=\"other\"} 0\n");
    stack_free(s);
}

static void test_what_is_unpaid_and_what_is_overdue(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    char found[4096];

    (void)state;
    seed(stack_document(s, OP_INVOICES),
         "[{\"id\":1,\"status\":\"Unpaid\",\"total\":\"0.1\",\"currency\":\"EUR\",\"duedate\":\"2020-01-31\"},"
         "{\"id\":2,\"status\":\"unpaid\",\"total\":\"0.2\",\"currency\":\"EUR\",\"duedate\":\"2999-01-31\"},"
         "{\"id\":3,\"status\":\"Unpaid\",\"total\":\"1,234.50\",\"currency\":\"USD\",\"duedate\":\"2020-02-31\"},"
         "{\"id\":4,\"status\":\"Unpaid\",\"total\":-5.125,\"currency\":\"GBP\"},"
         "{\"id\":5,\"status\":\"Unpaid\",\"total\":\"7.00\",\"duedate\":\"2020-01-31T10:00:00Z\"},"
         "{\"id\":6,\"status\":\"Unpaid\",\"total\":\"1\",\"currency\":\"a \\\"b\\\"\"},"
         "{\"id\":7,\"status\":\"Unpaid\",\"total\":\"1\",\"currency\":\"US\\nD\"},"
         "{\"id\":8,\"status\":\"Unpaid\",\"total\":\"1\",\"currency\":\"no\\u007flabel\"},"
         "{\"id\":9,\"status\":\"Unpaid\",\"total\":\"1\",\"currency\":\"" LONG LONG LONG "\"},"
         "{\"id\":11,\"status\":\"Unpaid\",\"total\":\"1\",\"currency\":\"US D\"},"
         "{\"id\":10,\"status\":\"Paid\",\"total\":\"9\",\"currency\":\"EUR\",\"duedate\":\"2020-01-31\"}]");
    await_sums(s);
    assert_string_equal(gauges(s, "overdue", found, sizeof(found)), "overdue_invoices 2\n");
    assert_string_equal(gauges(s, "unpaid", found, sizeof(found)),
                        "unpaid{currency=\"\"} 7.00\nunpaid{currency=\"EUR\"} 0.30\nunpaid{currency=\"GBP\"} -5.125\n"
                        "unpaid{currency=\"US D\"} 1.00\nunpaid{currency=\"USD\"} 0.00\n"
                        "unpaid{currency=\"a \\\"b\\\"\"} 1.00\n");
    stack_free(s);
}

/* Puts n unpaid invoices into the list, each of 2.50, in so many currencies. */
static void seed_unpaid(struct stack *s, unsigned n, unsigned currencies)
{
    struct printbuf *body = printbuf_new();

    assert_non_null(body);
    for (unsigned i = 0; i < n; i++)
        sprintbuf(body, "%s{\"id\":%u,\"status\":\"Unpaid\",\"total\":\"2.50\",\"currency\":\"C%u\"}", i ? "," : "[", i,
                  i % currencies);
    sprintbuf(body, "]");
    seed(stack_document(s, OP_INVOICES), body->buf);
    printbuf_free(body);
}

static void test_the_number_of_currencies_is_bounded(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    char found[4096];
    unsigned lines = 0;

    (void)state;
    seed_unpaid(s, 99, 99);
    await_sums(s);
    for (const char *at = gauges(s, "unpaid", found, sizeof(found)); (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 32);
    stack_free(s);
}

/* Reading the metrics never holds up the loop: a long list is added up meanwhile, and until that is done the gauges are
 * those of the list before. */
static void test_a_long_list_is_added_up_between_two_reads(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    char found[4096];

    (void)state;
    seed_unpaid(s, 50000, 1);
    assert_string_equal(gauges(s, "unpaid", found, sizeof(found)), "");
    assert_string_equal(gauges(s, "overdue", found, sizeof(found)), "");
    await_sums(s);
    assert_string_equal(gauges(s, "unpaid", found, sizeof(found)), "unpaid{currency=\"C0\"} 125000.00\n");
    seed_unpaid(s, 50001, 1);
    assert_string_equal(gauges(s, "unpaid", found, sizeof(found)), "unpaid{currency=\"C0\"} 125000.00\n");
    await_sums(s);
    assert_string_equal(gauges(s, "unpaid", found, sizeof(found)), "unpaid{currency=\"C0\"} 125002.50\n");
    stack_free(s);
}

/* ---- the last exchange of each operation ---- */

static void find_operation(void *data, const struct metrics_operation *operation)
{
    struct metrics_operation *wanted = data;

    if (strcmp(operation->name, wanted->name) == 0)
        *wanted = *operation;
}

/* How the last exchange of an operation ended. The operation must have been used. */
static struct metrics_operation last_of(struct stack *s, enum operation operation)
{
    struct metrics_operation found = {.name = endpoint_of(operation)->name, .success = {.tv_sec = -1}};

    metrics_each(s->metrics, find_operation, &found);
    assert_int_not_equal(found.success.tv_sec, -1);
    return found;
}

static void test_up_is_the_last_exchange_of_every_operation(void **state)
{
    static const struct web_answer script[] = {SAYS("[]"), BAD_REQUEST, SAYS("{\"balance\":\"1\"}"), SAYS("<html>"),
                                               SAYS("[]")};
    struct stack *s = STACK(script);
    struct document *services = stack_document(s, OP_SERVICES), *balance = stack_document(s, OP_BALANCE);

    (void)state;
    assert_true(metrics_up(s->metrics)); /* nothing was used */
    assert_int_equal(obtain(s, services), 0);
    assert_true(metrics_up(s->metrics));
    struct timespec first = last_of(s, OP_SERVICES).success;
    assert_true(first.tv_sec > 0);

    assert_int_equal(obtain(s, balance), -EINVAL);
    assert_false(metrics_up(s->metrics));
    assert_false(last_of(s, OP_BALANCE).succeeded);
    assert_int_equal(last_of(s, OP_BALANCE).success.tv_sec, 0);
    assert_true(last_of(s, OP_SERVICES).succeeded);
    document_expire(balance);
    assert_int_equal(obtain(s, balance), 0);
    assert_true(metrics_up(s->metrics));

    /* The copy is served, but the exchange has failed; its last success is the one before. */
    document_expire(services);
    assert_int_equal(obtain(s, services), 0);
    assert_true(services->stale);
    assert_false(metrics_up(s->metrics));
    struct timespec last = last_of(s, OP_SERVICES).success;
    assert_memory_equal(&last, &first, sizeof(first));
    document_expire(services);
    assert_int_equal(obtain(s, services), 0);
    assert_true(metrics_up(s->metrics));
    stack_free(s);
}

/* A typing error is no outage, but a list that is not there is one. */
static void test_what_only_refuses_an_argument_is_an_answer(void **state)
{
    static const struct web_answer script[] = {NOT_FOUND, BAD_REQUEST, SAYS_AS("403 Forbidden", "", "{}"), NOT_FOUND};
    struct stack *s = STACK(script);

    (void)state;
    assert_int_equal(obtain(s, stack_service(s, 999)), -ENOENT);
    assert_true(last_of(s, OP_SERVICE).succeeded);
    assert_int_equal(obtain(s, stack_filtered(s, OP_SERVICES, SERVICES_PRODUCT, "odd")), -EINVAL);
    assert_true(metrics_up(s->metrics));
    assert_int_equal(obtain(s, stack_service(s, 998)), -EACCES);
    assert_false(metrics_up(s->metrics));
    assert_int_equal(obtain(s, stack_document(s, OP_SERVICES)), -ENOENT);
    assert_false(last_of(s, OP_SERVICES).succeeded);
    stack_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_said_of_what_is_not_at_hand),
        cmocka_unit_test(test_the_balance_is_exact),
        cmocka_unit_test(test_invoices_are_counted_by_status),
        cmocka_unit_test(test_services_are_counted_by_status),
        cmocka_unit_test(test_what_is_unpaid_and_what_is_overdue),
        cmocka_unit_test(test_the_number_of_currencies_is_bounded),
        cmocka_unit_test(test_a_long_list_is_added_up_between_two_reads),
        cmocka_unit_test(test_up_is_the_last_exchange_of_every_operation),
        cmocka_unit_test(test_what_only_refuses_an_argument_is_an_answer),
    };

    return cmocka_run_group_tests_name("account_metrics", tests, NULL, NULL);
}
