/* SPDX-License-Identifier: MIT */
/*
 * The table of wrong set-ups, wrong_setups.txt: each gives exactly one line, which names what is wrong and what to do, and
 * --doctor names the same cause. The head of the table explains its words.
 */
#include "doctor.h"

#define ROWS_MAX 100

/* Runs a command in a mount namespace of its own. In a chroot whose root is no mount, unshare cannot make the mounts
 * private; then none may be shared. The namespace lets go of the mounts of other tests, which would outlive their unmounting
 * there. */
static const char in_namespace[] =
    "if unshare -m true 2>/dev/null; then set --; elif grep -q ' shared:' /proc/self/mountinfo; then echo 'the mounts "
    "are shared' >&2; exit 1; else set -- --propagation unchanged; fi; exec unshare -m \"$@\" sh -c 'umount --all "
    "--lazy "
    "--types fuse.melbicomfs; exec \"$@\"' -";

/* Shell functions for the table. `bare_dev` makes a /dev without fuse. `apparmor` makes fusermount3 answer as it does where
 * AppArmor forbids the mount, on a machine that has the profile; /srv/mnt is a directory of the user's. */
static const char prelude[] =
    "bare_dev() {\n"
    "    mkdir dev && mount -t tmpfs none dev && for f in null zero urandom; do\n"
    "        : >dev/$f && mount --bind /dev/$f dev/$f || exit 99\n"
    "    done && mount --rbind dev /dev\n"
    "}\n"
    "apparmor() {\n"
    "    mkdir etc && mount -t tmpfs none etc && cp -a /etc/. etc/ && mkdir -p etc/apparmor.d &&\n"
    "        : >etc/apparmor.d/fusermount3 && mount --rbind etc /etc && mount -t tmpfs -o mode=755 none /srv &&\n"
    "        mkdir /srv/mnt && chown 65534 /srv/mnt &&\n"
    "        printf '#!/bin/sh\\necho fusermount3: mount failed: Permission denied >&2; exit 1\\n' >/srv/f &&\n"
    "        chmod 4755 /srv/f && mount --bind /srv/f /usr/bin/fusermount3\n"
    "}\n";

/* A set-up; see the head of the table. */
struct row {
    char *name, *given, *after, *as, *rule, *run, *line, *exit, *cause;
};

static struct simulator sim;
static struct row rows[ROWS_MAX];
static unsigned n_rows;

/* ---- the table ---- */

static void take_word(struct row *row, char *line)
{
    struct {
        const char *word;
        char **place;
    } const words[] = {
        {"given ", &row->given}, {"after ", &row->after}, {"as ", &row->as},     {"rule ", &row->rule},
        {"run ", &row->run},     {"line ", &row->line},   {"exit ", &row->exit}, {"cause ", &row->cause},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i].word);
        if (strncmp(line, words[i].word, len) != 0)
            continue;
        assert_null(*words[i].place);
        *words[i].place = line + len;
        return;
    }
    fail_msg("what is this in the table: %s", line);
}

static int read_table(void **state)
{
    char path[400];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/wrong_setups.txt", getenv("TESTS"));
    char *rest = slurp_path(path, NULL), *line;
    assert_non_null(rest);
    while ((line = strsep(&rest, "\n"))) {
        if (*line == '#' || *line == '\0')
            continue;
        if (strncmp(line, "== ", 3) == 0) {
            assert_true(n_rows < ROWS_MAX);
            rows[n_rows++].name = line + 3;
        } else {
            assert_true(n_rows > 0);
            take_word(&rows[n_rows - 1], line);
        }
    }
    simulator_start(&sim, NULL);
    return 0;
}

static int end_all(void **state)
{
    (void)state;
    simulator_stop(&sim);
    return 0;
}

/* ---- running ---- */

/* The text with $DIR, $URL and $PORT replaced, in one of two buffers by turns. */
static const char *expanded(const char *text)
{
    static char buffers[2][4096];
    static unsigned turn;
    char *to = buffers[turn++ % 2];
    const char *begin = to;
    char port[8];
    (void)snprintf(port, sizeof port, "%u", sim.port);
    const char *const names[][2] = {{"$DIR", place.dir}, {"$URL", sim.url}, {"$PORT", port}};
    while (*text) {
        unsigned i = 0;
        while (i < 3 && strncmp(text, names[i][0], strlen(names[i][0])) != 0)
            i++;
        if (i < 3) {
            to = stpcpy(to, names[i][1]);
            text += strlen(names[i][0]);
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
    return begin;
}

/* Whether the text is the pattern, in which * stands for any text. */
static bool matches(const char *pattern, const char *text)
{
    if (*pattern == '*') {
        do
            if (matches(pattern + 1, text))
                return true;
        while (*text++);
        return false;
    }
    return *pattern == *text && (*pattern == '\0' || matches(pattern + 1, text + 1));
}

static bool is_for(const struct row *row, const char *who)
{
    return row->as && strstr(row->as, who);
}

/* Runs the program in the row's set-up, in a directory of its own, and then --doctor, whose report goes into the file
 * `report` with its exit status at the end. */
static struct ran run_row(const struct row *row)
{
    char script[8192], port[8];
    struct running running;
    /* The program may stand where only root can go. */
    const char *as = is_for(row, "user") && is_root()
                         ? "chmod 755 \"$DIR\"; chown 65534 mnt; cp \"$MELBICOMFS\" program; chmod 755 program; "
                           "MELBICOMFS=$DIR/program; AS='setpriv --reuid=65534 --regid=65534 --clear-groups'"
                         : "";
    (void)snprintf(script, sizeof script,
                   "%sAS=\n%s\n%s\n$AS \"$MELBICOMFS\" %s\nstatus=$?\n"
                   "{ $AS \"$MELBICOMFS\" --doctor %s; echo \"status $?\"; } >report 2>&1\n%s\nexit $status\n",
                   prelude, as, row->given ? row->given : "", row->run, row->run, row->after ? row->after : "");
    write_file(&place, "script", script, 0600);
    rules_clear(&sim);
    if (row->rule)
        rule(&sim, "%s", row->rule);
    (void)snprintf(port, sizeof port, "%u", sim.port);
    setenv("URL", sim.url, 1);
    setenv("PORT", port, 1);
    setenv("DIR", place.dir, 1);
    setenv("XDG_CONFIG_HOME", place.dir, 1);
    setenv("HOME", place.dir, 1);
    setenv("MELBICOM_TOKEN", HARNESS_TOKEN, 1);
    run_start(&running, place.dir, "%s sh ./script", is_root() ? in_namespace : "exec");
    unsetenv("MELBICOM_TOKEN");
    return run_wait(&running, RUN_MS);
}

/* Whether a line of the report that names a failure contains the cause. Usage errors have no report but the same line. */
static bool names_cause(const char *report, const char *cause)
{
    static const char *const begins[] = {"✗ ", "! ", "melbicomfs: "};
    bool named = false;
    char *copy = strdup(report), *rest = copy, *line;
    while ((line = strsep(&rest, "\n")))
        for (unsigned k = 0; k < 3; k++)
            named = named || (strncmp(line, begins[k], strlen(begins[k])) == 0 && strstr(line, cause));
    free(copy);
    return named;
}

/* ---- the tests ---- */

static unsigned n_failed;

static void complain(const struct row *row, const char *what, const char *expected, const char *got)
{
    print_error("%s: %s: %s\nbut:\n%s\n", row->name, what, expected, got);
    n_failed++;
}

static void check_line(const struct row *row, const struct ran *ran)
{
    char *newline = strchr(ran->err, '\n');
    /* Where the coverage is counted, another user's program cannot write its counts, and says so at its end. */
    if (newline && strncmp(newline + 1, "profiling:", strlen("profiling:")) == 0)
        newline[1] = '\0';
    bool one = newline && newline[1] == '\0';
    if (one)
        *newline = '\0';
    if (!one || !matches(expanded(row->line), ran->err) || ran->out[0])
        complain(row, "expected", expanded(row->line), ran->err);
    else if (!strstr(ran->err, expanded(row->cause)))
        complain(row, "the line lacks its cause", expanded(row->cause), ran->err);
    if (ran->status != atoi(row->exit))
        complain(row, "expected the exit status", row->exit, ran->err);
    if (strstr(ran->err, HARNESS_TOKEN) || strstr(ran->err, "0123456789"))
        complain(row, "the line shows", "the token", ran->err);
}

static void check_doctor(const struct row *row)
{
    char path[400];
    (void)snprintf(path, sizeof path, "%s/report", place.dir);
    const char *report = slurp_path(path, NULL);
    assert_non_null(report);
    if (!names_cause(report, expanded(row->cause)) || strstr(report, "\nstatus 0\n"))
        complain(row, "the doctor does not name", expanded(row->cause), report);
}

/* All rows are tried before the test fails, so that one run shows all that is wrong. */
static void each_is_one_line_and_the_doctor_names_the_same_cause(void **state)
{
    unsigned n = 0;
    (void)state;
    for (unsigned i = 0; i < n_rows; i++) {
        if (is_for(&rows[i], "root") && !is_root())
            continue;
        place_make(&place);
        struct ran ran = run_row(&rows[i]);
        check_line(&rows[i], &ran);
        check_doctor(&rows[i]);
        place_remove(&place);
        n++;
    }
    assert_true(n >= 30);
    if (n_failed)
        fail_msg("%u faults in %u set-ups", n_failed, n);
}

static void no_row_lacks_a_word(void **state)
{
    (void)state;
    for (unsigned i = 0; i < n_rows; i++)
        if (!rows[i].run || !rows[i].line || !rows[i].exit || !rows[i].cause)
            fail_msg("%s: run, line, exit and cause are needed", rows[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_row_lacks_a_word),
        cmocka_unit_test(each_is_one_line_and_the_doctor_names_the_same_cause),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, read_table, end_all);
}
