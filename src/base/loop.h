/* SPDX-License-Identifier: MIT */
/*
 * The loop: descriptors, timers and deferred tasks, on one thread.
 *
 * One turn of the loop does four things: it runs the deferred tasks; it runs the due timers; it waits until a
 * descriptor is ready or the next timer is due; it calls the ready() functions of the ready descriptors. A module that
 * has descriptors of its own can replace the wait (see loop_lend_wait()): http/http.c does, with curl_multi_poll().
 *
 * Threads:   loop_wake() from any thread; everything else from the loop's thread.
 * Ownership: a timer or task is part of its user's struct; the loop only links it. The user clears a timer and cancels
 *            a task before freeing its memory. The loop does not close the watched descriptors.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_BASE_LOOP_H
#define MELBICOMFS_BASE_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;

/* A call of fn(data) at a certain time. The user zero-initialises it and sets fn and data. */
struct timer {
    void (*fn)(void *data);
    void *data;
    int64_t at;                         /* when it fires, as a value of clock_ms(); timer_set() sets it */
    uint64_t serial;                    /* private to the loop: keeps the order of timers with the same `at` */
    struct timer *child, *next, **link; /* private to the loop: the heap's links */
};

/* A call of fn(data) in the next turn. The user zero-initialises it and sets fn and data. */
struct task {
    void (*fn)(void *data);
    void *data;
    struct task *next, *prev; /* private to the loop */
};

/* A replacement for poll(2): waits at most timeout_ms milliseconds (never negative) for the n descriptors in fds, sets
 * their revents, and may wait for descriptors of its own at the same time. Returns 0 or -errno; -EINTR counts as 0. */
typedef int (*loop_wait_fn)(void *data, struct pollfd *fds, unsigned n, int timeout_ms);

/* loop_new() returns NULL when out of memory or descriptors. loop_free() clears the timers and cancels the tasks that
 * are left, without calling them. loop_free(NULL) is fine. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* loop_watch() calls ready(data, revents) whenever fd is ready for `events` (POLLIN, …), until loop_unwatch(fd).
 * Returns 0; -EEXIST if fd is watched already; -ENOSPC if 8 descriptors are watched. loop_unwatch() of a descriptor
 * that is not watched does nothing. ready() may call both functions; a descriptor that it unwatches is not called any
 * more. */
int loop_watch(struct loop *loop, int fd, short events, void (*ready)(void *data, short revents), void *data);
void loop_unwatch(struct loop *loop, int fd);

/* From now on, the loop calls wait(data, …) instead of poll(2), and run(data) in each turn after the ready() functions.
 * With NULL for both, the loop uses poll(2) again. */
void loop_lend_wait(struct loop *loop, loop_wait_fn wait, void (*run)(void *data), void *data);

/* timer_set() makes the timer fire once, in the first turn at or after `at` (a value of clock_ms()); it never calls fn
 * itself. Timers with the same `at` fire in the order in which they were set. Setting a timer that is set moves it to
 * the new time. timer_clear() of a timer that is not set does nothing. A timer is no longer set when its fn is
 * called. */
void timer_set(struct loop *loop, struct timer *timer, int64_t at);
void timer_clear(struct timer *timer);
bool timer_is_set(const struct timer *timer);

/* task_defer() makes the loop call the task once, in its next turn. Tasks run in the order in which they were deferred.
 * Deferring a task that is deferred already changes nothing, and so does task_cancel() of a task that is not
 * deferred. */
void task_defer(struct loop *loop, struct task *task);
void task_cancel(struct task *task);

/* Runs turns until loop_quit() is called. Returns the status given to loop_quit(), or -errno if the wait failed. */
int loop_run(struct loop *loop);

/* For tests: runs one turn that waits at most timeout_ms milliseconds (negative: until the next timer). A turn in which
 * a task or timer ran does not wait, so that a test can look at once at what they did. Returns 0 or -errno. */
int loop_turn(struct loop *loop, int timeout_ms);

/* Makes loop_run() return `status` at the end of the current turn, which does not wait any more. If loop_run() is not
 * running, the next loop_run() returns `status` at once. */
void loop_quit(struct loop *loop, int status);

/* Ends the current wait, or the next one if the loop is not waiting. May be called from any thread and from a signal
 * handler. */
void loop_wake(struct loop *loop);

#endif
