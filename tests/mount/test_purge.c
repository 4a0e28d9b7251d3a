/* SPDX-License-Identifier: MIT */
/* Purging by the programs people purge with: each whole name is one POST, nothing else is, and errors reach the
 * writer. */
#include "purge_posts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fixture f;

static int set_up(void **state)
{
    (void)state;
    fixture_start(&f, NULL, &(struct how){.options = "max_connections=16"});
    journal_clear(&f.sim);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

/* Writes a file beside the mount, $DIR/NAME in commands. */
static void make_file(const char *name, const char *bytes, size_t len)
{
    char path[300];

    (void)snprintf(path, sizeof path, "%s/%s", f.mount.dir, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* $DIR/names with n names, which the caller frees. */
static char *make_names(unsigned n)
{
    size_t len;
    char *text = numbered_names(n, &len);

    make_file("names", text, len);
    return text;
}

static void echo_of_a_name_is_one_post(void **state)
{
    (void)state;
    struct ran ran = run_ok(&f.mount, "echo " GOOD " > " PURGE);
    assert_string_equal(ran.err, "");
    assert_posts(&f.sim, GOOD);
    /* The other: whether there is such a service. */
    assert_int_equal(asked(&f.sim, "service"), 1);
    assert_int_equal(asked(&f.sim, NULL), 2);
    assert_logs(&f.mount, "\tok\t" GOOD "\t200\t");
}

static void echo_of_an_unknown_name_says_so_and_exits_1(void **state)
{
    static const char *const shells[] = {"/bin/echo nope.example.com > " PURGE,
                                         "bash -c 'echo nope.example.com > " PURGE "'"};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct ran ran = run(&f.mount, "%s", shells[i]);
        assert_int_equal(ran.status, 1);
        if (!strstr(ran.err, "No such file or directory"))
            fail_msg("echo said: %s", ran.err);
    }
    assert_int_equal(asked(&f.sim, "purge"), 2);
    assert_logs(&f.mount, "\tNo such file or directory\tnope.example.com\t404\tResource nope.example.com not found\t");
    run_ok(&f.mount, "echo " GOOD " > " PURGE);
    assert_int_equal(logged(&f.mount, "ok", GOOD), 1);
    assert_int_equal(logged(&f.mount, "No such file or directory", "nope.example.com"), 2);
}

static void an_unknown_service_has_nothing_to_purge(void **state)
{
    (void)state;
    assert_int_equal(open(in_mount(&f.mount, "services/999999/cdn/purge"), O_WRONLY | O_CLOEXEC), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(asked(&f.sim, "purge"), 0);
}

/* The program knows that the service has no CDN, and sends the names all the same: the API decides. */
static void a_purge_of_a_service_without_a_cdn_is_sent(void **state)
{
    (void)state;
    char *id = run_ok(&f.mount, "cat services/[0-9]*/info.json | jq -r 'select(.cdn == null).id' | head -n 1").out;
    id[strcspn(id, "\n")] = '\0';
    assert_true(*id);
    struct ran ran = run(&f.mount, "/bin/echo " GOOD " > services/%s/cdn/purge", id);
    assert_int_equal(ran.status, 1);
    assert_non_null(strstr(ran.err, "No such file or directory"));
    ran = run(&f.mount, "/usr/bin/printf " GOOD " > services/%s/cdn/purge", id);
    assert_int_equal(ran.status, 1);
    assert_int_equal(asked(&f.sim, "purge"), 2);
    ran = run_ok(&f.mount, "cut -f 2-5 services/%s/cdn/purge.log", id);
    assert_non_null(strstr(ran.out, "No such file or directory\t" GOOD "\t404\tResource " GOOD " not found\n"));
    take_any_name(&f.sim);
    run_ok(&f.mount, "echo " GOOD " > services/%s/cdn/purge", id);
    assert_int_equal(asked(&f.sim, "purge"), 3);
}

static void the_log_begins_with_how_to_purge(void **state)
{
    (void)state;
    const char *log = purge_log(&f.mount);
    assert_int_equal(log[0], '#');
    assert_non_null(strstr(log, "purge"));
    assert_non_null(strstr(log, "the API's own words"));
    assert_ptr_equal(strchr(log, '\n') + 1, log + strlen(log));
    assert_int_equal(asked(&f.sim, "purge"), 0);
}

static void a_loop_of_300_echos_under_one_redirect(void **state)
{
    (void)state;
    take_any_name(&f.sim);
    run_ok(&f.mount, "i=0; while [ $i -lt 300 ]; do echo name-$i.example.com; i=$((i+1)); done > " PURGE);
    struct json_object *list = posts(&f.sim);
    assert_int_equal(json_object_array_length(list), 300);
    for (size_t i = 0; i < 300; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "name-%zu.example.com", i);
        assert_string_equal(posted_name(list, i), name);
    }
    json_object_put(list);
    assert_int_equal(logged(&f.mount, "ok", NULL), 300);
    run_ok(&f.mount, "for n in a b c; do echo $n >> " PURGE "; done");
    assert_int_equal(asked(&f.sim, "purge"), 303);
}

static void awk_printing_1000_names(void **state)
{
    (void)state;
    char *text = make_names(1000);
    take_any_name(&f.sim);
    run_ok(&f.mount, "awk '{ print $0 > \"" PURGE "\" }' $DIR/names");
    assert_whole_names(&f.mount, &f.sim, text, false);
    assert_int_equal(logged(&f.mount, "ok", NULL), 1000);
    free(text);
}

static void a_file_of_names_by_cat_cp_and_tee(void **state)
{
    static const char *const commands[] = {"cat $DIR/names > " PURGE,
                                           "cat $DIR/names >> " PURGE,
                                           "cat $DIR/names | tee " PURGE " > $DIR/copy && cmp $DIR/names $DIR/copy",
                                           "cp $DIR/names " PURGE,
                                           "sed '' $DIR/names > " PURGE,
                                           "sort -R $DIR/names > " PURGE,
                                           "dd status=none if=$DIR/names of=" PURGE,
                                           "dd status=none bs=1M if=$DIR/names of=" PURGE};
    (void)state;
    char *text = make_names(750);
    assert_in_range(strlen(text), 16000, 24000);
    take_any_name(&f.sim);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct ran ran = run(&f.mount, "%s", commands[i]);
        /* 512 is no page: dd's first block ends in a name, and that is refused. */
        bool cut = strstr(commands[i], "dd status=none if");
        if ((ran.status != 0) != cut)
            fail_msg("%s exits %d: %s", commands[i], ran.status, ran.err);
        assert_whole_names(&f.mount, &f.sim, cut ? "" : text, cut);
        journal_clear(&f.sim);
    }
    free(text);
}

static void printf_of_a_name_without_a_newline(void **state)
{
    (void)state;
    take_any_name(&f.sim);
    run_ok(&f.mount, "printf one.example.com > " PURGE);
    run_ok(&f.mount, "printf two.example.com >> " PURGE);
    assert_posts(&f.sim, "one.example.com", "two.example.com");
    /* Behind another it may be the beginning of one. */
    struct ran ran = run(&f.mount, "{ echo three; /usr/bin/printf four; } > " PURGE);
    assert_int_equal(ran.status, 1);
    assert_non_null(strstr(ran.err, "Invalid argument"));
    assert_posts(&f.sim, "one.example.com", "two.example.com", "three");
    assert_int_equal(logged(&f.mount, "Invalid argument", "four"), 1);
}

/* Blocks of 7 bytes cut each name; none of the pieces is one, whether or not the service has been read before. */
static void dd_of_7_bytes_posts_no_piece_of_a_name(void **state)
{
    static const char text[] = "cdn.example.com\nstatic.example.com\n";

    (void)state;
    for (unsigned warm = 0; warm < 3; warm++) {
        fixture_remount(&f, NULL);
        make_file("names", text, strlen(text));
        if (warm)
            run_ok(&f.mount, warm == 1 ? "ls services" : "cat services/10421/info.json");
        struct ran ran = run(&f.mount, "dd bs=7 if=$DIR/names of=" PURGE);
        assert_int_equal(ran.status, 1);
        if (!strstr(ran.err, "Invalid argument"))
            fail_msg("dd said: %s", ran.err);
        assert_int_equal(asked(&f.sim, "purge"), 0);
        assert_int_equal(logged(&f.mount, "Invalid argument", "cdn.exa"), 1);
    }
    /* And by a pipe that gives tee a piece at a time. */
    struct ran ran = run(&f.mount, "{ printf stat; cat services/10421/info.json > /dev/null; } | tee " PURGE);
    assert_int_equal(ran.status, 1);
    assert_int_equal(asked(&f.sim, "purge"), 0);
}

static bool is_refused(void *name)
{
    return logged(&f.mount, "Invalid argument", name) == 1;
}

static void a_file_cut_in_the_middle_of_a_name_is_refused_and_recorded(void **state)
{
    (void)state;
    char *text = make_names(100);
    take_any_name(&f.sim);
    struct ran ran = run(&f.mount, "head -c 1000 $DIR/names > " PURGE);
    assert_int_equal(ran.status, 1);
    assert_int_equal(asked(&f.sim, "purge"), 0);
    text[1000] = '\0';
    assert_whole_names(&f.mount, &f.sim, text, true);
    /* At a page's end it may go on, and is recorded when it does not. */
    free(text);
    text = make_names(300);
    run_ok(&f.mount, "head -c 4096 $DIR/names > " PURGE);
    text[4096] = '\0';
    assert_int_not_equal(text[4095], '\n');
    char *last = strrchr(text, '\n') + 1, *cut = strdup(last);
    *last = '\0';
    assert_whole_names(&f.mount, &f.sim, text, false);
    assert_true(wait_until(is_refused, cut, 5000));
    free(cut);
    free(text);
}

/* sed writes pages and looks for errors at its end only: what follows a page that failed begins with the rest of a
 * name. */
static void a_program_that_goes_on_after_a_failed_page_posts_no_rest_of_a_name(void **state)
{
    (void)state;
    char *text = make_names(1500);
    rule(&f.sim, "{\"operation\":\"purge\",\"after\":30,\"times\":1,\"status\":404}");
    take_any_name(&f.sim);
    struct ran ran = run(&f.mount, "python3 -c '\n"
                                   "import os, sys\n"
                                   "data = open(sys.argv[1], \"rb\").read()\n"
                                   "fd = os.open(sys.argv[2], os.O_WRONLY | os.O_TRUNC)\n"
                                   "failed = 0\n"
                                   "for at in range(0, len(data), 4096):\n"
                                   "    try:\n"
                                   "        os.write(fd, data[at:at + 4096])\n"
                                   "    except OSError as error:\n"
                                   "        failed += 1\n"
                                   "print(failed)' $DIR/names " PURGE);
    assert_int_equal(ran.status, 0);
    assert_true(atoi(ran.out) >= 1);
    struct json_object *list = posts(&f.sim);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        const char *name = posted_name(list, i);
        const char *at = strstr(text, name);
        while (at && ((at > text && at[-1] != '\n') || at[strlen(name)] != '\n'))
            at = strstr(at + 1, name);
        if (!at || !*name)
            fail_msg("'%s' was posted, which is no whole name", name);
    }
    json_object_put(list);
    free(text);
}

static void sixteen_writers_run_side_by_side(void **state)
{
    int latency = 400 * time_scale(), limit = 5000 * time_scale();

    (void)state;
    take_any_name(&f.sim);
    rules_clear(&f.sim);
    rule(&f.sim,
         "{\"operation\":\"purge\",\"latency_ms\":%d,\"status\":200,\"body\":\"{\\\"status\\\":\\\"success\\\"}\"}",
         latency);
    struct ran ran = run_ok(&f.mount, "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do\n"
                                      "echo name-$i > " PURGE " & done; wait");
    assert_int_equal(asked(&f.sim, "purge"), 16);
    /* One after the other they would take sixteen times the latency. */
    assert_in_range(ran.ms, latency, limit);
    journal_clear(&f.sim);
    ran = run_ok(&f.mount, "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do echo name-$i; done | cat > " PURGE);
    assert_int_equal(asked(&f.sim, "purge"), 16);
    assert_in_range(ran.ms, latency, limit);
}

static void purge_is_a_writable_file_that_is_always_empty(void **state)
{
    (void)state;
    struct ran ran = run_ok(&f.mount, "ls -l " PURGE);
    assert_memory_equal(ran.out, "-rw------- 1 ", 13);
    assert_string_equal(run_ok(&f.mount, "cat " PURGE).out, "");
    ran = run_ok(&f.mount,
                 "exec 3> " PURGE "; echo " GOOD " >&3; stat -Lc %%s /proc/self/fd/3; echo static.example.com >&3;"
                 "stat -Lc %%s /proc/self/fd/3 " PURGE "; wc -c < " PURGE);
    assert_string_equal(ran.out, "0\n0\n0\n0\n");
    assert_posts(&f.sim, GOOD, "static.example.com");
    /* Emptying it is nothing. */
    run_ok(&f.mount, ": > " PURGE "; truncate -s 0 " PURGE);
    assert_int_equal(run(&f.mount, "truncate -s 10 " PURGE).status, 1);
    assert_int_equal(asked(&f.sim, "purge"), 2);
}

static void names_are_sent_as_they_are(void **state)
{
    (void)state;
    take_any_name(&f.sim);
    static const char text[] = "caf\xc3\xa9\n a  b \n\"q\"\\\n/*\n-n\n";
    make_file("names", text, strlen(text));
    run_ok(&f.mount, "cat $DIR/names > " PURGE);
    assert_posts(&f.sim, "caf\xc3\xa9", " a  b ", "\"q\"\\", "/*", "-n");
}

static void with_ro_nothing_is_purged(void **state)
{
    (void)state;
    fixture_remount(&f, &(struct how){.options = "ro"});
    struct ran ran = run(&f.mount, "/bin/echo " GOOD " > " PURGE);
    assert_int_not_equal(ran.status, 0);
    assert_non_null(strstr(ran.err, "Read-only file system"));
    assert_int_equal(open(in_mount(&f.mount, PURGE), O_WRONLY | O_CLOEXEC), -1);
    assert_int_equal(errno, EROFS);
    assert_int_equal(truncate(in_mount(&f.mount, PURGE), 0), -1);
    assert_int_equal(errno, EROFS);
    assert_int_equal(asked(&f.sim, "purge"), 0);
    assert_string_equal(slurp(&f.mount, PURGE, NULL), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(echo_of_a_name_is_one_post),
        TEST(echo_of_an_unknown_name_says_so_and_exits_1),
        TEST(an_unknown_service_has_nothing_to_purge),
        TEST(a_purge_of_a_service_without_a_cdn_is_sent),
        TEST(the_log_begins_with_how_to_purge),
        TEST(a_loop_of_300_echos_under_one_redirect),
        TEST(awk_printing_1000_names),
        TEST(a_file_of_names_by_cat_cp_and_tee),
        TEST(printf_of_a_name_without_a_newline),
        TEST(dd_of_7_bytes_posts_no_piece_of_a_name),
        TEST(a_file_cut_in_the_middle_of_a_name_is_refused_and_recorded),
        TEST(a_program_that_goes_on_after_a_failed_page_posts_no_rest_of_a_name),
        TEST(sixteen_writers_run_side_by_side),
        TEST(purge_is_a_writable_file_that_is_always_empty),
        TEST(names_are_sent_as_they_are),
        TEST(with_ro_nothing_is_purged),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
