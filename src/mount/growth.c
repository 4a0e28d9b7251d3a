/* SPDX-License-Identifier: MIT */
#include "mount/growth.h"

#include "tree/purge.h"
#include "tree/purge_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * A program that follows purge.log (`tail -f`) stats it each second, or reads on at its end. Both make the kernel send
 * GETATTR, because the attributes hold for no time. When the size in the answer differs, the kernel sets the new size,
 * and drops the pages of the file a moment later (fuse_change_attributes() in Linux). In this moment another reader
 * sees the new size and the last page as it was, with NUL bytes in place of the new text. Six readers in a loop saw
 * some twenty of these holes a second.
 *
 *      the text grows       The pusher drops the pages of the file. What the kernel reads from now on has the new text.
 *      they are dropped     From now on attributes have the new size. The pusher stores the last byte, which sets the
 *                           new size in the kernel, and nothing else (fuse_notify_store() in Linux).
 *      that byte is stored  The WRITEs to `purge` that made the text grow are answered, so that a program that looks
 *                           after its write sees its lines.
 *
 * The last byte is needed because the kernel does not keep the size from the answer to a GETATTR if a notification came
 * after the request: a program would read less than stat said.
 *
 * The kernel takes a READ that is shorter than it asked for as the end of the file. That is harmless here: the text never
 * shrinks, so an answer to a READ reaches at least as far as any size that was told before.
 */

/* A WRITE that waits until the log of its service shows `size` bytes. */
struct unanswered {
    fuse_req_t req;
    const struct node *log;
    size_t size;
    ssize_t result;
    struct unanswered *next;
};

/* A log on the way to its new size. */
struct growth {
    struct session *session;
    struct node *log;
};

void growth_text(struct session *session, const struct node *node, const char **bytes, size_t *len)
{
    struct purge_log_text text;
    purges_log(tree_purges(session->tree), place_id(&node->place), &text);
    *bytes = text.bytes;
    *len = text.len;
}

void growth_attr(struct session *session, struct node *node, struct stat *st)
{
    struct purge_log_text text;
    purges_log(tree_purges(session->tree), place_id(&node->place), &text);
    if (node->shown == 0) /* the kernel has no page yet */
        node->shown = (uint32_t)text.len;
    st->st_size = node->shown;
    st->st_mtim = st->st_ctim = st->st_atim = text.changed;
}

static void reply(fuse_req_t req, ssize_t result)
{
    if (result < 0)
        fuse_reply_err(req, (int)-result);
    else
        fuse_reply_write(req, (size_t)result);
}

/* Answers the WRITEs that wait for a log, or all (NULL). */
static void answer_writes(struct session *session, const struct node *log)
{
    struct unanswered **link = &session->unanswered;

    while (*link) {
        struct unanswered *write = *link;
        if (log && (write->log != log || write->size > log->shown)) {
            link = &write->next;
            continue;
        }
        *link = write->next;
        reply(write->req, write->result);
        free(write);
    }
}

void growth_end(struct session *session)
{
    answer_writes(session, NULL);
}

static void show(struct session *session, struct node *log);

static void on_stored(void *data)
{
    struct growth *growth = data;
    struct session *session = growth->session;
    struct node *log = growth->log;

    free(growth);
    log->to_show = 0;
    answer_writes(session, log);
    show(session, log);
}

static void on_dropped(void *data)
{
    struct growth *growth = data;
    struct node *log = growth->log;
    const char *bytes;
    size_t len;

    log->shown = log->to_show;
    growth_text(growth->session, log, &bytes, &len);
    if (growth->session->mounted)
        push_size(growth->session->push, log->nodeid, log->shown, bytes[log->shown - 1], on_stored, growth);
    else
        on_stored(growth);
}

/* Begins to show the present size, unless that is under way: its end calls this function again. A node that was told
 * once lives as long as the table, so nothing has to hold it. */
static void show(struct session *session, struct node *log)
{
    const char *bytes;
    size_t len;

    growth_text(session, log, &bytes, &len);
    if (log->to_show || log->shown == 0 || log->shown == len)
        return;
    struct growth *growth = session->mounted ? malloc(sizeof *growth) : NULL;
    if (!growth) {
        log->shown = (uint32_t)len;
        answer_writes(session, log);
        return;
    }
    *growth = (struct growth){session, log};
    log->to_show = (uint32_t)len;
    push_drop_inode(session->push, log->nodeid, on_dropped, growth);
}

/* The node of a service's purge.log; NULL when the kernel has never looked it up. */
static struct node *find_log(struct session *session, uint64_t id)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRIu64, id);
    const char *const path[] = {"services", number, "cdn", "purge.log"};
    struct node *node = nodes_root(session->nodes);

    for (size_t i = 0; node && i < sizeof path / sizeof *path; i++)
        node = nodes_current(session->nodes, node, path[i]);
    return node && node->bound ? node : NULL;
}

void growth_of_log(void *data, uint64_t id)
{
    struct node *log = find_log(data, id);
    if (log)
        show(data, log);
}

void reply_when_shown(struct session *session, fuse_req_t req, uint64_t id, ssize_t result)
{
    struct node *log = find_log(session, id);
    const char *bytes;
    size_t len = 0;

    if (log && log->shown > 0)
        growth_text(session, log, &bytes, &len);
    bool waits = log && (log->shown < len || log->to_show);
    struct unanswered *write = waits ? malloc(sizeof *write) : NULL;
    if (!write) {
        reply(req, result);
        return;
    }
    *write = (struct unanswered){req, log, len, result, session->unanswered};
    session->unanswered = write;
}
