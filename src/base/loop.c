/* SPDX-License-Identifier: MIT */
/*
 * The loop.
 *
 * The timers form a pairing heap: no timer is later than its children. `child` is a timer's first child, `next` its
 * next sibling. `link` is the address of the one pointer that points to the timer, so that a timer can be taken out
 * from any place in the heap. Its children are merged into one heap, which takes the timer's place; the heap's order
 * still holds. Setting a timer is one comparison; clearing and firing are O(log n) amortised. No memory is allocated,
 * so timer_set() cannot fail.
 *
 * Each turn first moves all due timers to the list `due` and all deferred tasks to the ring `running`, and then calls
 * them. A timer set or a task deferred by one of these calls waits for the next turn, so that timers and tasks cannot
 * starve the descriptors. A timer cleared or a task cancelled by one of them leaves the list or ring and is not called.
 *
 * The tasks form a ring with a head. The watches are a small array. A watch keeps its place during a turn; the gaps are
 * closed before each wait. Watch 0 is the eventfd of loop_wake().
 */
#include "base/loop.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

#define WATCHES_MAX (8 + 1)

struct watch {
    void (*ready)(void *data, short revents);
    void *data;
};

struct loop {
    struct timer *timers; /* the heap's root: the next timer to fire */
    struct timer *due;    /* the timers of this turn that have not been called yet; none has children */
    uint64_t serial;
    struct task tasks;   /* head of the ring of deferred tasks */
    struct task running; /* head of the ring of this turn's tasks */
    struct pollfd fds[WATCHES_MAX];
    struct watch watches[WATCHES_MAX];
    unsigned n_watches;
    int wake_fd;
    loop_wait_fn wait;
    void (*run)(void *data);
    void *lent_data;
    bool quitting;
    int status;
};

/* Timers. */

static void timer_put(struct timer **link, struct timer *timer)
{
    *link = timer;
    if (timer)
        timer->link = link;
}

static bool timer_before(const struct timer *a, const struct timer *b)
{
    return a->at != b->at ? a->at < b->at : a->serial < b->serial;
}

/* Merges two heaps, which have no siblings, and returns the root. The caller sets the pointer to it. */
static struct timer *heap_meld(struct timer *a, struct timer *b)
{
    struct timer *first, *second;

    if (!a || !b)
        return a ? a : b;
    first = timer_before(a, b) ? a : b;
    second = first == a ? b : a;
    timer_put(&second->next, first->child);
    timer_put(&first->child, second);
    return first;
}

/* Merges a row of siblings into one heap: first in pairs from the left, then the pairs from the right. This order is
 * what keeps the cost at O(log n). */
static struct timer *heap_meld_row(struct timer *row)
{
    struct timer *pairs = NULL, *heap = NULL;

    while (row) {
        struct timer *a = row, *b = row->next, *pair;

        row = b ? b->next : NULL;
        a->next = NULL;
        if (b)
            b->next = NULL;
        pair = heap_meld(a, b);
        pair->next = pairs;
        pairs = pair;
    }
    while (pairs) {
        struct timer *pair = pairs;

        pairs = pair->next;
        pair->next = NULL;
        heap = heap_meld(heap, pair);
    }
    return heap;
}

void timer_set(struct loop *loop, struct timer *timer, int64_t at)
{
    timer_clear(timer);
    timer->at = at;
    timer->serial = loop->serial++;
    timer_put(&loop->timers, heap_meld(loop->timers, timer));
}

void timer_clear(struct timer *timer)
{
    struct timer **link = timer->link, *rest = timer->next, *heap;

    if (!link)
        return;
    heap = heap_meld_row(timer->child);
    timer->child = timer->next = NULL;
    timer->link = NULL;
    if (!heap) {
        timer_put(link, rest);
        return;
    }
    timer_put(link, heap);
    timer_put(&heap->next, rest);
}

bool timer_is_set(const struct timer *timer)
{
    return timer->link != NULL;
}

/* Returns whether a timer was due. */
static bool run_timers(struct loop *loop)
{
    struct timer *timer, **end = &loop->due;
    int64_t now = loop->timers ? clock_ms() : 0;

    while ((timer = loop->timers) && timer->at <= now) {
        timer_clear(timer);
        timer_put(end, timer);
        end = &timer->next;
    }
    if (!loop->due)
        return false;
    while ((timer = loop->due)) {
        timer_clear(timer);
        timer->fn(timer->data);
    }
    return true;
}

/* Tasks. */

static void ring_init(struct task *head)
{
    head->next = head->prev = head;
}

void task_defer(struct loop *loop, struct task *task)
{
    if (task->next)
        return;
    task->next = &loop->tasks;
    task->prev = loop->tasks.prev;
    task->prev->next = task;
    loop->tasks.prev = task;
}

void task_cancel(struct task *task)
{
    if (!task->next)
        return;
    task->prev->next = task->next;
    task->next->prev = task->prev;
    task->next = task->prev = NULL;
}

/* Returns whether a task was deferred. */
static bool run_tasks(struct loop *loop)
{
    if (loop->tasks.next == &loop->tasks)
        return false;
    loop->running = loop->tasks;
    loop->running.next->prev = loop->running.prev->next = &loop->running;
    ring_init(&loop->tasks);
    while (loop->running.next != &loop->running) {
        struct task *task = loop->running.next;

        task_cancel(task);
        task->fn(task->data);
    }
    return true;
}

/* Descriptors. */

int loop_watch(struct loop *loop, int fd, short events, void (*ready)(void *data, short revents), void *data)
{
    unsigned place = loop->n_watches;

    for (unsigned i = 0; i < loop->n_watches; i++) {
        if (loop->fds[i].fd == fd)
            return -EEXIST;
        if (loop->fds[i].fd < 0)
            place = i;
    }
    if (place == WATCHES_MAX)
        return -ENOSPC;
    if (place == loop->n_watches)
        loop->n_watches++;
    /* revents is 0: a descriptor that a ready() function adds is first called in the next turn. */
    loop->fds[place] = (struct pollfd){.fd = fd, .events = events};
    loop->watches[place] = (struct watch){.ready = ready, .data = data};
    return 0;
}

void loop_unwatch(struct loop *loop, int fd)
{
    for (unsigned i = 0; i < loop->n_watches; i++)
        if (loop->fds[i].fd == fd)
            loop->fds[i] = (struct pollfd){.fd = -1};
}

/* Closes the gaps that loop_unwatch() left: a lent wait need not ignore negative descriptors, as poll(2) does. */
static void compact_watches(struct loop *loop)
{
    unsigned n = 0;

    for (unsigned i = 0; i < loop->n_watches; i++) {
        if (loop->fds[i].fd < 0)
            continue;
        loop->fds[n] = loop->fds[i];
        loop->watches[n++] = loop->watches[i];
    }
    loop->n_watches = n;
}

static int wait_poll(struct pollfd *fds, unsigned n, int timeout_ms)
{
    return poll(fds, n, timeout_ms) < 0 ? -errno : 0;
}

static int wait_ready(struct loop *loop, int timeout_ms)
{
    int r;

    compact_watches(loop);
    for (unsigned i = 0; i < loop->n_watches; i++)
        loop->fds[i].revents = 0;
    if (loop->wait)
        r = loop->wait(loop->lent_data, loop->fds, loop->n_watches, timeout_ms);
    else
        r = wait_poll(loop->fds, loop->n_watches, timeout_ms);
    return r == -EINTR ? 0 : r;
}

static void run_ready(struct loop *loop)
{
    for (unsigned i = 0; i < loop->n_watches; i++) {
        short revents = loop->fds[i].revents;

        loop->fds[i].revents = 0;
        if (revents)
            loop->watches[i].ready(loop->watches[i].data, revents);
    }
}

static void woken(void *data, short revents)
{
    struct loop *loop = data;
    uint64_t count;

    (void)revents;
    while (read(loop->wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
}

void loop_wake(struct loop *loop)
{
    int saved = errno;
    uint64_t one = 1;

    /* EAGAIN: the counter is full, so the loop is about to wake anyway. */
    while (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    errno = saved;
}

/* The loop itself. */

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    if (!loop)
        return NULL;
    ring_init(&loop->tasks);
    ring_init(&loop->running);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake_fd < 0 || loop_watch(loop, loop->wake_fd, POLLIN, woken, loop) < 0) {
        loop_free(loop);
        return NULL;
    }
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    /* A timer or task that stayed linked would point into freed memory. */
    while (loop->timers)
        timer_clear(loop->timers);
    while (loop->tasks.next != &loop->tasks)
        task_cancel(loop->tasks.next);
    if (loop->wake_fd >= 0)
        (void)close(loop->wake_fd);
    free(loop);
}

void loop_lend_wait(struct loop *loop, loop_wait_fn wait, void (*run)(void *data), void *data)
{
    loop->wait = wait;
    loop->run = run;
    loop->lent_data = data;
}

/* How long this turn may wait, in milliseconds; never negative. */
static int time_to_wait(const struct loop *loop, int timeout_ms)
{
    int64_t left = timeout_ms < 0 ? INT_MAX : timeout_ms, until;

    if (loop->quitting || loop->tasks.next != &loop->tasks)
        return 0;
    if (!loop->timers || loop->timers->at == CLOCK_NEVER)
        return (int)left;
    until = loop->timers->at - clock_ms();
    if (until < left)
        left = until;
    return left < 0 ? 0 : (int)left;
}

static int wait_and_call(struct loop *loop, int timeout_ms)
{
    int r = wait_ready(loop, time_to_wait(loop, timeout_ms));

    if (r < 0)
        return r;
    run_ready(loop);
    if (loop->run)
        loop->run(loop->lent_data);
    return 0;
}

int loop_turn(struct loop *loop, int timeout_ms)
{
    bool tasks = run_tasks(loop), timers = run_timers(loop);

    return wait_and_call(loop, tasks || timers ? 0 : timeout_ms);
}

int loop_run(struct loop *loop)
{
    int r = 0;

    while (!loop->quitting && r == 0) {
        (void)run_tasks(loop);
        (void)run_timers(loop);
        r = wait_and_call(loop, -1);
    }
    if (r == 0)
        r = loop->status;
    loop->quitting = false;
    return r;
}

void loop_quit(struct loop *loop, int status)
{
    loop->quitting = true;
    loop->status = status;
}
