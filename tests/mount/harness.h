/*
 * The harness of the mount tests: a simulator of the API, the real program mounted on it, and hands to work both.
 *
 *      struct fixture f;                             int setup(void **state)    fixture_start(&f, NULL, &(struct how){…});
 *      run(&f.mount, "cat billing/balance")          int teardown(void **state) return fixture_stop(&f);
 *      asked(&f.sim, "balance")                      int main(void)             harness_begin(); return cmocka_run_group_tests(…);
 *
 * Every simulator and every mount has a directory of its own below $TMPDIR. The environment names the programs:
 * SIMULATOR and MELBICOMFS. Stopping a mount asserts that the program ended with status 0, left no mount behind and
 * wrote nothing to stderr that a sanitizer would. Whatever a test left running is ended when the test program ends,
 * however it ends; a test program that takes longer than HARNESS_DEADLINE_S (times MELBICOMFS_TIMEOUT_SCALE) is ended by
 * a watchdog, since a process stuck in a mount cannot end itself.
 *
 * Threads:   the test's main thread; the watchdog is a thread of its own and touches nothing but process ids.
 *            run_start() may be called from threads, the rest not.
 * Ownership: strings that functions here return are the harness's and live until fixture_stop() or the end of the
 *            program.
 * Errors:    whatever goes wrong in the harness itself fails the test in progress, with a message.
 */
#ifndef MELBICOMFS_TESTS_HARNESS_H
#define MELBICOMFS_TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#define HARNESS_DEADLINE_S 115
#define HARNESS_TOKEN      "harness-token-0123456789"
/* How long run() lets a command take. */
#define RUN_MS 60000

/* ---- the program ---- */

/* First thing in main(): exits with 77 where /dev/fuse is missing, starts the watchdog, sets a plain environment
 * (LC_ALL=C, TZ=UTC). TEST_FILTER=pattern runs the tests of matching names only. */
void harness_begin(void);

/* True when run by root. */
bool is_root(void);

/* ---- time ---- */

/* Milliseconds on a clock that only goes forward. */
int64_t now_ms(void);

/* Asks cond(data) every few milliseconds until it says true; false when `ms` have passed. */
bool wait_until(bool (*cond)(void *data), void *data, int ms);

/* Lets `ms` pass, for what has no condition to wait for, such as that nothing happens meanwhile, or a ttl. */
void let_pass(int ms);

/* ---- the simulator ---- */

struct simulator {
    pid_t pid;
    char dir[256];
    char url[128]; /* what the program mounts */
    uint16_t port, control;
};

/* Starts one with these more options (NULL-terminated, or NULL for none); --token HARNESS_TOKEN is given already. */
void simulator_start(struct simulator *sim, const char *const *options);
void simulator_stop(struct simulator *sim);

/* One HTTP request to 127.0.0.1 with any header lines ("A: b\r\n…" or NULL) and any body (or NULL). Its status; *ret
 * (may be NULL) is the answer's body. */
int http_ask(uint16_t port, const char *method, const char *path, const char *headers, const char *body, char **ret);

/* The API's own answer to a GET of `path` (behind the prefix: "/billing/balance"), asked with the token. It is in the
 * journal like any request. */
char *api_get(struct simulator *sim, const char *path);

/* Requests in the journal, of one operation, or of all (NULL). */
unsigned asked(struct simulator *sim, const char *operation);
/* The journal as JSON, of one operation, or of all (NULL). */
char *journal(struct simulator *sim, const char *operation);
void journal_clear(struct simulator *sim);
/* Waits until at least n requests are in the journal; fails the test after ten seconds. */
void wait_asked(struct simulator *sim, const char *operation, unsigned n);

/* Adds a rule, as JSON; drops all; changes the account. See tests/simulator/main.c. */
void rule(struct simulator *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rules_clear(struct simulator *sim);
void account_set(struct simulator *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The API goes away, and comes back. */
void api_down(struct simulator *sim);
void api_up(struct simulator *sim);

/* ---- the mount ---- */

/* How to start the program; zero-initialise. */
struct how {
    const char *options; /* for -o, in addition to none; NULL: no -o */
    const char *source;  /* instead of the simulator's URL */
    const char *token;   /* MELBICOM_TOKEN; NULL: HARNESS_TOKEN; "": not set */
    const char *config;  /* text of the configuration file, or NULL: none */
};

struct mount {
    pid_t pid;
    char dir[256];
    char path[272];   /* the mount point */
    char log[272];    /* the program's stderr */
    char url[128];    /* what it mounts */
    uint16_t control; /* of its simulator */
};

/* Mounts, and returns when the mount is there. */
void mount_start(struct mount *mount, const struct simulator *sim, const struct how *how);

/* Ends the program with SIGTERM, and takes away what is left. Fails the test unless it ended with 0 and stderr is
 * clean. */
void mount_stop(struct mount *mount);

/* The program's stderr so far. */
char *mount_log(const struct mount *mount);

/* ---- both together ---- */

struct fixture {
    struct simulator sim;
    struct mount mount;
};

/* Always 0, or the test has failed: for cmocka's setup functions. `options` are the simulator's, how may be NULL. */
int fixture_start(struct fixture *fixture, const char *const *options, const struct how *how);
int fixture_stop(struct fixture *fixture);

/* Ends the mount and makes a new one on the same simulator: cold again. */
void fixture_remount(struct fixture *fixture, const struct how *how);

/* ---- working in the mount ---- */

struct ran {
    int status;      /* of exit, or 128 + the signal */
    int64_t ms;      /* from start to end */
    char *out, *err; /* NUL-terminated */
    size_t out_len, err_len;
};

struct running {
    pid_t pid; /* leads a process group */
    int out, err;
    int64_t started;
};

/* Runs a shell command with the mount point as its working directory and waits for its end. MNT, DIR, MELBICOMFS, URL
 * and CONTROL are in its environment: mount point, scratch directory, program, the simulator's two addresses. */
struct ran run(const struct mount *mount, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, and fails the test unless it exits 0. */
struct ran run_ok(const struct mount *mount, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same in any directory, in the background; run_wait() waits and fails the test after `ms` (the command is killed
 * then). */
void run_start(struct running *running, const char *cwd, const char *format, ...) __attribute__((format(printf, 3, 4)));
struct ran run_wait(struct running *running, int ms);
/* Whether it has ended (its status is still there for run_wait()). */
bool run_ended(const struct running *running);
/* Waits until it, or a process below it, is called `name` and sleeps in the kernel: it waits for the mount. */
void run_wait_blocked(const struct running *running, const char *name);

/* "MOUNT/path" by printf's rules. */
char *in_mount(const struct mount *mount, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A whole file below the mount, or the test fails; *len may be NULL. */
char *slurp(const struct mount *mount, const char *path, size_t *len);
/* The same of any path; NULL with errno when it cannot be opened or read. */
char *slurp_path(const char *path, size_t *len);

/* ---- counting ---- */

/* One line of .melbicomfs/metrics, by its name and labels as printed; 0 when it isn't there. */
double metric(const struct mount *mount, const char *name);

/* Requests of the kernel. kernel_since() leaves out what the reading of the metrics itself costs. */
struct kernel {
    uint64_t lookup, forget, getattr, setattr, readlink, read, write, readdir, readdirplus, getxattr, listxattr, statfs,
        other;
};
struct kernel_mark {
    struct kernel at, own;
};
struct kernel_mark kernel_mark(const struct mount *mount);
struct kernel kernel_since(const struct mount *mount, const struct kernel_mark *mark);

#endif
