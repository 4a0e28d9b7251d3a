/* SPDX-License-Identifier: MIT */
/*
 * The metrics, read back by a strict little parser of the text format 0.0.4: HELP, then TYPE, then the samples of that
 * family and of no other; a family comes once, a series comes once; labels are quoted and escaped as they should be.
 */
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <json-c/printbuf.h>

#include "base/metrics.h"

#define SAMPLES 400
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS  "0123456789"

struct sample {
    char name[80];
    char family[80];
    char type[12];
    char labels[2][2][160]; /* name, value */
    int n_labels;
    char number[40]; /* as it stands */
    double value;
};

static struct sample samples[SAMPLES];
static size_t n_samples;
static char families[40][80];
static size_t n_families;

/* The parser. Each function reads at *p and moves it on; what isn't as it should be fails the test. */

static void read_word(const char **p, const char *bytes, char *out, size_t size)
{
    size_t len = strspn(*p, bytes);

    assert_in_range(len, 1, size - 1);
    memcpy(out, *p, len);
    out[len] = '\0';
    *p += len;
}

static void read_text(const char **p, const char *text)
{
    assert_memory_equal(*p, text, strlen(text));
    *p += strlen(text);
}

static void read_name(const char **p, char *out, size_t size)
{
    assert_null(strchr(DIGITS, **p));
    read_word(p, LETTERS DIGITS, out, size);
}

static void read_label(const char **p, struct sample *s)
{
    char *out = s->labels[s->n_labels][1], *end = out + sizeof(s->labels[0][1]) - 1;

    read_name(p, s->labels[s->n_labels][0], sizeof(s->labels[0][0]));
    read_text(p, "=\"");
    while (**p != '"') {
        char c = *(*p)++;

        assert_true(c != '\0' && c != '\n' && out < end);
        if (c == '\\') {
            c = *(*p)++;
            assert_true(c == '\\' || c == '"' || c == 'n');
            c = c == 'n' ? '\n' : c;
        }
        *out++ = c;
    }
    *out = '\0';
    (*p)++;
    s->n_labels++;
}

/* Whether a sample of this name may stand in a family: by itself, or with a histogram's endings. */
static bool belongs(const char *name, const char *family, const char *type)
{
    const char *rest = name + strlen(family);

    if (strncmp(name, family, strlen(family)) != 0)
        return false;
    if (strcmp(type, "histogram") == 0)
        return strcmp(rest, "_bucket") == 0 || strcmp(rest, "_sum") == 0 || strcmp(rest, "_count") == 0;
    return *rest == '\0';
}

static bool same_series(const struct sample *a, const struct sample *b)
{
    return strcmp(a->name, b->name) == 0 && a->n_labels == b->n_labels &&
           memcmp(a->labels, b->labels, sizeof(a->labels)) == 0;
}

static void read_sample(const char **p, const char *family, const char *type)
{
    struct sample *s = &samples[n_samples];
    char *end;

    assert_true(n_samples < SAMPLES);
    memset(s, 0, sizeof(*s));
    (void)snprintf(s->family, sizeof(s->family), "%s", family);
    (void)snprintf(s->type, sizeof(s->type), "%s", type);
    read_name(p, s->name, sizeof(s->name));
    assert_true(belongs(s->name, family, type));
    if (**p == '{') {
        do {
            assert_true(s->n_labels < 2);
            (*p)++;
            read_label(p, s);
        } while (**p == ',');
        read_text(p, "}");
    }
    read_text(p, " ");
    read_word(p, DIGITS ".", s->number, sizeof(s->number));
    read_text(p, "\n");
    s->value = strtod(s->number, &end);
    assert_string_equal(end, "");
    for (size_t i = 0; i < n_samples; i++)
        assert_false(same_series(s, &samples[i]));
    n_samples++;
}

static void read_family(const char **p)
{
    char name[80], type[12];

    read_text(p, "# HELP ");
    read_name(p, name, sizeof(name));
    read_text(p, " ");
    assert_memory_equal(name, "melbicomfs_", 11);
    assert_true(strcspn(*p, "\n") > 10);
    assert_null(memchr(*p, '\\', strcspn(*p, "\n")));
    *p += strcspn(*p, "\n");
    read_text(p, "\n# TYPE ");
    read_text(p, name);
    read_text(p, " ");
    read_word(p, LETTERS, type, sizeof(type));
    read_text(p, "\n");
    if (strcmp(type, "counter") == 0)
        assert_string_equal(name + strlen(name) - 6, "_total");
    else
        assert_true(strcmp(type, "histogram") == 0 || strcmp(type, "gauge") == 0);
    for (size_t i = 0; i < n_families; i++)
        assert_string_not_equal(families[i], name);
    memcpy(families[n_families++], name, sizeof(name));
    while (**p && **p != '#')
        read_sample(p, name, type);
}

/* Prints and parses everything. */
static void scrape(struct metrics *metrics)
{
    struct printbuf *out = printbuf_new();
    const char *p;

    assert_non_null(out);
    metrics_print(metrics, out);
    assert_int_equal(strlen(out->buf), printbuf_length(out));
    n_samples = n_families = 0;
    p = out->buf;
    while (*p)
        read_family(&p);
    printbuf_free(out);
}

/* The sample of a name (without melbicomfs_) and label values, NULL where there is none. */
static const struct sample *find(const char *name, const char *first, const char *second)
{
    for (size_t i = 0; i < n_samples; i++) {
        const struct sample *s = &samples[i];

        if (strcmp(s->name + strlen("melbicomfs_"), name) == 0 &&
            s->n_labels == (second  ? 2
                            : first ? 1
                                    : 0) &&
            (!first || strcmp(s->labels[0][1], first) == 0) && (!second || strcmp(s->labels[1][1], second) == 0))
            return s;
    }
    return NULL;
}

static void assert_value(const char *name, const char *first, const char *second, const char *expected)
{
    const struct sample *s = find(name, first, second);

    assert_non_null(s);
    assert_string_equal(s->number, expected);
}

static int setup(void **state)
{
    *state = metrics_new();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    metrics_free(*state);
    return 0;
}

/* The tests. */

static const char *const plain[] = {"cache_hits_total",         "cache_misses_total", "stale_serves_total",
                                    "http_retries_total",       "pushed_files_total", "pushed_bytes_total",
                                    "http_received_bytes_total"};
static const char *const kernel[] = {"lookup",  "forget",      "getattr",  "setattr",   "readlink", "read", "write",
                                     "readdir", "readdirplus", "getxattr", "listxattr", "statfs",   "other"};

static void what_is_fixed_is_there_from_the_start(void **state)
{
    scrape(*state);
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        assert_value(plain[i], NULL, NULL, "0");
    for (size_t i = 0; i < KERNEL_REQUESTS; i++)
        assert_value("kernel_requests_total", kernel[i], NULL, "0");
    assert_string_equal(find("kernel_requests_total", "read", NULL)->labels[0][0], "request");
    assert_value("purges_total", "ok", NULL, "0");
    assert_value("purges_total", "failed", NULL, "0");
    assert_string_equal(find("purges_total", "ok", NULL)->labels[0][0], "result");
    assert_value("up", NULL, NULL, "1");
    assert_value("build_info", MELBICOMFS_VERSION, NULL, "1");
    assert_string_equal(find("build_info", MELBICOMFS_VERSION, NULL)->labels[0][0], "version");
    assert_int_equal(n_families, 14);
    assert_int_equal(n_samples, 7 + KERNEL_REQUESTS + 2 + 2);
}

static void each_request_of_the_kernel_has_its_counter(void **state)
{
    for (unsigned i = 0; i < KERNEL_REQUESTS; i++)
        for (unsigned n = 0; n <= i; n++)
            metrics_kernel(*state, (enum kernel_request)i);
    scrape(*state);
    for (unsigned i = 0; i < KERNEL_REQUESTS; i++) {
        char expected[8];

        (void)snprintf(expected, sizeof(expected), "%u", i + 1);
        assert_value("kernel_requests_total", kernel[i], NULL, expected);
    }
}

static void each_counter_is_its_own(void **state)
{
    for (unsigned i = 0; i < COUNTERS; i++)
        metrics_count(*state, (enum counter)i, UINT64_C(1) << (8 * i));
    metrics_count(*state, COUNT_CACHE_HIT, 9);
    metrics_count(*state, COUNT_RETRY, UINT64_MAX - (UINT64_C(1) << 40)); /* no detour over a double */
    scrape(*state);
    assert_value("cache_hits_total", NULL, NULL, "10");
    assert_value("cache_misses_total", NULL, NULL, "256");
    assert_value("stale_serves_total", NULL, NULL, "65536");
    assert_value("purges_total", "ok", NULL, "16777216");
    assert_value("purges_total", "failed", NULL, "4294967296");
    assert_value("http_retries_total", NULL, NULL, "18446744073709551615");
    assert_value("http_received_bytes_total", NULL, NULL, "281474976710656");
}

/* Buckets of an operation rise in bound and never fall in count, and +Inf is the last and all. */
static void assert_histogram(const char *operation)
{
    double bound = -1, count = -1;
    const struct sample *last = NULL;

    for (size_t i = 0; i < n_samples; i++) {
        const struct sample *s = &samples[i];

        if (strcmp(s->name, "melbicomfs_http_request_duration_seconds_bucket") != 0 ||
            strcmp(s->labels[0][1], operation) != 0)
            continue;
        assert_string_equal(s->labels[0][0], "operation");
        assert_string_equal(s->labels[1][0], "le");
        assert_true(!last || strcmp(last->labels[1][1], "+Inf") != 0);
        assert_true(strtod(s->labels[1][1], NULL) > bound);
        assert_true(s->value >= count);
        bound = strtod(s->labels[1][1], NULL);
        count = s->value;
        last = s;
    }
    assert_non_null(last);
    assert_string_equal(last->labels[1][1], "+Inf");
    assert_string_equal(last->number, find("http_request_duration_seconds_count", operation, NULL)->number);
    assert_non_null(find("http_request_duration_seconds_sum", operation, NULL));
}

static void durations_go_into_their_buckets(void **state)
{
    static const char name[] = "http_request_duration_seconds_bucket";

    metrics_http(*state, "services", 200, 5000000); /* on the bound: within */
    metrics_http(*state, "services", 200, 5000001); /* beyond it */
    metrics_http(*state, "services", 200, 70000000);
    metrics_http(*state, "services", 429, INT64_C(30000000000));
    metrics_http(*state, "services", 0, INT64_C(300000000000));
    metrics_http(*state, "services", 200, -5);
    metrics_http(*state, "balance", 200, 1);
    scrape(*state);
    assert_histogram("services");
    assert_histogram("balance");
    assert_value(name, "services", "0.005", "2");
    assert_value(name, "services", "0.01", "3");
    assert_value(name, "services", "0.05", "3");
    assert_value(name, "services", "0.1", "4");
    assert_value(name, "services", "10", "4");
    assert_value(name, "services", "30", "5");
    assert_value(name, "services", "+Inf", "6");
    assert_value("http_request_duration_seconds_sum", "services", NULL, "330.080000001");
    assert_value("http_request_duration_seconds_sum", "balance", NULL, "0.000000001");
    assert_value("http_requests_total", "services", "200", "4");
    assert_value("http_requests_total", "services", "429", "1");
    assert_value("http_requests_total", "services", "0", "1");
    assert_value("http_requests_total", "balance", "200", "1");
    assert_string_equal(find("http_requests_total", "services", "0")->labels[0][0], "operation");
    assert_string_equal(find("http_requests_total", "services", "0")->labels[1][0], "status");
}

static void label_values_are_escaped(void **state)
{
    char name[] = "a\"b\\c\nd}é,{=";

    metrics_http(*state, name, 200, 1);
    scrape(*state);
    assert_value("http_requests_total", name, "200", "1");
    assert_histogram(name);
    name[0] = 'X'; /* names are copied */
    scrape(*state);
    assert_null(find("http_requests_total", name, "200"));
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
    char longest[400];

    metrics_http(*state,
                 "a\xff"
                 "b\x07",
                 200, 1);
    memset(longest, 'x', sizeof(longest));
    longest[127] = '\xc3'; /* a character that the limit would cut in two */
    longest[128] = '\xa9';
    longest[sizeof(longest) - 1] = '\0';
    metrics_http(*state, longest, 200, 1);
    scrape(*state);
    assert_value("http_requests_total",
                 "a\xef\xbf\xbd"
                 "b\xef\xbf\xbd",
                 "200", "1");
    longest[127] = '\0';
    assert_value("http_requests_total", longest, "200", "1");
}

static void up_says_how_the_last_exchanges_ended(void **state)
{
    static const char success[] = "last_success_timestamp_seconds";
    double now = (double)time(NULL);

    metrics_http(*state, "services", 200, 1); /* an attempt is no exchange */
    metrics_exchange(*state, "services", false);
    scrape(*state);
    assert_value("up", NULL, NULL, "0");
    assert_null(find(success, "services", NULL));

    metrics_exchange(*state, "services", true);
    metrics_exchange(*state, "balance", true);
    scrape(*state);
    assert_value("up", NULL, NULL, "1");
    assert_string_equal(find(success, "services", NULL)->labels[0][0], "operation");
    assert_true(find(success, "services", NULL)->value >= now && find(success, "services", NULL)->value < now + 100);
    assert_null(find("http_request_duration_seconds_count", "balance", NULL)); /* an exchange is no attempt */

    metrics_exchange(*state, "balance", false);
    scrape(*state);
    assert_value("up", NULL, NULL, "0");
    assert_non_null(find(success, "balance", NULL)); /* it stays */
}

static void printing_appends(void **state)
{
    struct printbuf *out = printbuf_new();

    assert_non_null(out);
    (void)sprintbuf(out, "before\n");
    metrics_print(*state, out);
    assert_memory_equal(out->buf, "before\n# HELP ", 14);
    printbuf_free(out);
    metrics_free(NULL);
}

static void *push(void *metrics)
{
    for (int i = 0; i < 20000; i++)
        metrics_pushed(metrics, 3);
    return NULL;
}

static void any_thread_may_push(void **state)
{
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, push, *state), 0);
    (void)push(*state);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    scrape(*state);
    assert_value("pushed_files_total", NULL, NULL, "60000");
    assert_value("pushed_bytes_total", NULL, NULL, "180000");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_fixed_is_there_from_the_start),
        TEST(each_request_of_the_kernel_has_its_counter),
        TEST(each_counter_is_its_own),
        TEST(durations_go_into_their_buckets),
        TEST(label_values_are_escaped),
        TEST(bytes_that_are_no_text_are_replaced),
        TEST(up_says_how_the_last_exchanges_ended),
        TEST(printing_appends),
        TEST(any_thread_may_push),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
