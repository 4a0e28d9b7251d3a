/* SPDX-License-Identifier: MIT */
/* Names that come in pieces, programs that go on or away: nothing but whole names is ever sent. */
#include "purge_fixture.h"

/* ---- names that are cut ---- */

/* `len` bytes of lines of 16, the last of which is cut where a page ends. */
static void fill(char *page, size_t len)
{
    for (size_t i = 0; i < len; i += 16)
        memcpy(page + i, "nnnnn.example.c\n", len - i < 16 ? len - i : 16);
}

static void a_name_cut_at_a_page_boundary_is_put_together(void **state)
{
    struct fixture *f = *state;
    char page[PAGE];

    fill(page, sizeof(page));
    memcpy(page + PAGE - 6, "\nab.ex", 6);
    assert_int_equal(put(f, 0, page, sizeof(page)), 0);
    assert_int_equal(f->client.n_posted, PAGE / 16);
    assert_int_equal(put_text(f, PAGE, "ample.com\nz\n"), 0);
    assert_string_equal(f->client.posted[PAGE / 16], "ab.example.com");
    assert_string_equal(f->client.posted[PAGE / 16 + 1], "z");
    reopen(f);
    assert_int_equal(logged(f, "Invalid argument", NULL), 0);
}

static void kept_text_waits_for_exactly_its_offset(void **state)
{
    struct fixture *f = *state;
    char page[PAGE];

    fill(page, sizeof(page));
    memcpy(page + PAGE - 6, "\nab.ex", 6);
    assert_int_equal(put(f, 0, page, sizeof(page)), 0);
    f->client.n_posted = 0;
    assert_int_equal(put_text(f, 0, "other\n"), 0);
    assert_int_equal(put_text(f, PAGE + 1, "another\n"), 0);
    assert_posted(f, 2, "other", "another");
    assert_int_equal(put_text(f, PAGE, "ample.com\n"), 0);
    assert_posted(f, 3, "other", "another", "ab.example.com");
    reopen(f);
    assert_int_equal(logged(f, "Invalid argument", NULL), 0);
}

static void kept_text_is_dropped_only_when_its_write_has_succeeded(void **state)
{
    struct fixture *f = *state;
    struct told told = {false, 0};
    char page[PAGE];

    memset(page, 'x', sizeof(page));
    memcpy(page, "a\n", 2);
    memcpy(page + PAGE - 4, "\nab.", 4);
    page[40] = '\n';
    assert_int_equal(put(f, 0, page, sizeof(page)), 0);
    f->client.n_posted = 0;
    assert_int_equal(put_text(f, PAGE, "c\n\n"), -EINVAL);
    begin(f, PAGE, "c\nd\n", &told);
    answer(&f->client, 0, -EBUSY, 429, "later");
    answer(&f->client, 0, 0, 200, SUCCESS);
    turn(f);
    assert_int_equal(told.error, -EBUSY);
    assert_int_equal(put_text(f, PAGE, "c\nd\n"), 0);
    assert_posted(f, 4, "ab.c", "d", "ab.c", "d");
    assert_int_equal(put_text(f, PAGE, "e\n"), 0);
    assert_string_equal(f->client.posted[4], "e");
}

static void a_name_never_completed_is_recorded_as_refused(void **state)
{
    struct fixture *f = *state;
    char page[PAGE];

    fill(page, sizeof(page));
    memcpy(page + PAGE - 6, "\nab.ex", 6);
    assert_int_equal(put(f, 0, page, sizeof(page)), 0);
    assert_int_equal(logged(f, "Invalid argument", NULL), 0);
    reopen(f);
    assert_int_equal(logged(f, "Invalid argument", "ab.ex"), 1);
    /* The same when the next page's end takes its place. */
    assert_int_equal(put(f, 0, page, sizeof(page)), 0);
    memcpy(page + PAGE - 6, "\nyz.ex", 6);
    assert_int_equal(put(f, 2 * PAGE, page, sizeof(page)), 0);
    assert_int_equal(logged(f, "Invalid argument", "ab.ex"), 2);
    reopen(f);
    assert_int_equal(logged(f, "Invalid argument", "yz.ex"), 1);
    assert_int_equal(logged(f, "Invalid argument", NULL), 3);
}

/* ---- writers that go away ---- */

static void a_writer_gone_leaves_unsent_what_is_unsent(void **state)
{
    struct fixture *f = *state;
    struct told told = {false, 0};
    struct purge_write *write;

    f->config.max_connections = 1;
    write = begin(f, 0, "a\nb\n", &told);
    assert_true(purge_left(write));
    purge_give_up(write);
    assert_int_equal(logged(f, "Interrupted system call", "b"), 1);
    assert_int_equal(logged(f, NULL, "a"), 0);
    answer(&f->client, 0, -ENOENT, 404, "Resource a not found");
    turn(f);
    assert_false(told.done);
    assert_posted(f, 1, "a");
    assert_int_equal(logged(f, "No such file or directory", "a"), 1);
    assert_int_equal(purges_pending(f->purges), 0);
}

static void a_writer_gone_takes_back_what_has_not_left(void **state)
{
    struct fixture *f = *state;
    struct told told = {false, 0};
    struct purge_write *write;

    f->client.held = true;
    write = begin(f, 0, "a\nb\n", &told);
    assert_false(purge_left(write));
    purge_give_up(write);
    turn(f);
    assert_null(f->client.first);
    assert_int_equal(logged(f, "Interrupted system call", NULL), 2);
    assert_false(told.done);
}

/* Two processes share a descriptor: the first is killed while its POST is in flight, the second goes on, and is
 * killed. */
static void writers_gone_one_after_the_other_on_one_handle(void **state)
{
    struct fixture *f = *state;
    struct told first = {false, 0}, second = {false, 0};

    purge_give_up(begin(f, 0, "a\n", &first));
    purge_give_up(begin(f, 2, "b\n", &second));
    answer(&f->client, 0, 0, 200, SUCCESS);
    turn(f);
    reopen(f);
    answer(&f->client, 0, 0, 200, SUCCESS);
    turn(f);
    assert_false(first.done || second.done);
    assert_int_equal(logged(f, "ok", NULL), 2);
}

static void the_rest_of_a_write_whose_writer_is_gone_is_recorded(void **state)
{
    struct fixture *f = *state;
    struct told told = {false, 0};
    char page[PAGE];

    memset(page, 'x', sizeof(page));
    memcpy(page, "a\n", 2);
    memcpy(page + PAGE - 6, "\nab.ex", 6);
    page[40] = '\n';
    purge_give_up(begin_of(f, 0, page, sizeof(page), NULL, &told));
    reopen(f);
    while (f->client.first)
        answer(&f->client, 0, 0, 200, SUCCESS);
    turn(f);
    assert_int_equal(logged(f, NULL, "ab.ex"), 1);
    assert_int_equal(logged(f, "ok", "ab.ex"), 0);
}

static void everything_ends_with_writes_under_way(void **state)
{
    struct fixture *f = *state;
    static struct told told[3];

    for (unsigned i = 0; i < 3; i++) {
        begin(f, 0, "a\nb\nc\n", &told[i]);
        reopen(f);
    }
    purges_free(f->purges);
    assert_null(f->client.first);
    f->purges = purges_new(f->loop, &f->client, f->endpoints, &f->config, f->metrics);
    /* The handle of the fixture holds nothing of the purges that are gone. */
    purge_handle_free(f->handle);
    f->handle = purge_handle_new(f->purges, SERVICE);
    turn(f);
    for (unsigned i = 0; i < 3; i++)
        assert_false(told[i].done);
}

/* ---- programs that go on after a failure ---- */

/* A filter writes through stdio, which drops its buffer when a write fails and goes on with the next at the same
 * offset. */
static void the_rest_of_a_name_is_never_sent_after_a_failed_page(void **state)
{
    struct fixture *f = *state;
    struct told told = {false, 0};
    char page[PAGE];

    memset(page, 'x', sizeof(page));
    memcpy(page, "a\n", 2);
    page[40] = '\n';
    memcpy(page + PAGE - 6, "\nab.ex", 6);
    begin_of(f, 0, page, sizeof(page), NULL, &told);
    answer(&f->client, 0, -ENOENT, 404, "Resource a not found");
    while (f->client.first)
        answer(&f->client, 0, 0, 200, SUCCESS);
    turn(f);
    assert_int_equal(told.error, -ENOENT);
    f->client.n_posted = 0;
    assert_int_equal(put_text(f, 0, "ample.com\nnext\n"), -EINVAL);
    assert_int_equal(put_text(f, PAGE, "ample.com\nnext\n"), -EINVAL);
    assert_int_equal(f->client.n_posted, 0);
    assert_int_equal(logged(f, "Invalid argument", "next"), 2);
    /* The same page is no rest: the program tries again. */
    assert_int_equal(put(f, 0, page, sizeof(page)), 0);
    assert_int_equal(put_text(f, PAGE, "ample.com\n"), 0);
    assert_string_equal(f->client.posted[f->client.n_posted - 1], "ab.example.com");
}

static void kept_text_is_put_before_nothing_but_its_own_rest(void **state)
{
    struct fixture *f = *state;
    char page[PAGE];

    fill(page, sizeof(page));
    memcpy(page + PAGE - 6, "\nab.ex", 6);
    assert_int_equal(put(f, 0, page, sizeof(page)), 0);
    f->client.n_posted = 0;
    assert_int_equal(put_text(f, PAGE, "ample.com\n#\n"), -EINVAL);
    assert_int_equal(put_text(f, PAGE, "other.com\nnext\n"), -EINVAL);
    assert_int_equal(f->client.n_posted, 0);
    assert_int_equal(logged(f, NULL, "ab.exother.com"), 0);
    assert_int_equal(put_text(f, PAGE, "ample.com\nnext\n"), 0);
    assert_posted(f, 2, "ab.example.com", "next");
}

/* ---- random writes ---- */

#define NAMES_MOST 1500

struct text {
    char names[NAMES_MOST][80];
    bool whole[NAMES_MOST]; /* within one piece, and still a line */
    bool posted[NAMES_MOST];
    unsigned n;
    char *bytes;
    size_t len;
};

/* Names that no other begins with, or is: each ends in numbers of its own and a full stop. */
static void random_text(struct text *text, unsigned round, unsigned most)
{
    static const char *const letters[] = {"a", "z", "-", ".", "\xc3\xa9", "\xe6\x97\xa5", " ", "\xf0\x9f\x9a\x80"};

    text->n = 1 + (unsigned)rand() % most;
    text->bytes = malloc(text->n * 81 + 1);
    assert_non_null(text->bytes);
    text->len = 0;
    for (unsigned i = 0; i < text->n; i++) {
        char *name = text->names[i];

        name += sprintf(name, "n");
        for (unsigned k = (unsigned)rand() % 12; k > 0; k--)
            name += sprintf(name, "%s", letters[(unsigned)rand() % 8]);
        (void)sprintf(name, "%u-%u.", round, i);
        text->len += (size_t)sprintf(text->bytes + text->len, "%s\n", text->names[i]);
        text->whole[i] = true;
    }
}

/* A name that lies on both sides of `at`, or ends there without its newline, is not whole. */
static void cut_at(struct text *text, size_t at)
{
    size_t start = 0;

    for (unsigned i = 0; i < text->n; i++) {
        size_t end = start + strlen(text->names[i]) + 1;
        if (start < at && at < end)
            text->whole[i] = false;
        start = end;
    }
}

/* Marks what has been posted, and asserts that it was a name each, and no name twice. Names end in their number. */
static void see_posted(const struct fixture *f, struct text *text)
{
    memset(text->posted, 0, sizeof(text->posted));
    for (unsigned i = 0; i < f->client.n_posted; i++) {
        const char *name = f->client.posted[i], *number = strrchr(name, '-');
        size_t which = number ? strtoul(number + 1, NULL, 10) : text->n;

        if (which >= text->n || strcmp(text->names[which], name) != 0)
            fail_msg("'%s' was posted, which is no whole name", name);
        assert_false(text->posted[which]);
        text->posted[which] = true;
    }
}

/* A program that writes a text in pieces, each of which the page cache cuts at pages, as many as it likes at a time. */
static void writes_cut_at_pages_post_exactly_the_names(void **state)
{
    struct fixture *f = *state;
    static struct text text;

    for (unsigned round = 0; round < 25; round++) {
        off_t start = (rand() % 3) * 1000;

        random_text(&text, round, NAMES_MOST);
        f->client.n_posted = 0;
        for (size_t at = 0, piece; at < text.len; at += piece) {
            piece = (1 + (size_t)rand() % 3) * PAGE - ((size_t)start + at) % PAGE;
            piece = piece < text.len - at ? piece : text.len - at;
            assert_int_equal(put(f, start + (off_t)at, text.bytes + at, piece), 0);
        }
        see_posted(f, &text);
        assert_int_equal(f->client.n_posted, text.n);
        free(text.bytes);
        reopen(f);
    }
    assert_int_equal(logged(f, "Invalid argument", NULL), 0);
}

/* A program that writes in pieces of any size and stops when one is refused, as cat, dd and tee do. */
static void writes_cut_anywhere_post_only_whole_names(void **state)
{
    struct fixture *f = *state;
    static struct text text;

    for (unsigned round = 0; round < 100; round++) {
        unsigned size = 1 + (unsigned)rand() % 5000;
        off_t start = 1 + rand() % 5000;
        int r = 0;

        random_text(&text, round, 300);
        f->client.n_posted = 0;
        for (size_t at = 0, piece; at < text.len && r == 0; at += piece) {
            piece = 1 + (size_t)rand() % size;
            piece = piece < text.len - at ? piece : text.len - at;
            r = put(f, start + (off_t)at, text.bytes + at, piece);
            assert_true(r == 0 || r == -EINVAL);
        }
        see_posted(f, &text);
        free(text.bytes);
        reopen(f);
    }
}

/* Writes a piece; one POST in `trouble` fails. */
static int put_with_trouble(struct fixture *f, off_t offset, const char *bytes, size_t len, unsigned trouble)
{
    struct told told = {false, 0};
    struct purge_write *write = NULL;
    int r = purge_write(f->handle, offset, bytes, len, NULL, on_done, &told, &write);

    if (r < 0)
        return r;
    while (!told.done) {
        while (f->client.first) {
            unsigned n = (unsigned)rand() % f->client.under_way;
            bool fails = (unsigned)rand() % trouble == 0;
            answer(&f->client, n, fails ? -ENOENT : 0, fails ? 404 : 200, fails ? "not found" : SUCCESS);
        }
        turn(f);
    }
    return told.error;
}

/* Puts a tab there: the line is none any more, nor is the next if the newline between them is gone. */
static void spoil(struct text *text, size_t at)
{
    size_t start = 0;

    for (unsigned i = 0; i < text->n; i++) {
        size_t end = start + strlen(text->names[i]) + 1;
        if ((start <= at && at < end) || (start > 0 && at == start - 1))
            text->whole[i] = false;
        start = end;
    }
    text->bytes[at] = '\t';
}

/* What was not posted and not cut is in the log. */
static void assert_rest_recorded(struct fixture *f, const struct text *text)
{
    struct printbuf *log;

    (void)log_text(f, &log);
    for (unsigned i = 0; i < text->n; i++) {
        char refused[128];
        (void)snprintf(refused, sizeof(refused), "\tInvalid argument\t%s\t-\t", text->names[i]);
        if (text->whole[i] && !text->posted[i] && !strstr(log->buf, refused))
            fail_msg("'%s' was neither posted nor recorded as refused", text->names[i]);
    }
    printbuf_free(log);
}

/* A program that writes pages through stdio and goes on whatever comes back: whatever fails, nothing but whole names is
 * ever posted, none twice, and each that was not cut is posted or recorded as refused. */
static void programs_that_go_on_after_failures_post_only_whole_names(void **state)
{
    struct fixture *f = *state;
    static struct text text;

    for (unsigned round = 0; round < 40; round++) {
        off_t offset = 0;
        unsigned trouble = 20 + (unsigned)rand() % 1000;

        random_text(&text, round, 1000);
        /* A line that is refused, here and there. */
        for (unsigned i = 0; i < 3; i++)
            if (rand() % 3 == 0)
                spoil(&text, (size_t)rand() % text.len);
        f->client.n_posted = 0;
        for (size_t at = 0, piece; at < text.len; at += piece) {
            piece = text.len - at < PAGE ? text.len - at : PAGE;
            cut_at(&text, at);
            if (put_with_trouble(f, offset, text.bytes + at, piece, trouble) == 0)
                offset += (off_t)piece;
        }
        see_posted(f, &text);
        assert_rest_recorded(f, &text);
        free(text.bytes);
        reopen(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_cut_at_a_page_boundary_is_put_together),
        TEST(kept_text_waits_for_exactly_its_offset),
        TEST(kept_text_is_dropped_only_when_its_write_has_succeeded),
        TEST(a_name_never_completed_is_recorded_as_refused),
        TEST(a_writer_gone_leaves_unsent_what_is_unsent),
        TEST(a_writer_gone_takes_back_what_has_not_left),
        TEST(writers_gone_one_after_the_other_on_one_handle),
        TEST(the_rest_of_a_write_whose_writer_is_gone_is_recorded),
        TEST(everything_ends_with_writes_under_way),
        TEST(the_rest_of_a_name_is_never_sent_after_a_failed_page),
        TEST(kept_text_is_put_before_nothing_but_its_own_rest),
        TEST(writes_cut_at_pages_post_exactly_the_names),
        TEST(writes_cut_anywhere_post_only_whole_names),
        TEST(programs_that_go_on_after_failures_post_only_whole_names),
    };

    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
