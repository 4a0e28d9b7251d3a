/* SPDX-License-Identifier: MIT */
#include "mount/reply.h"

#include "base/clock.h"
#include "base/config.h"
#include "mount/growth.h"
#include "mount/links.h"

#include <errno.h>
#include <string.h>

/*
 * How long the kernel may keep what it is told:
 *
 *   attributes of a bound file or link      for ever: they cannot change
 *   attributes of a file that grows         not at all; see growth.c
 *   attributes of an unbound file or link   not at all: the kernel sends GETATTR before it uses them, and that GETATTR
 *                                           waits for the content
 *   attributes of a directory               until the listing that the kernel holds expires; see below
 *   an entry                                until the document that it comes from expires; the entry of a link that was
 *                                           listed, for ever: see links.c
 *   the entry of a command                  not at all: each LOOKUP makes a new node
 *   "no such name"                          a second when the API says so, an hour when no such name can exist
 */
#define FOR_EVER 1e9

/*
 * A listing that has expired. The kernel keeps the pages of a listing and shows them again as long as the directory's
 * mtime is the same. A new mtime would make the kernel list again. But GNU tar 1.35 says "file changed as we read it"
 * when the mtime has moved, and tar 1.34 when the ctime has moved. So both move only if names have changed, and
 * otherwise the pages are dropped:
 *
 *      the listing expires      The directory's attributes expire at the same moment. So the kernel sends GETATTR
 *                               before a program reads the directory again (AUTO_INVAL_DATA; fuse_readdir_cached() in
 *                               Linux).
 *      that GETATTR             It is answered when the pusher has dropped the pages; then the kernel lists again.
 *
 * A LOOKUP or READDIRPLUS before that GETATTR gives attributes that hold for no time, so that the GETATTR is still
 * sent.
 */

struct node *node_of(fuse_req_t req, fuse_ino_t ino, enum kernel_request kind)
{
    struct session *session = session_of(req);
    struct node *node = nodes_get(session->nodes, ino);
    metrics_kernel(session->metrics, kind);
    if (!node)
        fuse_reply_err(req, ESTALE);
    return node;
}

double seconds_until(int64_t until)
{
    if (until == CLOCK_NEVER)
        return FOR_EVER;
    int64_t left = until - clock_ms();
    return left > 0 ? (double)left / 1000.0 : 0.0;
}

void attr_of(struct session *session, struct node *node, struct stat *st)
{
    const struct config *config = session->config;

    memset(st, 0, sizeof *st);
    st->st_ino = node->nodeid;
    st->st_nlink = 1;
    st->st_uid = config->uid;
    st->st_gid = config->gid;
    st->st_blksize = 4096;
    st->st_mtim = st->st_ctim = st->st_atim = node->mtime;
    st->st_mode = place_mode(&node->place, config->umask);
    switch (node_kind(node)) {
    case ROUTE_DIR:
        break;
    case ROUTE_FILE:
        if (node_grows(node))
            growth_attr(session, node, st);
        else
            st->st_size = node->snapshot ? (off_t)node->snapshot->len : 0;
        break;
    case ROUTE_LINK:
        st->st_size = node->bound ? (off_t)place_target_length(&node->place, node->target) : 0;
        break;
    case ROUTE_COMMAND:
        /* The node is new at each LOOKUP. But `cp` gives up when the inode number changes between stat and open, so the
         * number that stat shows stays the same. */
        st->st_ino = nodes_command_ino(session->nodes, node->parent);
        break;
    }
    st->st_blocks = (st->st_size + 511) / 512;
}

bool listing_expired(struct session *session, struct node *node)
{
    struct directory *dir = node->dir;
    if (!dir->listed_until || dir->listed_until > clock_ms() || (!dir->expired && links_hold(session, node)))
        return false;
    dir->expired = true;
    return true;
}

static bool is_later(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

bool see_names(struct session *session, struct node *node)
{
    struct directory *dir = node->dir;
    if (tree_list_life(session->tree, &node->place) == CLOCK_NEVER)
        return false;
    uint64_t signature = tree_list_signature(session->tree, &node->place), before = dir->seen;
    if (signature == 0 || signature == before)
        return false;
    dir->seen = signature;
    if (before == 0)
        return false;
    struct timespec now = clock_wall();
    /* The new mtime must differ, even if the clock was set back. */
    node->mtime = is_later(now, node->mtime) ? now : (struct timespec){node->mtime.tv_sec + 1, 0};
    return true;
}

double attr_timeout(struct session *session, struct node *node)
{
    if ((!node->bound && node_kind(node) != ROUTE_COMMAND) || node_grows(node))
        return 0.0;
    if (node_kind(node) != ROUTE_DIR)
        return FOR_EVER;
    int64_t life = tree_list_life(session->tree, &node->place), now = clock_ms();
    if (life == CLOCK_NEVER)
        return FOR_EVER;
    if (listing_expired(session, node))
        return 0.0;
    struct directory *dir = node->dir;
    int64_t until = dir->listed_until ? dir->listed_until : tree_list_expires(session->tree, &node->place);
    if (until <= now) /* neither the kernel nor this program has a listing that could expire */
        until = now + life;
    dir->told_until = until;
    return seconds_until(until);
}

static void fill_entry(struct session *session, struct node *node, int64_t expires, struct fuse_entry_param *e)
{
    memset(e, 0, sizeof *e);
    e->ino = node->nodeid;
    e->generation = 1;
    e->attr_timeout = attr_timeout(session, node);
    attr_of(session, node, &e->attr);
    e->entry_timeout = node->bound ? seconds_until(expires) : 0.0;
}

void reply_entry(struct session *session, fuse_req_t req, struct node *node, int64_t expires)
{
    struct fuse_entry_param e;
    fill_entry(session, node, expires, &e);
    node->nlookup++;
    if (fuse_reply_entry(req, &e) < 0)
        nodes_forget(session->nodes, node, 1);
}

void reply_absent(fuse_req_t req, double seconds)
{
    struct fuse_entry_param e = {.ino = 0, .entry_timeout = seconds};
    fuse_reply_entry(req, &e);
}

void reply_attr(struct session *session, fuse_req_t req, struct node *node)
{
    struct stat st;
    double timeout = attr_timeout(session, node);
    if (node_dir(node) && node->dir->seen)
        see_names(session, node);
    attr_of(session, node, &st);
    fuse_reply_attr(req, &st, timeout);
}
