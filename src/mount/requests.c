/* SPDX-License-Identifier: MIT */
#include "mount/requests.h"

#include "api/documents.h"
#include "base/clock.h"
#include "base/config.h"
#include "mount/ahead.h"
#include "mount/directories.h"
#include "mount/growth.h"
#include "mount/pending.h"
#include "mount/reply.h"
#include "mount/told.h"
#include "mount/writes.h"
#include "tree/purge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

/* For how many seconds the kernel may keep "no such name": when the API says so, and when no such name can exist. */
#define ABSENT_S      1.0
#define NEVER_THERE_S 3600.0

/* When a directory cannot be revalidated, its entry holds for this long. */
#define FROM_MEMORY_MS 1000

/* ---- LOOKUP ---- */

/* Replies with the node that shows the view at the path of `node`, which is `node` itself if it shows the same. Clears
 * the view. */
static void reply_shown(struct session *session, fuse_req_t req, struct node *node, struct view *view)
{
    struct place place;
    struct node *shown = NULL;
    if (place_child(&node->parent->place, node->name, &place) == 0)
        shown = nodes_show(session->nodes, node->parent, &place, view);
    if (shown)
        reply_entry(session, req, shown, view->expires);
    else
        fuse_reply_err(req, ENOMEM);
    view_clear(view);
}

/* If the revalidation of a directory fails, other than with ENOENT, the reply is the entry from memory. An error would
 * make the kernel drop the directory, and programs that have it as their working directory would lose it. The files
 * below report the failure. */
static void resume_lookup(struct pending *pending, int error)
{
    struct session *session = pending->session;
    struct node *node = pending->node; /* the node to revalidate */
    bool dir = node_kind(node) == ROUTE_DIR;
    struct view view = {.snapshot = NULL};

    int r = error ? error : tree_peek(session->tree, &node->place, &view);
    if (r == 0) {
        pending_ask(pending);
        return;
    }
    fuse_req_t req = pending_take(pending);
    /* On any error but EINTR and ENOMEM the kernel drops the entry, and keeps the node if it is open. The next LOOKUP
     * then is a new one, not a revalidation: it must not wait, so it must get another node. */
    if (r != 1 && r != -EINTR && r != -ENOMEM && !dir)
        nodes_lose_current(session->nodes, node);
    if (r == 1)
        reply_shown(session, req, node, &view);
    else if (r == -ENOENT)
        reply_absent(req, ABSENT_S);
    else if (dir)
        reply_entry(session, req, node, clock_ms() + FROM_MEMORY_MS);
    else
        fuse_reply_err(req, -r);
    pending_free(pending);
}

static void lookup_command(struct session *session, fuse_req_t req, struct node *dir, struct place *place)
{
    uint64_t id = place_id(place);
    struct node *node = nodes_mint(session->nodes, dir, place);
    if (node)
        node->handle = purge_handle_new(tree_purges(session->tree), id);
    if (node && node->handle) {
        reply_entry(session, req, node, 0);
        return;
    }
    if (node)
        nodes_drop_unused(session->nodes, node);
    fuse_reply_err(req, ENOMEM);
}

/* Answers a LOOKUP when what the place shows is not in memory. A bound node is revalidated: the LOOKUP waits. Otherwise
 * the reply is an unbound node, at once; the GETATTR that follows waits. */
static void lookup_unknown(struct session *session, fuse_req_t req, struct node *dir, struct place *place)
{
    struct node *node = nodes_find_or_make(session->nodes, dir, place);
    if (!node) {
        fuse_reply_err(req, ENOMEM);
        return;
    }
    if (!node->bound) {
        reply_entry(session, req, node, 0);
        return;
    }
    node_hold(node);
    struct pending *pending = pending_new(session, req, node, resume_lookup);
    if (pending)
        pending_ask(pending);
    if (node_kind(node) == ROUTE_FILE)
        ahead_of_getattr(session, node); /* a program that walks the tree again revalidates all files */
    node_release(session->nodes, node);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct session *session = session_of(req);
    struct node *dir = node_of(req, parent, KERNEL_LOOKUP);
    struct place place;
    struct view view = {.snapshot = NULL};

    if (!dir)
        return;
    int r = strlen(name) > NAMES_MAX ? -ENAMETOOLONG : place_child(&dir->place, name, &place);
    if (r < 0) {
        if (r == -ENOENT)
            reply_absent(req, NEVER_THERE_S);
        else
            fuse_reply_err(req, -r);
        return;
    }
    if (place.route->kind == ROUTE_COMMAND) {
        lookup_command(session, req, dir, &place);
        return;
    }
    r = tree_peek(session->tree, &place, &view);
    if (r == 0) {
        lookup_unknown(session, req, dir, &place);
        return;
    }
    if (r < 0) {
        place_clear(&place);
        if (r == -ENOENT)
            reply_absent(req, ABSENT_S);
        else
            fuse_reply_err(req, -r);
        return;
    }
    struct node *node = nodes_show(session->nodes, dir, &place, &view);
    if (node)
        reply_entry(session, req, node, view.expires);
    else
        fuse_reply_err(req, ENOMEM);
    view_clear(&view);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t n)
{
    struct session *session = session_of(req);
    struct node *node = nodes_get(session->nodes, ino);
    metrics_kernel(session->metrics, KERNEL_FORGET);
    if (node)
        nodes_forget(session->nodes, node, n);
    fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
    struct session *session = session_of(req);
    for (size_t i = 0; i < count; i++) {
        struct node *node = nodes_get(session->nodes, forgets[i].ino);
        metrics_kernel(session->metrics, KERNEL_FORGET);
        if (node)
            nodes_forget(session->nodes, node, forgets[i].nlookup);
    }
    fuse_reply_none(req);
}

/* ---- GETATTR, READ, READLINK: an unbound node is bound first ---- */

/* Binds the node from memory. 1: bound; 0: this needs a request to the API; or an error. */
static int bind_now(struct session *session, struct node *node)
{
    struct view view = {.snapshot = NULL};
    if (node->bound || node_kind(node) == ROUTE_COMMAND)
        return 1;
    int r = tree_peek(session->tree, &node->place, &view);
    if (r == 1)
        node_bind(node, &view);
    view_clear(&view);
    return r;
}

/* Binds the node for a request. True: the node is bound, and the caller must reply. False: the request has been
 * answered with an error, or waits for `resume`. */
static bool bound_for(struct session *session, fuse_req_t req, struct node *node, size_t size, off_t offset,
                      void (*resume)(struct pending *, int))
{
    int r = bind_now(session, node);
    if (r == 1)
        return true;
    if (r < 0) {
        fuse_reply_err(req, -r);
        return false;
    }
    struct pending *pending = pending_new(session, req, node, resume);
    if (pending) {
        pending->size = size;
        pending->offset = offset;
        pending_ask(pending);
    }
    return false;
}

/* For the `resume` of a pending: true when the node is bound, and the caller must reply. False when the pending waits
 * again, or has been answered with an error and freed. */
static bool bound_after(struct pending *pending, int error)
{
    if (pending->node->bound)
        return true;
    int r = error ? error : bind_now(pending->session, pending->node);
    if (r == 1)
        return true;
    if (r == 0)
        pending_ask(pending);
    else
        pending_fail(pending, r);
    return false;
}

static void resume_getattr(struct pending *pending, int error)
{
    struct session *session = pending->session;

    if (!pending->node->bound && tree_shown_unasked(&pending->node->place, error)) {
        if (!pending->node->mtime.tv_sec)
            pending->node->mtime = tree_started(session->tree);
        reply_attr(session, pending_take(pending), pending->node);
        pending_free(pending);
        return;
    }
    if (!bound_after(pending, error))
        return;
    reply_attr(session, pending_take(pending), pending->node);
    pending_free(pending);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    (void)fi;
    struct session *session = session_of(req);
    struct node *node = node_of(req, ino, KERNEL_GETATTR);
    if (!node)
        return;
    if (node_dir(node) && node->bound && listing_expired(session, node)) {
        reply_when_unlisted(session, req, node);
        return;
    }
    bool first = !node->bound && node_kind(node) == ROUTE_FILE;
    if (bound_for(session, req, node, 0, 0, resume_getattr))
        reply_attr(session, req, node);
    if (first) /* only now, so that the file's own document is requested before those of its cousins */
        ahead_of_getattr(session, node);
}

static void reply_part(fuse_req_t req, const char *bytes, size_t len, size_t size, off_t offset)
{
    size_t left = offset >= 0 && (size_t)offset < len ? len - (size_t)offset : 0;
    fuse_reply_buf(req, left ? bytes + offset : NULL, left < size ? left : size);
}

static void reply_bytes(struct session *session, fuse_req_t req, struct node *node, size_t size, off_t offset)
{
    const struct snapshot *snapshot = node_snapshot(node);
    const char *bytes;
    size_t len;
    if (node_grows(node)) {
        growth_text(session, node, &bytes, &len);
        reply_part(req, bytes, len, size, offset);
        return;
    }
    reply_part(req, snapshot ? snapshot->data : NULL, snapshot ? snapshot->len : 0, size, offset);
    if (offset == 0 && snapshot)
        ahead_of_read(session, node);
}

static void resume_read(struct pending *pending, int error)
{
    if (!bound_after(pending, error))
        return;
    reply_bytes(pending->session, pending_take(pending), pending->node, pending->size, pending->offset);
    pending_free(pending);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
    (void)fi;
    struct session *session = session_of(req);
    struct node *node = node_of(req, ino, KERNEL_READ);
    if (node && bound_for(session, req, node, size, offset, resume_read))
        reply_bytes(session, req, node, size, offset);
}

static void reply_target(fuse_req_t req, const struct node *node)
{
    char target[64];
    place_target(&node->place, node->target, target, sizeof target);
    fuse_reply_readlink(req, target);
}

static void resume_readlink(struct pending *pending, int error)
{
    if (!bound_after(pending, error))
        return;
    reply_target(pending_take(pending), pending->node);
    pending_free(pending);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
    struct session *session = session_of(req);
    struct node *node = node_of(req, ino, KERNEL_READLINK);
    if (node && node_kind(node) != ROUTE_LINK)
        fuse_reply_err(req, EINVAL);
    else if (node && bound_for(session, req, node, 0, 0, resume_readlink))
        reply_target(req, node);
}

/* ---- the rest ---- */

/*
 * What `df` shows, from memory:
 *
 *      used bytes      the answers of the API that are held (status.json: cache_bytes)
 *      size            cache_size, so that the percentage says how full the cache is. Held bytes as the size would be
 *                      100 % for ever, and an alarm in every monitoring system; and `df` leaves out file systems of
 *                      size 0.
 *      used inodes     the nodes: files, directories and links that the kernel knows now
 *      inodes          the numbers that every program can show: 2^31 - 1
 */
#define BLOCK      4096
#define INODES_MAX INT32_MAX

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
    (void)ino;
    struct session *session = session_of(req);
    const struct documents *documents = tree_documents(session->tree);
    size_t n_documents;
    uint64_t used = (documents_cost(documents, &n_documents) + BLOCK - 1) / BLOCK,
             size = documents_cost_max(documents) / BLOCK, nodes = nodes_count(session->nodes);
    if (size < used) /* what is in use is kept even if the cache is full */
        size = used;
    struct statvfs st = {.f_bsize = BLOCK, .f_frsize = BLOCK, .f_namemax = NAMES_MAX};
    st.f_blocks = (fsblkcnt_t)size;
    st.f_bfree = st.f_bavail = (fsblkcnt_t)(size - used);
    st.f_files = INODES_MAX > nodes ? INODES_MAX : (fsfilcnt_t)nodes;
    st.f_ffree = st.f_favail = (fsfilcnt_t)(st.f_files - nodes);
    metrics_kernel(session->metrics, KERNEL_STATFS);
    fuse_reply_statfs(req, &st);
}

/* Also OPENDIR and FLUSH. After one ENOSYS the kernel never sends this request again, and takes every open as
 * successful (fuse_file_open() in Linux). Files need no handle. */
static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    (void)ino;
    (void)fi;
    metrics_kernel(session_of(req)->metrics, KERNEL_OTHER);
    fuse_reply_err(req, ENOSYS);
}

static void read_only(fuse_req_t req)
{
    metrics_kernel(session_of(req)->metrics, KERNEL_OTHER);
    fuse_reply_err(req, EROFS);
}

static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *fi)
{
    (void)parent, (void)name, (void)mode, (void)fi;
    read_only(req);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
    (void)parent, (void)name, (void)mode, (void)rdev;
    read_only(req);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
    (void)parent, (void)name, (void)mode;
    read_only(req);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    (void)parent, (void)name;
    read_only(req);
}

static void op_symlink(fuse_req_t req, const char *link, fuse_ino_t parent, const char *name)
{
    (void)link, (void)parent, (void)name;
    read_only(req);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t newparent, const char *newname,
                      unsigned flags)
{
    (void)parent, (void)name, (void)newparent, (void)newname, (void)flags;
    read_only(req);
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent, const char *newname)
{
    (void)ino, (void)newparent, (void)newname;
    read_only(req);
}

static void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
{
    (void)ino, (void)name, (void)value, (void)size, (void)flags;
    read_only(req);
}

static void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
    (void)ino, (void)name;
    read_only(req);
}

static void want(struct fuse_conn_info *conn, unsigned flag)
{
    if (conn->capable & flag)
        conn->want |= flag;
}

static void op_init(void *data, struct fuse_conn_info *conn)
{
    struct session *session = data;
    session->served = true;
    /* With FUSE_CAP_ATOMIC_O_TRUNC the kernel would leave truncation to OPEN, which it never sends: `: > file` would
     * "succeed". */
    conn->want &= ~(unsigned)(FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_READDIRPLUS_AUTO);
    want(conn, FUSE_CAP_READDIRPLUS);
    want(conn, FUSE_CAP_CACHE_SYMLINKS);
    want(conn, FUSE_CAP_AUTO_INVAL_DATA);
    want(conn, FUSE_CAP_PARALLEL_DIROPS);
    want(conn, FUSE_CAP_NO_OPEN_SUPPORT);
    want(conn, FUSE_CAP_NO_OPENDIR_SUPPORT);
    session->expires_entries = conn->proto_major > 7 || (conn->proto_major == 7 && conn->proto_minor >= 38);
    conn->max_background = 256;
    conn->congestion_threshold = 192;
}

const struct fuse_lowlevel_ops session_ops = {
    .init = op_init,
    .lookup = op_lookup,
    .forget = op_forget,
    .forget_multi = op_forget_multi,
    .getattr = op_getattr,
    .setattr = op_setattr,
    .readlink = op_readlink,
    .open = op_open,
    .opendir = op_open,
    .flush = op_open,
    .read = op_read,
    .write = op_write,
    .readdir = op_readdir,
    .readdirplus = op_readdirplus,
    .statfs = op_statfs,
    .getxattr = op_getxattr,
    .listxattr = op_listxattr,
    .setxattr = op_setxattr,
    .removexattr = op_removexattr,
    .create = op_create,
    .mknod = op_mknod,
    .mkdir = op_mkdir,
    .unlink = op_unlink,
    .rmdir = op_unlink,
    .symlink = op_symlink,
    .rename = op_rename,
    .link = op_link,
};
