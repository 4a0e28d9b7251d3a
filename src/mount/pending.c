/* SPDX-License-Identifier: MIT */
#include "mount/pending.h"

#include "base/clock.h"
#include "tree/purge.h"
#include "tree/purge_handle.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Interrupts. The kernel sends FUSE_INTERRUPT for any signal, even for one whose handler restarts the call (SIGALRM,
 * SIGCHLD, SIGWINCH), and only once for each request. To answer EINTR to each of them would break programs. So the
 * callback only marks the request. While any request is marked, a timer looks in /proc for the signals that are pending
 * for the request's thread. If one of them ends programs, the request is answered EINTR; otherwise it goes on waiting.
 */

#define LOOK_MS 20

static const uint64_t fatal =
    1ull << (SIGKILL - 1) | 1ull << (SIGINT - 1) | 1ull << (SIGTERM - 1) | 1ull << (SIGHUP - 1) | 1ull << (SIGQUIT - 1);
static const uint64_t kill_only = 1ull << (SIGKILL - 1);

/* The signals that are pending for the thread and not blocked, as a mask. All signals when /proc does not show the
 * thread, because it has ended or belongs to another PID namespace. */
static uint64_t signals_of(pid_t tid)
{
    char path[48], line[256];
    uint64_t pending = 0, blocked = 0, mask;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)tid);
    FILE *status = tid > 0 ? fopen(path, "re") : NULL;
    if (!status)
        return UINT64_MAX;
    while (fgets(line, sizeof line, status)) {
        if (sscanf(line, "SigPnd: %" SCNx64, &mask) == 1 || sscanf(line, "ShdPnd: %" SCNx64, &mask) == 1)
            pending |= mask;
        else if (sscanf(line, "SigBlk: %" SCNx64, &mask) == 1)
            blocked = mask;
    }
    fclose(status);
    return pending & ~blocked;
}

static void give_up(struct pending *pending)
{
    if (pending->write)
        purge_give_up(pending->write);
    else if (pending->bytes)
        (void)purge_unsent(pending->node->handle, pending->bytes, pending->size, -EINTR,
                           "not sent: the writer was interrupted");
    if (pending->write || pending->bytes)
        pending_fail(pending, -EINTR);
    else
        pending->resume(pending, -EINTR); /* resume_lookup() then answers for a directory from memory */
}

void pendings_check_interrupts(void *data)
{
    struct session *session = data;
    bool marked = false;

    for (struct pending *pending = session->pendings, *next; pending; pending = next) {
        next = pending->next;
        if (!pending->interrupted)
            continue;
        uint64_t ends = pending->write && purge_left(pending->write) ? kill_only : fatal;
        if (signals_of(fuse_req_ctx(pending->req)->pid) & ends)
            give_up(pending);
        else
            marked = true;
    }
    if (marked)
        timer_set(session->loop, &session->interrupts, clock_ms() + LOOK_MS);
}

static void on_interrupt(fuse_req_t req, void *data)
{
    (void)req;
    struct pending *pending = data;
    pending->interrupted = true;
    timer_set(pending->session->loop, &pending->session->interrupts, clock_ms());
}

static void on_done(void *data, int error)
{
    struct pending *pending = data;
    pending->resume(pending, error);
}

struct pending *pending_new(struct session *session, fuse_req_t req, struct node *node,
                            void (*resume)(struct pending *pending, int error))
{
    struct pending *pending = calloc(1, sizeof *pending);
    if (!pending) {
        fuse_reply_err(req, ENOMEM);
        return NULL;
    }
    pending->session = session;
    pending->req = req;
    pending->node = node;
    pending->resume = resume;
    pending->wait.done = on_done;
    pending->wait.data = pending;
    node_hold(node);
    pending->next = session->pendings;
    pending->link = &session->pendings;
    if (pending->next)
        pending->next->link = &pending->next;
    session->pendings = pending;
    fuse_req_interrupt_func(req, on_interrupt, pending);
    return pending;
}

fuse_req_t pending_take(struct pending *pending)
{
    fuse_req_t req = pending->req;
    fuse_req_interrupt_func(req, NULL, NULL);
    pending->req = NULL;
    return req;
}

void pending_fail(struct pending *pending, int error)
{
    fuse_reply_err(pending_take(pending), -error);
    pending_free(pending);
}

void pending_free(struct pending *pending)
{
    struct session *session = pending->session;
    tree_wait_cancel(&pending->wait);
    *pending->link = pending->next;
    if (pending->next)
        pending->next->link = pending->link;
    node_release(session->nodes, pending->node);
    if (pending->release)
        pending->release(pending);
    free(pending->bytes);
    free(pending);
}

static void asked(struct pending *pending, int r)
{
    if (r != 0)
        pending->resume(pending, r < 0 ? r : 0);
}

void pending_ask(struct pending *pending)
{
    asked(pending, tree_ask(pending->session->tree, &pending->node->place, &pending->wait));
}

void pending_ask_list(struct pending *pending)
{
    asked(pending, tree_ask_list(pending->session->tree, &pending->node->place, &pending->wait));
}

void pendings_fail(struct session *session, int error)
{
    while (session->pendings) {
        struct pending *pending = session->pendings;
        if (pending->write)
            purge_give_up(pending->write);
        pending_fail(pending, error);
    }
}
