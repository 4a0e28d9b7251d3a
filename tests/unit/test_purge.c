/* SPDX-License-Identifier: MIT */
/* What is written to purge, what is sent of it, what is refused, and what came of it. */
#include "purge_fixture.h"

/* ---- what is sent ---- */

static void a_line_is_one_post(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put_text(f, 0, "cdn.example.com\n"), 0);
    assert_int_equal(put_text(f, 16, "b\nc d\n\"quoted\\\n"), 0);
    assert_posted(f, 4, "cdn.example.com", "b", "c d", "\"quoted\\");
    assert_int_equal(logged(f, "ok", "cdn.example.com"), 1);
    assert_int_equal(logged(f, "ok", NULL), 4);
    assert_logs(f, "\tcdn.example.com\t200\t-\t7\n");
}

static void a_name_alone_without_a_newline_is_whole_at_offset_0(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put_text(f, 0, "a.example.com"), 0);
    assert_int_equal(put_text(f, 0, "caf\xc3\xa9"), 0);
    assert_posted(f, 2, "a.example.com", "caf\xc3\xa9");
    assert_int_equal(put_text(f, 13, "b.example.com"), -EINVAL);
    assert_int_equal(put_text(f, 0, "c.example.com\nd.example.com"), -EINVAL);
    assert_int_equal(f->client.n_posted, 2);
    assert_int_equal(logged(f, "Invalid argument", "b.example.com"), 1);
    assert_int_equal(logged(f, "Invalid argument", "d.example.com"), 1);
}

/* The file is opened again. */
static void another_handle(struct fixture *f)
{
    purge_handle_free(f->handle);
    f->handle = purge_handle_new(f->purges, SERVICE);
    assert_non_null(f->handle);
}

static void the_beginning_of_a_name_of_the_service_is_not_whole(void **state)
{
    static const char text[] =
        "{\n  \"name\": \"static.example.com\",\n  \"other\": \"cdn\",\n  \"n\": \"cdn.example.com\"\n}\n";
    struct fixture *f = *state;
    struct item item = {.id = SERVICE, .snapshot = snapshot_new(text, strlen(text), NULL)};
    struct document service = {.loaded = true, .items = &item, .n_items = 1};
    struct told told = {false, 0};
    struct purge_write *write;

    assert_int_equal(purge_write(f->handle, 0, "static.", 7, &service, on_done, &told, &write), -EINVAL);
    assert_int_equal(f->client.n_posted, 0);
    assert_int_equal(logged(f, "Invalid argument", "static."), 1);
    /* The writer may go on regardless, and the file's offset has not moved: that is its end, and no name. */
    assert_int_equal(purge_write(f->handle, 0, "example.com\n", 12, &service, on_done, &told, &write), -EINVAL);
    assert_int_equal(logged(f, "Invalid argument", "example.com"), 1);
    assert_int_equal(f->client.n_posted, 0);
    another_handle(f);
    begin_of(f, 0, "example.com", 11, &service, &told);
    answer(&f->client, 0, -ENOENT, 404, "Resource example.com not found");
    turn(f);
    assert_int_equal(told.error, -ENOENT);
    /* Nor is what follows a name without a newline that the API does not know. */
    assert_int_equal(purge_write(f->handle, 0, "x.com\n", 6, &service, on_done, &told, &write), -EINVAL);
    /* What equals a string of the service is a name even if others begin with it. */
    another_handle(f);
    told = (struct told){false, 0};
    begin_of(f, 0, "cdn", 3, &service, &told);
    answer(&f->client, 0, 0, 200, SUCCESS);
    turn(f);
    assert_true(told.done && told.error == 0);
    snapshot_unref(item.snapshot);
}

static void what_is_refused_sends_nothing(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *why;
    } rows[] = {
        {"a\n\nb\n", 5, "an empty name"},
        {"\n", 1, "an empty name"},
        {"a\n#b\n", 5, "begin with #"},
        {"#b", 2, "begin with #"},
        {"a\nb\tc\n", 6, "control character or tab"},
        {"a\nb\0c\n", 6, "control character or tab"},
        {"a\n\x1b[2J\n", 7, "control character or tab"},
        {"\x7f\n", 2, "control character or tab"},
        {"a\xc2\x85z\n", 5, "control character or tab"},
        {"a\r\nb\r\n", 6, "dos2unix"},
        {"a\nb\xff\n", 5, "not UTF-8"},
        {"a\nb\xc3\n", 5, "not UTF-8"},
        {"\xed\xa0\x80\n", 4, "not UTF-8"},
        {"\xc0\xaf", 2, "not UTF-8"},
        {"a\nb", 3, "newline"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(put(f, 0, rows[i].bytes, rows[i].len), -EINVAL);
        assert_logs(f, rows[i].why);
        assert_int_equal(f->client.n_posted, 0);
        assert_int_equal(logged(f, "ok", NULL), 0);
        reopen(f);
    }
}

static void a_refused_write_records_its_other_names_too(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put_text(f, 0, "one\ntwo\n#three\nfour\nfi"), -EINVAL);
    assert_int_equal(put_text(f, 0, "six\nseven\ncu"), -EINVAL);
    assert_int_equal(f->client.n_posted, 0);
    static const char *const names[] = {"one", "two", "#three", "four", "fi", "six", "seven", "cu"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(logged(f, "Invalid argument", names[i]), 1);
    assert_int_equal(logged(f, NULL, NULL), 8);
}

static char *numbered(unsigned n, size_t *len)
{
    char *text = malloc(n * 8 + 1);

    assert_non_null(text);
    *len = 0;
    for (unsigned i = 0; i < n; i++)
        *len += (size_t)sprintf(text + *len, "n%u\n", i);
    return text;
}

static void a_thousand_names_are_taken_and_one_more_refused(void **state)
{
    struct fixture *f = *state;
    size_t len;
    char *text = numbered(PURGE_NAMES_MAX + 1, &len);

    assert_int_equal(put(f, 0, text, len), -EINVAL);
    assert_int_equal(f->client.n_posted, 0);
    assert_logs(f, "more than 1,000 names");
    assert_int_equal(logged(f, "Invalid argument", "n0"), 1);
    assert_int_equal(logged(f, "Invalid argument", "n1000"), 1);
    assert_int_equal(put(f, 0, text, len - strlen("n1000\n")), 0);
    assert_int_equal(f->client.n_posted, PURGE_NAMES_MAX);
    assert_int_equal(f->client.most, f->config.max_connections);
    free(text);
}

/* However much garbage is written, the log gets no more than a write's worth of lines of it. */
static void garbage_does_not_flood_the_log(void **state)
{
    struct fixture *f = *state;
    size_t len;
    char *text = numbered(5000, &len);

    assert_int_equal(put(f, 0, text, len), -EINVAL);
    assert_in_range(logged(f, NULL, NULL), 1, PURGE_NAMES_MAX + 2);
    free(text);
}

/* ---- what came of it ---- */

static void the_first_failure_is_the_writes(void **state)
{
    struct fixture *f = *state;
    struct told told = {false, 0};

    begin(f, 0, "a\nb\nc\nd\n", &told);
    assert_int_equal(f->client.n_posted, 4);
    answer(&f->client, 3, -EIO, 500, "trouble");
    answer(&f->client, 2, -EBUSY, 429, "slow down");
    answer(&f->client, 1, -ENOENT, 404, "Resource b not found");
    turn(f);
    assert_false(told.done);
    answer(&f->client, 0, 0, 200, SUCCESS);
    turn(f);
    assert_true(told.done);
    assert_int_equal(told.error, -ENOENT);
    assert_logs(f, "\tNo such file or directory\tb\t404\tResource b not found\t7\n");
    assert_int_equal(logged(f, "ok", "a"), 1);
    assert_int_equal(logged(f, NULL, NULL), 4);
}

static void an_answer_that_is_no_success_is_a_failure(void **state)
{
    static const struct {
        const char *body;
        int error;
    } rows[] = {
        {SUCCESS, 0},
        {"{\"status\":\"Success\",\"data\":{}}", 0},
        {"{\"success\":true}", 0},
        {"{\"result\":\"Accepted\"}", 0},
        {" true\n", 0},
        {"1", 0},
        {"\"queued\"", 0},
        {"", -EIO},
        {"{}", -EIO},
        {"{\"data\":{}}", -EIO},
        {"{\"success\":false,\"status\":\"success\"}", -EIO},
        {"{\"status\":\"success\",\"errors\":[\"x\"]}", -EIO},
        {"{\"warning\":\"locked\"}", -EIO},
        {"{\"message\":\"Request received\"}", -EIO},
        {"{\"status\":\"pending\"}", -EIO},
        {"{\"status\":\"error\",\"code\":404}", -ENOENT},
        {"\n{\"stat\\u0075s\":\"success\",\"n\":123456789012345678901234567890,\"city\":\"caf\xc3\xa9\"}\r\n", 0},
        {"{\"status\":\"error\",\"status\":\"success\"}", -EIO},
        {"{\"status\":\"error\",\"message\":\"quota\"}", -EIO},
        {"{\"status\":null}", -EIO},
        {"{\"status\":false}", -EIO},
        {"{\"status\":\"\"}", -EIO},
        {"{\"status\":{\"a\":[]}}", -EIO},
        {"[]", -EIO},
        {"null", -EIO},
        {"<html>", -EIO},
        {"{\"status\":\"succ", -EIO},
        {"{\"status\":\"success\"} x", -EIO},
        {"{\"status\":\"success\",\"n\":NaN}", -EIO},
        {"{'status':'success'}", -EIO},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct told told = {false, 0};

        begin(f, 0, "a\n", &told);
        answer(&f->client, 0, 0, 200, rows[i].body);
        turn(f);
        assert_true(told.done);
        assert_int_equal(told.error, rows[i].error);
    }
    assert_logs(f, "\tInput/output error\ta\t200\tquota\t");
    assert_logs(f, "\tInput/output error\ta\t200\tlocked\t");
    assert_logs(f, "\tInput/output error\ta\t200\tthe API did not confirm the purge\t");
    assert_logs(f, "\tInput/output error\ta\t200\tthe answer is not JSON: \"<html>\"\t");
    assert_int_equal(logged(f, "ok", "a"), 8);
}

static void what_is_not_sent_in_time_is_recorded_so(void **state)
{
    struct fixture *f = *state;
    struct told told = {false, 0};
    int64_t until;

    f->config.max_connections = 2;
    f->config.timeout_total_ms = 30;
    begin(f, 0, "a\nb\nc\nd\n", &told);
    until = clock_ms() + PATIENCE_MS;
    while (logged(f, "Connection timed out", NULL) < 2 && clock_ms() < until)
        assert_int_equal(loop_turn(f->loop, 100), 0);
    assert_false(told.done);
    assert_int_equal(purges_pending(f->purges), 2);
    answer(&f->client, 0, 0, 200, SUCCESS);
    answer(&f->client, 0, 0, 200, SUCCESS);
    turn(f);
    assert_int_equal(told.error, -ETIMEDOUT);
    assert_posted(f, 2, "a", "b");
    assert_int_equal(logged(f, "Connection timed out", "c"), 1);
    assert_int_equal(logged(f, "Connection timed out", "d"), 1);
    assert_int_equal(purges_pending(f->purges), 0);
}

static void the_token_is_not_in_the_log(void **state)
{
    struct fixture *f = *state;
    struct told told = {false, 0};

    log_hide("s3cr3t-t0ken");
    begin(f, 0, "a\n", &told);
    answer(&f->client, 0, 0, 200, "{\"status\":\"error\",\"message\":\"bad s3cr3t-t0ken\"}");
    turn(f);
    assert_int_equal(told.error, -EIO);
    assert_logs(f, "\tbad [hidden]\t");
}

/* Whose POSTs have all left is not told to write them again: that would repeat them. */
static void when_all_are_sent_in_time_nothing_is_said(void **state)
{
    struct fixture *f = *state;
    struct told told = {false, 0};
    size_t len;

    f->config.timeout_total_ms = 5;
    begin(f, 0, "a\nb\n", &told);
    for (int64_t until = clock_ms() + 30; clock_ms() < until;)
        assert_int_equal(loop_turn(f->loop, 10), 0);
    assert_false(told.done);
    char *log = log_recent(&len);
    assert_non_null(log);
    assert_null(strstr(log, "not sent"));
    free(log);
    answer(&f->client, 0, 0, 200, SUCCESS);
    answer(&f->client, 0, 0, 200, SUCCESS);
    turn(f);
    assert_true(told.done && told.error == 0);
}

/* ---- the log only grows ---- */

static struct purge_log_text text_of(const struct purge_log *log)
{
    struct purge_log_text text;

    purge_log_text(log, SERVICE, &text);
    assert_int_equal(text.bytes[text.len - 1], '\n');
    return text;
}

static void an_empty_log_tells_how_to_purge_and_where_the_apis_words_are(void **state)
{
    struct fixture *f = *state;
    struct purge_log *log = purge_log_new(f->metrics);
    struct timespec before = clock_wall();
    struct purge_log_text text = text_of(log);

    char *copy = strndup(text.bytes, text.len);
    assert_non_null(copy);
    assert_memory_equal(copy, "# To purge", 10);
    assert_ptr_equal(strchr(copy, '\n') + 1, copy + text.len);
    assert_non_null(strstr(copy, "the API's own words"));
    assert_non_null(strstr(copy, ".melbicomfs/log"));
    assert_true(text.changed.tv_sec > 0 && text.changed.tv_sec <= before.tv_sec);
    /* A purge of another service changes nothing here. */
    purge_log_add(log, SERVICE + 1, "a", 1, 0, 200, "", 0);
    struct purge_log_text same = text_of(log);
    assert_int_equal(same.len, text.len);
    assert_int_equal(same.changed.tv_nsec, text.changed.tv_nsec);
    /* The first line stays, byte for byte, and the time moves. */
    purge_log_add(log, SERVICE, "a", 1, 0, 200, "words", 3000000);
    struct purge_log_text more = text_of(log);
    assert_memory_equal(more.bytes, copy, text.len);
    assert_non_null(memmem(more.bytes, more.len, "\tok\ta\t200\twords\t3\n", 17));
    assert_true(more.changed.tv_sec > text.changed.tv_sec ||
                (more.changed.tv_sec == text.changed.tv_sec && more.changed.tv_nsec > text.changed.tv_nsec));
    free(copy);
    purge_log_free(log);
}

static void count_full(void *data, const char *message)
{
    *(unsigned *)data += strstr(message, "services/10421/cdn/purge.log is full, so this line is not in it: ") != NULL;
}

/* What is in it never changes and never goes, up to the bound; then it says so in a last line, and no line is lost. */
static void a_log_only_grows_and_says_when_it_is_full(void **state)
{
    struct fixture *f = *state;
    struct purge_log *log = purge_log_new(f->metrics);
    size_t added = 0, seen = 0, words = 3001;
    char *copy = malloc(PURGE_LOG_BYTES_MAX), *message = calloc(1, words);
    unsigned elsewhere = 0;

    assert_non_null(copy);
    assert_non_null(message);
    memset(message, 'w', words - 1);
    log_set_level(LOG_LEVEL_INFO);
    log_divert(count_full, &elsewhere);
    while (elsewhere < 10) {
        char name[32];
        (void)snprintf(name, sizeof(name), "name-%zu", added);
        purge_log_add(log, SERVICE, name, strlen(name), -ENOENT, 404, message, 0);
        struct purge_log_text text = text_of(log);
        assert_in_range(text.len, seen, PURGE_LOG_BYTES_MAX);
        if (added % 500 == 0 || elsewhere > 0) {
            assert_memory_equal(text.bytes, copy, seen);
            memcpy(copy, text.bytes, text.len);
            seen = text.len;
        }
        added++;
    }
    log_divert(NULL, NULL);
    struct purge_log_text text = text_of(log);
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.bytes[i] == '\n';
    assert_int_equal(lines - 2 + elsewhere, added); /* the first and the last line are no purges */
    assert_true(text.len > PURGE_LOG_BYTES_MAX - 2 * words);
    static const char last[] = "\n# This log is full. The results of later purges are in .melbicomfs/log.\n";
    assert_memory_equal(text.bytes + text.len - strlen(last), last, strlen(last));
    free(message);
    free(copy);
    purge_log_free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_is_one_post),
        TEST(a_name_alone_without_a_newline_is_whole_at_offset_0),
        TEST(the_beginning_of_a_name_of_the_service_is_not_whole),
        TEST(what_is_refused_sends_nothing),
        TEST(a_refused_write_records_its_other_names_too),
        TEST(a_thousand_names_are_taken_and_one_more_refused),
        TEST(garbage_does_not_flood_the_log),
        TEST(the_first_failure_is_the_writes),
        TEST(an_answer_that_is_no_success_is_a_failure),
        TEST(the_token_is_not_in_the_log),
        TEST(what_is_not_sent_in_time_is_recorded_so),
        TEST(when_all_are_sent_in_time_nothing_is_said),
        TEST(an_empty_log_tells_how_to_purge_and_where_the_apis_words_are),
        TEST(a_log_only_grows_and_says_when_it_is_full),
    };

    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
