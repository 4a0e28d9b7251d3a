/* SPDX-License-Identifier: MIT */
/* From mounting to the end: in the background and not, by every way a mount ends, with others still in it; and the
 * token's whereabouts. */
#include "command_line.h"

#include <poll.h>
#include <sys/statvfs.h>

static struct simulator sim;
static struct place place, second;

static int set_up(void **state)
{
    (void)state;
    simulator_start(&sim, NULL);
    place_make(&place);
    place_make(&second);
    setenv("URL", sim.url, 1);
    setenv("MNT", place.mnt, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    place_remove(&place);
    place_remove(&second);
    simulator_stop(&sim);
    return 0;
}

/* Mounts in the background, and returns who serves. */
static pid_t mount_detached(const struct place *where, const char *arguments)
{
    struct ran ran = program(where, &sim, HARNESS_TOKEN, "%s", arguments);
    if (ran.status != 0)
        fail_msg("'%s' exits %d: %s", arguments, ran.status, ran.err);
    assert_true(is_mount(where->mnt));
    assert_string_equal(ran.out, "");
    pid_t pid = server_of(where->mnt);
    assert_true(pid > 0);
    return pid;
}

/* A command in a mount, by a shell. */
static struct ran in(const struct place *where, const char *command)
{
    struct running running;
    run_start(&running, where->mnt, "%s", command);
    return run_wait(&running, OK_MS);
}

static void assert_works(const struct place *where)
{
    struct ran ran = in(where, "cat billing/balance");
    if (ran.status != 0 || !strstr(ran.out, "EUR"))
        fail_msg("the mount does not work: %s%s", ran.out, ran.err);
}

/* No mount is left, and nobody serves. */
static void assert_gone(struct place *where)
{
    assert_true(wait_until(has_no_server, where->mnt, 10000));
    assert_true(wait_until(is_no_mount, where->mnt, 1000));
    assert_int_equal(rmdir(where->mnt), 0);
    assert_int_equal(mkdir(where->mnt, 0700), 0);
}

static void in_the_background_it_returns_when_mounted(void **state)
{
    char path[64], line[256];

    (void)state;
    pid_t pid = mount_detached(&place, "$URL $MNT");
    assert_works(&place);
    /* It has left the terminal and the directory it was started in. */
    assert_int_equal(getsid(pid), pid);
    /* A process with a token keeps others, even of the same user, from looking at it. */
    (void)snprintf(path, sizeof path, "/proc/%d/cwd", (int)pid);
    ssize_t n = readlink(path, line, sizeof line);
    assert_true(n == 1 || (n < 0 && !is_root()));
    for (int fd = 0; fd <= 2 && n > 0; fd++) {
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
        n = readlink(path, line, sizeof line - 1);
        assert_true(n > 0);
        line[n] = '\0';
        assert_string_equal(line, "/dev/null");
    }
    struct running running;
    run_start(&running, place.dir, "fusermount3 -u mnt");
    assert_int_equal(run_wait(&running, OK_MS).status, 0);
    assert_gone(&place);
}

/* No thread can be made with a stack of that size, so the child fails after the fork; whoever waits for the mount is
 * told, on the terminal and by the status. With 32 bits, 3 GiB are too much where libraries lie below the middle of the
 * address space, as in the old layout, and more than 4 GiB count as no limit. */
static void a_child_that_cannot_serve_is_a_failure(void **state)
{
    struct running running;

    (void)state;
    setenv("KIB", sizeof(void *) == 4 ? "3145728" : "200000000000", 1);
    setenv("LAYOUT", sizeof(void *) == 4 ? "setarch --addr-compat-layout" : "", 1);
    setenv("MELBICOM_TOKEN", HARNESS_TOKEN, 1);
    /* QEMU takes a limit of a program that it runs and does not keep it. */
    run_start(&running, place.dir,
              "ulimit -s $KIB && test $(ulimit -s) = $KIB && $LAYOUT true || exit 99; exec $LAYOUT \"$MELBICOMFS\" "
              "$URL $MNT");
    unsetenv("MELBICOM_TOKEN");
    struct ran ran = run_wait(&running, OK_MS);
    if (ran.status == 99) {
        print_message("skipped: no limit of the stack holds here\n");
        skip();
    }
    assert_fails(&place, &ran, 32, "cannot start");
    assert_gone(&place);
}

/* Processor time a process has used, in clock ticks. */
static long ticks_of(pid_t pid)
{
    char path[64];
    long user = 0, system = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *stat = fopen(path, "re");
    assert_non_null(stat);
    assert_int_equal(fscanf(stat, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system),
                     2);
    (void)fclose(stat);
    return user + system;
}

/* Some supervisors close the standard streams. A descriptor of the loop that had one's number would become /dev/null,
 * which is always ready. */
static void without_standard_streams_it_works(void **state)
{
    static const char *const closed[] = {"<&- >&- 2>&-", "<&-", "2>&-"};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        char arguments[64];
        (void)snprintf(arguments, sizeof arguments, "$URL $MNT %s", closed[i]);
        pid_t pid = mount_detached(&place, arguments);
        assert_works(&place);
        long before = ticks_of(pid);
        let_pass(500 * time_scale());
        assert_in_range(ticks_of(pid) - before, 0, sysconf(_SC_CLK_TCK) / 5 * time_scale());
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_gone(&place);
    }
}

static void sigterm_and_sigint_unmount(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        pid_t pid = mount_detached(&place, "$URL $MNT");
        assert_works(&place);
        assert_int_equal(kill(pid, signals[i]), 0);
        assert_gone(&place);
    }
}

static void nohup_keeps_it_when_the_terminal_hangs_up(void **state)
{
    struct running server;

    (void)state;
    setenv("MELBICOM_TOKEN", HARNESS_TOKEN, 1);
    run_start(&server, place.dir, "exec nohup \"$MELBICOMFS\" -f $URL $MNT");
    unsetenv("MELBICOM_TOKEN");
    assert_true(wait_until(is_mount_cond, place.mnt, OK_MS));
    assert_int_equal(kill(server.pid, SIGHUP), 0);
    assert_works(&place);
    assert_false(run_ended(&server));
    assert_int_equal(kill(server.pid, SIGTERM), 0);
    assert_int_equal(run_wait(&server, OK_MS).status, 0);
    assert_gone(&place);
}

/* In the foreground, so that the exit status is seen: with a file open, a shell in it, and a reader that waits. */
static void it_ends_with_files_open_and_a_reader_blocked(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct running server, reader, shell;
        char byte, path[400];

        setenv("MELBICOM_TOKEN", HARNESS_TOKEN, 1);
        run_start(&server, place.dir, "exec \"$MELBICOMFS\" -f $URL $MNT");
        unsetenv("MELBICOM_TOKEN");
        assert_true(wait_until(is_mount_cond, place.mnt, OK_MS));
        assert_works(&place);
        (void)snprintf(path, sizeof path, "%s/billing/balance", place.mnt);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        rule(&sim, "{\"operation\":\"service\",\"stall\":true}");
        run_start(&reader, place.mnt, "exec cat services/10421/info.json");
        run_wait_blocked(&reader, "cat");
        char directory[300];
        (void)snprintf(directory, sizeof directory, "%s/billing", place.mnt);
        run_start(&shell, directory, "exec cat /dev/zero > /dev/null");
        assert_int_equal(kill(server.pid, signals[i]), 0);
        struct ran ran = run_wait(&server, OK_MS);
        if (ran.status != 0 || strstr(ran.err, "Sanitizer"))
            fail_msg("it ended with %d: %s", ran.status, ran.err);
        assert_int_not_equal(run_wait(&reader, OK_MS).status, 0);
        assert_int_equal(kill(shell.pid, SIGKILL), 0);
        (void)run_wait(&shell, OK_MS);
        /* What the page cache holds may still be read; anything else is an error, and nothing hangs. */
        if (pread(fd, &byte, 1, 0) < 0)
            assert_true(errno == ENOTCONN || errno == ECONNABORTED || errno == EIO);
        assert_int_equal(close(fd), 0);
        rules_clear(&sim);
        assert_gone(&place);
    }
}

static bool is_not_connected(void *mnt)
{
    struct statvfs st;
    return statvfs(mnt, &st) < 0 && errno == ENOTCONN;
}

static void killed_it_leaves_enotconn_and_mounting_again_recovers(void **state)
{
    (void)state;
    pid_t pid = mount_detached(&place, "$URL $MNT");
    assert_works(&place);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_true(wait_until(has_no_server, place.mnt, 5000));
    assert_true(wait_until(is_not_connected, place.mnt, 5000));
    /* By the absolute path, and by a relative one. */
    pid = mount_detached(&place, "$URL $MNT");
    assert_works(&place);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_true(wait_until(has_no_server, place.mnt, 5000));
    struct ran ran = program(&place, &sim, HARNESS_TOKEN, "$URL mnt");
    assert_int_equal(ran.status, 0);
    assert_works(&place);
    /* The dead one is gone, not only covered. */
    struct running running;
    run_start(&running, place.dir, "fusermount3 -u mnt");
    assert_int_equal(run_wait(&running, OK_MS).status, 0);
    assert_gone(&place);
}

/* The kernel writes the space in its table of mounts as \\040. */
static void a_dead_mount_with_a_space_in_its_path_is_taken_away(void **state)
{
    struct place spacious = place;
    struct running running;

    (void)state;
    (void)snprintf(spacious.mnt, sizeof spacious.mnt, "%.200s/my account", place.dir);
    assert_int_equal(mkdir(spacious.mnt, 0700), 0);
    pid_t pid = mount_detached(&spacious, "$URL \"$MNT\"");
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_true(wait_until(has_no_server, spacious.mnt, 5000));
    assert_true(wait_until(is_not_connected, spacious.mnt, 5000));
    (void)mount_detached(&spacious, "$URL \"$MNT\"");
    assert_works(&spacious);
    run_start(&running, place.dir, "fusermount3 -u 'my account'");
    assert_int_equal(run_wait(&running, OK_MS).status, 0);
    assert_gone(&spacious);
}

/* A living mount is not taken away: one line says that it is there, of which account, and how to unmount it. The API is
 * not asked before. */
static void over_a_living_mount_it_does_not_mount(void **state)
{
    struct place spacious = place;
    char expected[1000];

    (void)state;
    (void)snprintf(spacious.mnt, sizeof spacious.mnt, "%.200s/my account", place.dir);
    assert_int_equal(mkdir(spacious.mnt, 0700), 0);
    pid_t pid = mount_detached(&spacious, "$URL \"$MNT\"");
    static const char *const arguments[] = {"$URL \"$MNT\"", "http://127.0.0.1:1 'my account/'"};
    for (unsigned i = 0; i < 2; i++) {
        struct ran ran = program(&spacious, &sim, HARNESS_TOKEN, "%s", arguments[i]);
        assert_int_equal(ran.status, 32);
        (void)snprintf(expected, sizeof expected,
                       "melbicomfs: %s: already mounted: a melbicomfs of %s; to unmount it, run: fusermount3 -u '%s'\n",
                       spacious.mnt, sim.url, spacious.mnt);
        if (strcmp(ran.err, expected) != 0)
            fail_msg("it says: %s", ran.err);
        assert_string_equal(ran.out, "");
        assert_int_equal(server_of(spacious.mnt), pid);
        assert_works(&spacious);
    }
    /* The command that the line names does it. */
    struct running running;
    run_start(&running, place.dir, "%s", strstr(expected, "fusermount3"));
    assert_int_equal(run_wait(&running, OK_MS).status, 0);
    assert_gone(&spacious);
}

/* The source of the mount, as the kernel shows it, in a static buffer. */
static const char *source_shown(const struct place *where)
{
    static char source[512];
    char line[1024], at[300];
    FILE *mounts = fopen("/proc/self/mounts", "re");

    assert_non_null(mounts);
    source[0] = '\0';
    while (fgets(line, sizeof line, mounts)) {
        char from[512];
        if (sscanf(line, "%511s %299s", from, at) == 2 && strcmp(at, where->mnt) == 0)
            strcpy(source, from);
    }
    (void)fclose(mounts);
    return source;
}

static void the_source_of_the_mount_is_the_profile_or_the_url(void **state)
{
    struct running running;

    (void)state;
    run_start(&running, place.dir,
              "mkdir melbicomfs && printf '%%s\\n' \"url = $URL\" '[work]' 'ttl = 5' '[a, b]' 'ttl = 6' '[default]' "
              "'ttl = 7' >melbicomfs/config");
    assert_int_equal(run_wait(&running, OK_MS).status, 0);
    static const struct {
        const char *arguments, *source; /* NULL: the URL */
    } cases[] = {{"work $MNT", "work"},
                 {"'a, b' $MNT", "a,\\040b"},
                 {"$MNT", NULL},
                 {"$URL/ $MNT", NULL},
                 {"work $MNT -o url=$URL", "work"},
                 {"work $MNT -o fsname=mine", "mine"},
                 {"work $MNT -o 'fsname=my\\,own' -o ro", "my,own"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pid_t pid = mount_detached(&place, cases[i].arguments);
        assert_string_equal(source_shown(&place), cases[i].source ? cases[i].source : sim.url);
        struct ran ran = program(&place, &sim, HARNESS_TOKEN, "$URL $MNT");
        char named[200];
        (void)snprintf(named, sizeof named, "a melbicomfs of %s;",
                       cases[i].source && cases[i].source[0] == 'a' ? "a, b" : source_shown(&place));
        if (ran.status != 32 || !strstr(ran.err, named))
            fail_msg("'%s': %s", cases[i].arguments, ran.err);
        if (cases[i].source && !strchr(cases[i].source, ','))
            assert_non_null(strstr(in(&place, "df . && findmnt -n -o SOURCE -T .").out, cases[i].source));
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_gone(&place);
    }
}

static void arguments_in_the_order_of_mount(void **state)
{
    (void)state;
    (void)mount_detached(&place, "$URL $MNT -o rw,noauto,user,_netdev,nofail,x-systemd.automount,nosuid,nodev,noatime,"
                                 "nodiratime,norelatime,lazytime,silent");
    assert_works(&place);
    (void)mount_detached(&second, "-o ro,ttl=5 -o nodev -s $URL $MNT/");
    assert_works(&second);
    assert_int_not_equal(in(&second, "echo cdn.example.com > services/10421/cdn/purge").status, 0);
    /* df and findmnt tell what it is. */
    struct ran ran = in(&place, "grep \" $PWD \" /proc/mounts");
    assert_non_null(strstr(ran.out, "fuse.melbicomfs"));
    assert_non_null(strstr(ran.out, sim.url));
}

static void two_mounts_of_one_account_side_by_side(void **state)
{
    (void)state;
    pid_t one = mount_detached(&place, "$URL $MNT"), two = mount_detached(&second, "$URL $MNT");
    assert_int_not_equal(one, two);
    struct ran ran = in(&place, "cat all/invoices.json | cksum");
    char *sum = strdup(ran.out);
    assert_string_equal(in(&second, "cat all/invoices.json | cksum").out, sum);
    free(sum);
    assert_int_equal(in(&place, "echo cdn.example.com > services/10421/cdn/purge").status, 0);
    assert_non_null(strstr(in(&place, "cat services/10421/cdn/purge.log").out, "\tok\tcdn.example.com\t"));
    /* The log is this mount's own. */
    assert_null(strstr(in(&second, "cat services/10421/cdn/purge.log").out, "\tok\t"));
    assert_int_equal(kill(one, SIGTERM), 0);
    assert_gone(&place);
    assert_works(&second);
}

/* Whether a file of /proc holds the token; one that may not be read does not show it. */
static bool shows_token(pid_t pid, const char *name)
{
    char path[64];
    size_t len;

    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    char *text = slurp_path(path, &len);
    return text && memmem(text, len, HARNESS_TOKEN, strlen(HARNESS_TOKEN));
}

static void the_token_is_shown_nowhere(void **state)
{
    static const char *const own[] = {".melbicomfs/status.json", ".melbicomfs/log", ".melbicomfs/metrics"};

    (void)state;
    char path[300];
    (void)snprintf(path, sizeof path, "%s/token", place.dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, HARNESS_TOKEN "\n", strlen(HARNESS_TOKEN) + 1), strlen(HARNESS_TOKEN) + 1);
    assert_int_equal(close(fd), 0);
    struct ran ran = program(&place, &sim, NULL, "-d $URL $MNT -o token_file=token & echo");
    (void)ran;
    assert_true(wait_until(is_mount_cond, place.mnt, OK_MS));
    pid_t pid = server_of(place.mnt);
    assert_works(&place);
    /* The API repeats it in an error: it is hidden there, too. */
    rule(&sim,
         "{\"operation\":\"services\",\"status\":422,\"body\":\"{\\\"message\\\":\\\"bad " HARNESS_TOKEN "\\\"}\"}");
    ran = in(&place, "ls services");
    assert_int_not_equal(ran.status, 0);
    rules_clear(&sim);
    rule(&sim, "{\"operation\":\"*\",\"status\":401}");
    ran = in(&place, "ls products/groups");
    rules_clear(&sim);
    assert_null(strstr(ran.err, HARNESS_TOKEN));
    for (unsigned i = 0; i < 3; i++) {
        char command[64];
        (void)snprintf(command, sizeof command, "cat %s", own[i]);
        ran = in(&place, command);
        assert_int_equal(ran.status, 0);
        if (strstr(ran.out, HARNESS_TOKEN))
            fail_msg("%s shows the token:\n%s", own[i], ran.out);
    }
    assert_non_null(strstr(in(&place, "cat .melbicomfs/log").out, "[hidden]"));
    assert_false(shows_token(pid, "cmdline"));
    assert_false(shows_token(pid, "environ"));
    assert_false(shows_token(pid, "mountinfo"));
    ran =
        in(&place, "for n in url fetched expires stale etag; do getfattr -n user.melbicomfs.$n billing/balance; done");
    assert_non_null(strstr(ran.out, "user.melbicomfs.url="));
    assert_null(strstr(ran.out, HARNESS_TOKEN));
}

/* As an ordinary user, whoever runs the tests. */
static struct ran as_user(const char *command)
{
    struct running running;

    if (is_root()) {
        assert_int_equal(chown(place.dir, 65534, 65534), 0);
        assert_true(is_mount(place.mnt) || chown(place.mnt, 65534, 65534) == 0);
        run_start(&running, place.dir,
                  "HOME=$PWD XDG_CONFIG_HOME=$PWD exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c '%s'",
                  command);
    } else {
        run_start(&running, place.dir, "%s", command);
    }
    return run_wait(&running, OK_MS);
}

static bool others_allowed(void)
{
    FILE *conf = fopen("/etc/fuse.conf", "re");
    char line[256];
    bool allowed = false;

    while (conf && fgets(line, sizeof line, conf))
        allowed = allowed || strncmp(line, "user_allow_other", 16) == 0;
    if (conf)
        (void)fclose(conf);
    return allowed;
}

static void an_ordinary_user_mounts_and_recovers(void **state)
{
    (void)state;
    setenv("MELBICOM_TOKEN", HARNESS_TOKEN, 1);
    struct ran ran = as_user("exec \"$MELBICOMFS\" $URL $MNT");
    unsetenv("MELBICOM_TOKEN");
    if (ran.status == 126 || ran.status == 127)
        skip(); /* the build directory is closed to others */
    if (ran.status != 0)
        fail_msg("it exits %d: %s", ran.status, ran.err);
    ran = as_user("cat mnt/billing/balance && ls -ld mnt mnt/services/10421/cdn/purge");
    assert_int_equal(ran.status, 0);
    if (is_root())
        assert_non_null(strstr(ran.out, "nobody"));
    /* Its modes keep others out, root too by FUSE's own rule. */
    pid_t pid = server_of(place.mnt);
    assert_true(pid > 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_true(wait_until(has_no_server, place.mnt, 5000));
    setenv("MELBICOM_TOKEN", HARNESS_TOKEN, 1);
    ran = as_user("exec \"$MELBICOMFS\" $URL $MNT");
    unsetenv("MELBICOM_TOKEN");
    if (ran.status != 0)
        fail_msg("over its dead mount it exits %d: %s", ran.status, ran.err);
    assert_int_equal(as_user("cat mnt/billing/balance").status, 0);
    assert_int_equal(as_user("exec fusermount3 -u mnt").status, 0);
    assert_gone(&place);
}

static void allow_other_is_for_those_whom_fuse_conf_allows_it(void **state)
{
    (void)state;
    setenv("MELBICOM_TOKEN", HARNESS_TOKEN, 1);
    struct ran ran = as_user("exec \"$MELBICOMFS\" $URL $MNT -o allow_other,umask=022");
    unsetenv("MELBICOM_TOKEN");
    if (ran.status == 126 || ran.status == 127)
        skip();
    if (others_allowed()) {
        assert_int_equal(ran.status, 0);
        return;
    }
    assert_int_equal(ran.status, 32);
    assert_non_null(strstr(ran.err, "user_allow_other"));
    assert_false(is_mount(place.mnt));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(in_the_background_it_returns_when_mounted),
        TEST(a_child_that_cannot_serve_is_a_failure),
        TEST(without_standard_streams_it_works),
        TEST(sigterm_and_sigint_unmount),
        TEST(nohup_keeps_it_when_the_terminal_hangs_up),
        TEST(it_ends_with_files_open_and_a_reader_blocked),
        TEST(killed_it_leaves_enotconn_and_mounting_again_recovers),
        TEST(a_dead_mount_with_a_space_in_its_path_is_taken_away),
        TEST(over_a_living_mount_it_does_not_mount),
        TEST(the_source_of_the_mount_is_the_profile_or_the_url),
        TEST(arguments_in_the_order_of_mount),
        TEST(two_mounts_of_one_account_side_by_side),
        TEST(the_token_is_shown_nowhere),
        TEST(an_ordinary_user_mounts_and_recovers),
        TEST(allow_other_is_for_those_whom_fuse_conf_allows_it),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
