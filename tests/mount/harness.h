/* SPDX-License-Identifier: MIT */
/*
 * The harness of the mount tests: it starts a simulator of the API, mounts the real program on it, and runs commands in
 * the mount.
 *
 *      static struct fixture f;
 *      setup       fixture_start(&f, NULL, &(struct how){.options = "ttl=1"})
 *      a test      run(&f.mount, "cat billing/balance"); asked(&f.sim, "balance")
 *      teardown    fixture_stop(&f)
 *      main        harness_begin(); cmocka_run_group_tests(…)
 *
 * Every simulator and every mount has a directory of its own below $TMPDIR. The environment names the programs:
 * SIMULATOR and MELBICOMFS. mount_stop() asserts that the program ended with status 0, left no mount behind and that
 * its stderr holds no message of a sanitizer. When the test program ends, in whatever way, the processes and mounts
 * that it left are ended too. A watchdog ends a test program that takes longer than HARNESS_DEADLINE_S seconds (times
 * MELBICOMFS_TIMEOUT_SCALE), because a process that is stuck in a mount cannot end itself.
 *
 * Threads:   the test's main thread. Only run_start() may be called from other threads. The watchdog is a thread of the
 *            harness, and uses only the list of process ids and mount points.
 * Ownership: returned strings belong to the harness. They live until fixture_stop() or the end of the program.
 * Errors:    an error in the harness itself fails the running test, with a message.
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

#define HARNESS_DEADLINE_S 235
#define HARNESS_TOKEN      "harness-token-0123456789"
/* The time limit of a command in run() and run_ok(), in ms. */
#define RUN_MS 60000

/* ---- the program ---- */

/* To be called first in main(). Exits with 77 (skipped) if /dev/fuse is missing, starts the watchdog, and sets LC_ALL=C
 * and TZ=UTC. With TEST_FILTER=pattern in the environment, only tests with a matching name are run. */
void harness_begin(void);

/* True when run by root. */
bool is_root(void);

/* ---- time ---- */

/* Milliseconds on a clock that only goes forward. */
int64_t now_ms(void);

/* How many times slower than usual programs run on this machine: the value of MELBICOMFS_TIMEOUT_SCALE, or 1 without
 * it. A test multiplies two kinds of times by it: a ttl within which something must happen, and a limit that shows that
 * the program does not wait for something. */
int time_scale(void);

/* ms that something takes at most which must not wait for an answer that is held back. It takes some 20 ms; sanitizers and a
 * machine that does much else are in the rest. The answer is held back for 30 s (timeout=), or 8 s by a token_command. */
#define SOON_MS (1000 * time_scale())

/* Returns options for mount_start() in which each time (ttl, timeout and the like) is multiplied by time_scale(): where
 * programs run ten times slower, "ttl=1,push=0" becomes "ttl=10,push=0". */
char *scaled_times(const char *options);

/* Whether the deep form of a test is asked for, which takes minutes or hours: MELBICOMFS_DEEP is set, and not 0. The
 * watchdog then allows for 60 times as long. */
bool is_deep(void);

/* Calls cond(data) every few milliseconds until it returns true. Returns false if `ms` (times MELBICOMFS_TIMEOUT_SCALE)
 * have passed before that. */
bool wait_until(bool (*cond)(void *data), void *data, int ms);

/* Sleeps `ms`. Only where there is no condition to wait for: until a ttl ends, or to show that nothing happens. */
void let_pass(int ms);

/* Sleeps until an answer that has just been fetched has expired, on a mount with the options
 * scaled_times("ttl=`ttl_s`"). */
void let_expire(int ttl_s);

/* ---- the simulator ---- */

struct simulator {
    pid_t pid;
    char dir[256];
    char url[128];          /* the API's base URL */
    uint16_t port, control; /* the API's port, and the control port */
};

/* Starts a simulator with --token HARNESS_TOKEN and these further options (NULL-terminated; NULL: none). */
void simulator_start(struct simulator *sim, const char *const *options);
void simulator_stop(struct simulator *sim);

/* Sends one HTTP request to 127.0.0.1, with header lines ("A: b\r\n…", or NULL) and a body (or NULL). Returns the
 * status of the answer. *ret is the answer's body; ret may be NULL. */
int http_ask(uint16_t port, const char *method, const char *path, const char *headers, const char *body, char **ret);

/* Sends a GET of `path` (without the prefix, such as "/billing/balance") with the token straight to the API, and
 * returns the body. The request is in the journal like any other. */
char *api_get(struct simulator *sim, const char *path);

/* How many requests the journal has, of one operation or of all (NULL). */
unsigned asked(struct simulator *sim, const char *operation);
/* The journal's requests as a JSON list, of one operation or of all (NULL). */
char *journal(struct simulator *sim, const char *operation);
void journal_clear(struct simulator *sim);
/* Waits until asked() is at least n; fails the test after ten seconds. */
void wait_asked(struct simulator *sim, const char *operation, unsigned n);

/* rule() adds a rule, account_set() changes the account, both as JSON (see tests/simulator/main.c). rules_clear()
 * removes all rules. */
void rule(struct simulator *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rules_clear(struct simulator *sim);
void account_set(struct simulator *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* api_down() closes the API's port and all connections; api_up() opens the port again. */
void api_down(struct simulator *sim);
void api_up(struct simulator *sim);

/* ---- the mount ---- */

/* How to start the program. Zero-initialise; a zero field means the default. */
struct how {
    const char *options; /* the text for -o; NULL: no -o */
    const char *source;  /* NULL: the simulator's URL */
    const char *token;   /* the value of MELBICOM_TOKEN; NULL: HARNESS_TOKEN; "": not set */
    const char *config;  /* the text of the configuration file; NULL: no file */
};

struct mount {
    pid_t pid;
    char dir[256];
    char path[272];   /* the mount point */
    char log[272];    /* the file with the program's stdout and stderr */
    char url[128];    /* the SOURCE that the program was given */
    uint16_t control; /* the control port of the simulator; 0: none */
};

/* Starts the program with -f and returns when it has mounted. `sim` may be NULL if how->source is set; `how` may be
 * NULL. Where programs run slowly, the program's default times are those that scaled_times() makes of them. */
void mount_start(struct mount *mount, const struct simulator *sim, const struct how *how);

/* Ends the program with SIGTERM, unmounts if it left its mount behind, and removes its directory. Fails the test unless
 * the program ended with status 0, unmounted, and its stderr holds no message of a sanitizer. */
void mount_stop(struct mount *mount);

/* mount_ended() waits until the program ends by itself or has been killed. Returns its wait status, or -1 if it has not
 * ended after `ms`. mount_again() then starts the program again at the same mount point, whatever is left there, and
 * returns when it has mounted. */
int mount_ended(struct mount *mount, int ms);
void mount_again(struct mount *mount, const struct how *how);

/* What the program has written to stdout and stderr so far. */
char *mount_log(const struct mount *mount);

/* ---- both together ---- */

struct fixture {
    struct simulator sim;
    struct mount mount;
};

/* Start and stop a simulator and a mount on it. `options` are for simulator_start(), `how` for mount_start(); both may
 * be NULL. Return 0, for cmocka's setup and teardown functions; an error fails the test instead. */
int fixture_start(struct fixture *fixture, const char *const *options, const struct how *how);
int fixture_stop(struct fixture *fixture);

/* Ends the mount, starts a new one on the same simulator, and clears the journal. The new mount has nothing cached. */
void fixture_remount(struct fixture *fixture, const struct how *how);

/* ---- working in the mount ---- */

/* A command that has ended. */
struct ran {
    int status;      /* its exit status, or 128 + the signal that ended it */
    int64_t ms;      /* from start to end */
    char *out, *err; /* NUL-terminated */
    size_t out_len, err_len;
};

/* A command that was started in the background. */
struct running {
    pid_t pid;    /* the leader of a process group */
    int out, err; /* files that take its stdout and stderr */
    int64_t started;
};

/* Runs a shell command with the mount point as its working directory, and waits for its end. Fails the test after
 * RUN_MS. The environment has MNT (mount point), DIR (scratch directory), MELBICOMFS (program), URL (the API) and
 * CONTROL (the simulator's control port). */
struct ran run(const struct mount *mount, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Like run(), and also fails the test unless the command exits with 0. */
struct ran run_ok(const struct mount *mount, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* run_start() starts a shell command in directory `cwd`, in the background. run_wait() waits for its end; after `ms` it
 * kills the command and fails the test. Each running command needs one run_wait(). */
void run_start(struct running *running, const char *cwd, const char *format, ...) __attribute__((format(printf, 3, 4)));
struct ran run_wait(struct running *running, int ms);
/* Whether the command has ended. run_wait() is still needed. */
bool run_ended(const struct running *running);
/* Waits until the command or a child of it has the name `name` and sleeps in the kernel, as a process does that waits
 * for the mount. Fails the test after ten seconds. */
void run_wait_blocked(const struct running *running, const char *name);

/* The path MOUNT/…, made by printf's rules. */
char *in_mount(const struct mount *mount, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The content of a file in the mount, with a NUL; `path` is relative to the mount point. Fails the test if the file
 * cannot be read. *len is the length in bytes; len may be NULL. */
char *slurp(const struct mount *mount, const char *path, size_t *len);
/* Like slurp(), for any path. NULL with errno set if the file cannot be opened or read. */
char *slurp_path(const char *path, size_t *len);

/* ---- counting ---- */

/* The value of one line of .melbicomfs/metrics, found by its name and labels as printed; 0 if there is no such line. */
double metric(const struct mount *mount, const char *name);

/* How many requests of each kind the kernel has sent. kernel_since() returns the requests since kernel_mark(), without
 * those that reading the metrics takes. */
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
