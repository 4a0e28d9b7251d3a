/* SPDX-License-Identifier: MIT */
#include "mount/wake.h"

#include "mount/context.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

/*
 * A sleep of the machine shows as a difference: CLOCK_BOOTTIME counts it and CLOCK_MONOTONIC does not. Nothing tells a
 * program of it, and requests that the kernel answers from its caches never reach this program. So a timer on
 * CLOCK_BOOTTIME looks at the difference. If its time has come while the machine slept, it expires as soon as the machine
 * is awake.
 *
 *      a request of the kernel      The timer is set to one ttl from now, unless it is set to that already.
 *      the timer expires            If the clocks have come apart since the last look, what the kernel holds is
 *                                   invalidated. If there were requests since the timer was set, it is set to one ttl
 *                                   again; otherwise once to ttl_slow, the longest life of anything that the kernel
 *                                   holds; and otherwise not at all.
 *
 * So a mount that is left alone wakes up twice and then never again, and one that is used wakes up once in a ttl. A
 * sleep that is shorter than a ttl may be noticed up to one ttl late.
 */
#define SLEPT_MS 500 /* the clocks are not read at the same moment */

enum { LEFT_ALONE, ONE_TTL, LONGEST };

struct wake {
    struct session *session;
    int fd;         /* a timerfd */
    int state;      /* what the timer is set to */
    bool used;      /* requests have come since the timer was set */
    int64_t behind; /* by how many ms CLOCK_MONOTONIC is behind CLOCK_BOOTTIME, at the last look */
};

/* Reads how far the clocks are apart. If the program has to stand still between the two readings, the result is too
 * small or too large by that time. */
static int64_t behind_at_least(void)
{
    int64_t now = clock_ms();
    return now - clock_awake_ms();
}

static int64_t behind_at_most(void)
{
    int64_t awake = clock_awake_ms();
    return clock_ms() - awake;
}

static bool has_slept(struct wake *wake)
{
    bool slept = behind_at_least() > wake->behind + SLEPT_MS;
    wake->behind = behind_at_most();
    return slept;
}

static void set_timer(struct wake *wake, int state)
{
    const struct config *config = wake->session->config;
    unsigned ttl_s = state == ONE_TTL ? config->ttl_s : config->ttl_slow_s;
    int64_t at = clock_ms() + INT64_C(1000) * (ttl_s > 0 ? ttl_s : 1);
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(at / 1000), .tv_nsec = at % 1000 * 1000000}};

    wake->state = state;
    wake->used = false;
    (void)timerfd_settime(wake->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Lets the kernel ask again for a node: for the entry, and for a directory's attributes and listing. The kernel's next
 * request is answered from memory if the answer of the API is still fresh. A kernel that would drop the entry instead
 * keeps that of a directory: programs that have the directory as their working directory would lose it. */
static void invalidate(void *data, struct node *node)
{
    struct session *session = data;

    if (node_kind(node) == ROUTE_DIR && node->bound)
        push_drop_inode(session->push, node->nodeid, NULL, NULL);
    if (!node->bound || !node->current || !node->nlookup || !node->parent || node_kind(node) == ROUTE_COMMAND)
        return;
    if (node_kind(node) != ROUTE_DIR || (node->place.route->select && session->expires_entries))
        push_expire_entry(session->push, node->parent->nodeid, node->name, NULL, NULL);
}

static void on_timer(void *data, short revents)
{
    (void)revents;
    struct wake *wake = data;
    uint64_t count;

    if (read(wake->fd, &count, sizeof count) < 0)
        return;
    if (has_slept(wake)) {
        log_info("the machine has slept; what the kernel holds is checked again");
        nodes_each(wake->session->nodes, invalidate, wake->session);
    }
    if (wake->used || wake->session->pendings)
        set_timer(wake, ONE_TTL);
    else if (wake->state == ONE_TTL)
        set_timer(wake, LONGEST);
    else
        wake->state = LEFT_ALONE;
}

struct wake *wake_new(struct session *session)
{
    struct wake *wake = calloc(1, sizeof *wake);
    if (!wake)
        return NULL;
    wake->session = session;
    wake->behind = behind_at_most();
    wake->fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (wake->fd < 0 || loop_watch(session->loop, wake->fd, POLLIN, on_timer, wake) < 0) {
        wake_free(wake);
        return NULL;
    }
    return wake;
}

void wake_free(struct wake *wake)
{
    if (!wake)
        return;
    if (wake->fd >= 0) {
        loop_unwatch(wake->session->loop, wake->fd);
        (void)close(wake->fd);
    }
    free(wake);
}

void wake_used(struct wake *wake)
{
    wake->used = true;
    if (wake->state != ONE_TTL)
        set_timer(wake, ONE_TTL);
}
