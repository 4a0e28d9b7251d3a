/* SPDX-License-Identifier: MIT */
#include "mount/writes.h"

#include "mount/growth.h"
#include "mount/pending.h"
#include "mount/reply.h"
#include "mount/told.h"

#include "api/documents.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "tree/listing.h"
#include "tree/purge.h"
#include "tree/purge_handle.h"
#include "tree/purge_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- WRITE ---- */

/* Replies to a WRITE, with an error (-errno) or the number of bytes. */
static void end_write(struct pending *pending, ssize_t result)
{
    uint64_t id = place_id(&pending->node->place);
    struct session *session = pending->session;

    reply_when_shown(session, pending_take(pending), id, result);
    pending_free(pending);
}

static void on_purged(void *data, int error)
{
    struct pending *pending = data;
    struct node *node = pending->node;

    pending->write = NULL;
    if (error) {
        end_write(pending, error);
        return;
    }
    /* The handle keeps the beginning of a name. With its entry dropped, the kernel forgets the node as soon as the file
     * is closed, and the unfinished name is then recorded in the log. */
    if (purge_handle_keeps(node->handle))
        push_drop_entry(pending->session->push, node->parent->nodeid, node->name);
    end_write(pending, (ssize_t)pending->size);
}

static void write_names(struct pending *pending, const char *buf)
{
    struct purge_handle *handle = pending->node->handle;
    struct query query = {.operation = OP_SERVICE, .id = place_id(&pending->node->place)};
    struct document *service = documents_find(tree_documents(pending->session->tree), &query);
    int r = purge_write(handle, pending->offset, buf, pending->size, service, on_purged, pending, &pending->write);
    if (r < 0)
        end_write(pending, r);
}

/* The service's document has come or failed. If the service does not exist (-ENOENT), the name is sent all the same,
 * and the API's answer to the POST says so. */
static void resume_write(struct pending *pending, int error)
{
    if (error < 0 && error != -ENOENT)
        end_write(pending, purge_unsent(pending->node->handle, pending->bytes, pending->size, error,
                                        "not sent: cannot check whether the name is complete; end it with a "
                                        "newline"));
    else
        write_names(pending, pending->bytes);
}

/* Gets the service's document, which shows whether a name without a newline is complete. 1: the document is in memory;
 * 0: resume_write() will be called; or an error. */
static int ask_service(struct pending *pending)
{
    struct place place;
    struct tree *tree = pending->session->tree;
    int r = place_child(pending->node->place.above->above, "info.json", &place);
    if (r == 0) {
        r = tree_ask(tree, &place, &pending->wait);
        place_clear(&place);
    }
    return r;
}

static void write_command(struct session *session, fuse_req_t req, struct node *node, const char *buf, size_t size,
                          off_t offset)
{
    struct pending *pending = pending_new(session, req, node, resume_write);
    if (!pending)
        return;
    pending->size = size;
    pending->offset = offset;
    if (!purge_text_alone(buf, size, offset)) {
        write_names(pending, buf);
        return;
    }
    pending->bytes = malloc(size);
    if (!pending->bytes) {
        pending_fail(pending, -ENOMEM);
        return;
    }
    memcpy(pending->bytes, buf, size);
    int r = ask_service(pending);
    if (r != 0)
        resume_write(pending, r < 0 ? r : 0);
}

static void refuse_mapped(fuse_req_t req, struct node *node)
{
    log_error("purge: services/%" PRIu64 ": refused: a name cannot be written through mmap; use write(2)",
              place_id(&node->place));
    fuse_reply_err(req, EINVAL);
}

void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t offset, struct fuse_file_info *fi)
{
    struct session *session = session_of(req);
    struct node *node = node_of(req, ino, KERNEL_WRITE);
    if (!node)
        return;
    if (node_kind(node) == ROUTE_COMMAND && node->handle && !session->config->read_only) {
        if (fi->writepage)
            refuse_mapped(req, node); /* the program would not learn whether the purge succeeded */
        else
            write_command(session, req, node, buf, size, offset);
        return;
    }
    /* Root may write to any file, and the kernel has already put the bytes into the page cache. */
    fuse_reply_err(req, EROFS);
    push_drop_inode(session->push, node->nodeid, NULL, NULL);
    node->in_cache = false;
}

/* ---- SETATTR: truncation of a command, and touch ---- */

#define TIMES                                                                                                          \
    (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_ATIME_NOW | FUSE_SET_ATTR_MTIME_NOW |                   \
     FUSE_SET_ATTR_CTIME)

/* Lets the kernel's entry of a node expire. A directory's entry is left alone on kernels that would drop it: programs
 * that have the directory as their working directory would lose it. */
static void expire_entry(struct session *session, const struct node *node)
{
    if (node->current && node->nlookup && node->parent && (node_kind(node) != ROUTE_DIR || session->expires_entries))
        push_expire_entry(session->push, node->parent->nodeid, node->name, NULL, NULL);
}

/* Expires the kernel's listing of the directory. Returns whether there is a listing that can expire. */
static bool expire_listing(struct node *dir)
{
    if (dir->dir->listed_until == 0 || dir->dir->listed_until == CLOCK_NEVER)
        return false;
    dir->dir->listed_until = clock_ms();
    return true;
}

/* Expires everything below a touched directory. The pages of each listing are dropped, so that the kernel lists again.
 * A directory with a fixed name always exists, so its entry does not have to expire. */
static void expire_below(struct session *session, struct node *dir)
{
    for (struct node *node = dir->dir->first_child; node; node = node->next_sibling) {
        if (node_kind(node) == ROUTE_DIR) {
            expire_below(session, node);
            if (expire_listing(node))
                push_drop_inode(session->push, node->nodeid, NULL, NULL);
        }
        if (node_kind(node) != ROUTE_COMMAND && (node_kind(node) == ROUTE_FILE || node->place.route->select))
            expire_entry(session, node);
    }
}

static void touch_directory(struct session *session, fuse_req_t req, struct node *node)
{
    bool listed = expire_listing(node);
    reply_attr(session, req, node); /* the listing has expired, so these attributes hold for no time */
    if (listed)
        push_drop_inode(session->push, node->nodeid, NULL, NULL);
    if (node->place.route->select != SELECT_NONE)
        expire_entry(session, node);
    expire_below(session, node);
}

void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set, struct fuse_file_info *fi)
{
    (void)fi;
    struct session *session = session_of(req);
    struct node *node = node_of(req, ino, KERNEL_SETATTR);
    if (!node)
        return;
    bool command = node_kind(node) == ROUTE_COMMAND;
    bool now = (to_set & FUSE_SET_ATTR_MTIME_NOW) || (to_set & FUSE_SET_ATTR_ATIME_NOW);

    if (command && (to_set & FUSE_SET_ATTR_SIZE) && !session->config->read_only) {
        if (attr->st_size == 0)
            reply_attr(session, req, node);
        else
            fuse_reply_err(req, EINVAL);
    } else if (!now || (to_set & ~TIMES)) {
        fuse_reply_err(req, EROFS);
    } else if (command) {
        reply_attr(session, req, node);
    } else {
        tree_touch(session->tree, &node->place);
        if (node_kind(node) == ROUTE_DIR)
            touch_directory(session, req, node);
        else
            reply_when_expired(session, req, node);
    }
}

/*
 * ---- extended attributes ----
 *
 * They tell where the content of a file or directory comes from, and are answered from memory. Each can be read by its
 * name, and none is listed: programs that copy all attributes (`rsync -X`, borg, bsdtar) would copy what changes by the
 * minute. Links have none, because the kernel refuses to read `user.` attributes of a link.
 */

#define PREFIX "user.melbicomfs."

static const char *const xattrs[] = {"url", "fetched", "expires", "stale", "etag"};

/* The document that a file's content or a directory's listing comes from; NULL when there is none in memory. */
static const struct document *origin_of(struct session *session, struct node *node)
{
    const struct document *document = tree_origin(session->tree, &node->place);
    if (!document && node_kind(node) == ROUTE_DIR)
        document = tree_listed(session->tree, &node->place);
    return document && document->loaded ? document : NULL;
}

/* The value of attribute i, NULL when the document has none. It is in `buf`, or borrowed from the document. */
static const char *xattr_of(const struct document *document, unsigned i, char *buf, size_t size)
{
    switch (i) {
    case 0:
        return document->url;
    case 1:
        return clock_format(document->fetched, buf, size);
    case 2:
        return clock_format(clock_wall_at(document->expires ? document->expires : clock_ms()), buf, size);
    case 3:
        return document->stale ? "yes" : "no";
    default:
        return document->etag;
    }
}

static void reply_value(fuse_req_t req, const char *value, size_t size)
{
    size_t len = strlen(value);
    if (size == 0)
        fuse_reply_xattr(req, len);
    else if (size < len)
        fuse_reply_err(req, ERANGE);
    else
        fuse_reply_buf(req, value, len);
}

void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
    struct session *session = session_of(req);
    struct node *node = node_of(req, ino, KERNEL_GETXATTR);
    char buf[64];
    if (!node)
        return;
    if (strncmp(name, "user.", 5) != 0) {
        /* `ls -l` asks for ACLs of each file. After ENOSYS the kernel would not ask for any attribute again. */
        fuse_reply_err(req, EOPNOTSUPP);
        return;
    }
    const struct document *document = origin_of(session, node);
    const char *value = NULL;
    for (unsigned i = 0; document && i < sizeof xattrs / sizeof *xattrs; i++)
        if (strncmp(name, PREFIX, sizeof PREFIX - 1) == 0 && strcmp(name + sizeof PREFIX - 1, xattrs[i]) == 0)
            value = xattr_of(document, i, buf, sizeof buf);
    if (value)
        reply_value(req, value, size);
    else
        fuse_reply_err(req, ENODATA);
}

void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
    if (!node_of(req, ino, KERNEL_LISTXATTR))
        return;
    if (size == 0)
        fuse_reply_xattr(req, 0);
    else
        fuse_reply_buf(req, NULL, 0);
}
