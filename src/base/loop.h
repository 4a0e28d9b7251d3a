/*
 * The loop: descriptors, timers and deferred tasks, on one thread.
 *
 * One turn: run the tasks deferred, run the timers due, wait for a descriptor until the next timer, call what is ready.
 * The wait itself can be lent to somebody who has descriptors of their own (curl_multi_poll), and who is then called
 * after each wait.
 *
 * Threads:   loop_wake() from any thread; everything else from the loop's thread.
 * Ownership: timers and tasks live in their users' structs; the loop only links them. A timer or task must be cleared
 *            before its memory goes.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_BASE_LOOP_H
#define MELBICOMFS_BASE_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;

/* Zero-initialise, set fn and data. */
struct timer {
    void (*fn)(void *data);
    void *data;
    int64_t at;                         /* on clock_ms(); set by timer_set() */
    uint64_t serial;                    /* the loop's, as are the links: */
    struct timer *child, *next, **link; /* a pairing heap's; see loop.c */
};

/* Zero-initialise, set fn and data. */
struct task {
    void (*fn)(void *data);
    void *data;
    struct task *next, *prev; /* the loop's */
};

/* Waits like poll(2), with any descriptors of its own besides. timeout_ms is never negative. Returns 0 or -errno. */
typedef int (*loop_wait_fn)(void *data, struct pollfd *fds, unsigned n, int timeout_ms);

/* Returns NULL when out of memory or descriptors. loop_free(NULL) is fine. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Calls ready(data, revents) whenever fd is ready for `events` (POLLIN, …), until loop_unwatch(). Up to 8 descriptors;
 * -ENOSPC beyond, -EEXIST for one that is watched already. Unwatching one that isn't watched is fine, and both may be
 * done from within ready(). */
int loop_watch(struct loop *loop, int fd, short events, void (*ready)(void *data, short revents), void *data);
void loop_unwatch(struct loop *loop, int fd);

/* Lends the wait: wait(data, …) in place of poll(2), and run(data) after each wait, once the ready() functions have
 * been called. NULL, NULL takes it back. */
void loop_lend_wait(struct loop *loop, loop_wait_fn wait, void (*run)(void *data), void *data);

/* Fires once at `at` (clock_ms()), never from within timer_set(); timers of one moment fire in the order set. Setting a
 * set timer moves it. Clearing a clear one is fine. */
void timer_set(struct loop *loop, struct timer *timer, int64_t at);
void timer_clear(struct timer *timer);
bool timer_is_set(const struct timer *timer);

/* Runs the task once, on the next turn, in the order deferred. Deferring a deferred task changes nothing. */
void task_defer(struct loop *loop, struct task *task);
void task_cancel(struct task *task);

/* Turns until loop_quit(); returns the status given there, or -errno when waiting failed. */
int loop_run(struct loop *loop);

/* One turn that waits at most timeout_ms (negative: no bound of its own), or not at all when a task or a timer ran, so
 * that a test which turns until something has happened doesn't sit a wait out; for tests. 0 or -errno. */
int loop_turn(struct loop *loop, int timeout_ms);

void loop_quit(struct loop *loop, int status);

/* Ends the wait under way, or the next one. Async-signal-safe. Any thread. */
void loop_wake(struct loop *loop);

#endif
