/* SPDX-License-Identifier: MIT */
/*
 * Programs that copy, archive and back up: each takes the whole tree without an error, a second run finds nothing that
 * has changed, and none copies an attribute of the mount.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture f;

static int set_up(void **state)
{
    static const char *const options[] = {"--services", "12", "--invoices", "24", NULL};
    (void)state;
    fixture_start(&f, options, &(struct how){.options = scaled_times("ttl=600")});
    /* These programs keep their settings and caches in the home directory. */
    char home[300];
    (void)snprintf(home, sizeof home, "%s/home", f.mount.dir);
    setenv("HOME", home, 1);
    setenv("XDG_CACHE_HOME", home, 1);
    setenv("LC_ALL", "C.UTF-8", 1); /* an archive says which characters a name has */
    run_ok(&f.mount, "mkdir \"$HOME\"");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

/* Skips the test if the program cannot run here, as programs in Go under an emulator. */
static void needs(const char *command)
{
    struct ran ran = run(&f.mount, "%s", command);
    if (ran.status == 0)
        return;
    print_message("skipped: `%s` exits with %d: %s\n", command, ran.status, ran.err);
    skip();
}

/* $DIR/copy, which a program has made of the mount, holds the same, and no attributes; and its owner can remove it. */
static void assert_copied(void)
{
    run_ok(&f.mount,
           "diff -r --no-dereference . \"$DIR/copy\" && test $(find . | wc -l) = $(find \"$DIR/copy\" | wc -l)");
    assert_string_equal(run_ok(&f.mount, "find \"$DIR/copy\" ! -type l -exec getfattr -d -m - {} +").out, "");
    /* So that an ordinary user can use a copy, and remove it. */
    assert_string_equal(run_ok(&f.mount, "find \"$DIR/copy\" -type d ! -perm -u=rwx").out, "");
    run_ok(&f.mount, "rm -rf \"$DIR/copy\" && test ! -e \"$DIR/copy\"");
}

static void rsync_copies_all_and_then_finds_nothing_to_do(void **state)
{
    (void)state;
    struct ran ran = run_ok(&f.mount, "rsync -aHAX \"$MNT/\" \"$DIR/copy/\"");
    assert_string_equal(ran.err, "");
    for (unsigned i = 0; i < 2; i++) {
        ran = run_ok(&f.mount, "rsync -aHAXi \"$MNT/\" \"$DIR/copy/\"");
        assert_string_equal(ran.out, "");
        assert_string_equal(ran.err, "");
    }
    assert_copied();
}

static void borg_adds_no_data_the_second_time(void **state)
{
    (void)state;
    needs("borg --version");
    char repository[300];
    (void)snprintf(repository, sizeof repository, "%s/repository", f.mount.dir);
    setenv("BORG_BASE_DIR", f.mount.dir, 1);
    setenv("BORG_REPO", repository, 1);
    run_ok(&f.mount, "borg init -e none && cd \"$DIR\" && borg create ::first mnt");
    /* On stderr a line for each file that has changed, changed while it was read, or could not be read. borg does not
     * trust the times of the newest files, and reads these again. */
    struct ran ran =
        run_ok(&f.mount, "cd \"$DIR\" && borg create --list --filter MCE ::second mnt && borg diff ::first "
                         "second && borg info --json ::second | jq '.archives[0].stats.deduplicated_size'");
    assert_string_equal(ran.err, "");
    assert_int_equal(strspn(ran.out, "0123456789") + 1, ran.out_len);
    assert_in_range(atoi(ran.out), 1, 4096); /* what the archive itself takes, with its name and times */
    run_ok(&f.mount, "mkdir \"$DIR/out\" && cd \"$DIR/out\" && borg extract ::first && mv mnt ../copy");
    assert_copied();
}

static void git_works_in_a_copy(void **state)
{
    (void)state;
    needs("git --version");
    run_ok(&f.mount, "cp -r \"$MNT\" \"$DIR/copy\"");
    struct ran ran = run_ok(&f.mount, "cd \"$DIR/copy\" && git init -q && git add -A && git -c user.name=a -c "
                                      "user.email=a@example.com commit -qm copy && git status --porcelain && "
                                      "git fsck --no-progress && rm -rf .git");
    assert_string_equal(ran.out, "");
    assert_copied();
}

static void restic_reads_nothing_again(void **state)
{
    (void)state;
    needs("restic version");
    setenv("RESTIC_REPOSITORY", "repository.restic", 1);
    setenv("RESTIC_PASSWORD", "x", 1);
    run_ok(&f.mount, "cd \"$DIR\" && restic init -q && restic backup -q mnt");
    struct ran ran = run_ok(&f.mount, "cd \"$DIR\" && restic backup mnt");
    unsigned created = 1, changed = 1, same = 0;
    const char *files = strstr(ran.out, "Files:");
    assert_non_null(files);
    assert_int_equal(sscanf(files, "Files: %u new, %u changed, %u unmodified", &created, &changed, &same), 3);
    assert_int_equal(created + changed, 0);
    assert_int_equal(same, atoi(run_ok(&f.mount, "find . -type f | wc -l").out));
    run_ok(&f.mount, "cd \"$DIR\" && restic restore -q latest --target restored && mv restored/mnt copy");
    assert_copied();
}

static void archives_hold_all(void **state)
{
    (void)state;
    needs("bsdtar --version");
    struct ran ran = run_ok(&f.mount, "bsdtar -cf \"$DIR/archive.tar\" . && ! grep -aqi xattr \"$DIR/archive.tar\" && "
                                      "mkdir \"$DIR/copy\" && bsdtar -xf \"$DIR/archive.tar\" -C \"$DIR/copy\"");
    assert_string_equal(ran.err, "");
    assert_copied();
    needs("zip -v");
    ran = run_ok(
        &f.mount,
        "zip -qr \"$DIR/archive.zip\" . && mkdir \"$DIR/copy\" && bsdtar -xf \"$DIR/archive.zip\" -C \"$DIR/copy\"");
    assert_string_equal(ran.err, "");
    /* zip follows links. */
    run_ok(&f.mount, "diff -r . \"$DIR/copy\" && rm -rf \"$DIR/copy\"");
}

static void rclone_copies_all_and_finds_no_difference(void **state)
{
    (void)state;
    needs("rclone version");
    run_ok(&f.mount, "touch \"$DIR/rclone.conf\"");
    struct ran ran = run_ok(&f.mount, "rclone --config \"$DIR/rclone.conf\" copy -L \"$MNT\" \"$DIR/copy\"");
    assert_string_equal(ran.err, "");
    ran = run_ok(&f.mount, "rclone --config \"$DIR/rclone.conf\" check -L \"$MNT\" \"$DIR/copy\"");
    assert_non_null(strstr(ran.err, " 0 differences found"));
    ran = run_ok(&f.mount, "rclone --config \"$DIR/rclone.conf\" copy -L -v --stats-one-line \"$MNT\" \"$DIR/copy\"");
    assert_null(strstr(ran.err, "Copied"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(rsync_copies_all_and_then_finds_nothing_to_do),
        TEST(borg_adds_no_data_the_second_time),
        TEST(git_works_in_a_copy),
        TEST(restic_reads_nothing_again),
        TEST(archives_hold_all),
        TEST(rclone_copies_all_and_finds_no_difference),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
