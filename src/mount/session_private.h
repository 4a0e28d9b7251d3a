/*
 * What the files of the session share among themselves.
 *
 * Threads:   loop thread only.
 * Ownership: a pending request owns its fuse_req_t until it is replied to, and holds its node.
 * Errors:    none of its own.
 */
#ifndef MELBICOMFS_MOUNT_SESSION_PRIVATE_H
#define MELBICOMFS_MOUNT_SESSION_PRIVATE_H

#define FUSE_USE_VERSION 314

#include "base/loop.h"
#include "base/metrics.h"
#include "mount/nodes.h"
#include "mount/push.h"
#include "tree/tree.h"

#include <fuse3/fuse_lowlevel.h>

struct config;
struct page;
struct purge_write;

struct session {
    struct loop *loop;
    struct tree *tree;
    const struct config *config;
    struct metrics *metrics;
    struct nodes *nodes;
    struct push *push;
    struct fuse_session *fuse;
    struct fuse_buf buffer;
    bool mounted, greeted; /* greeted: the INIT reply has been sent */
    bool expires_entries;  /* the kernel can let an entry expire without dropping it */
    struct pending *pendings;
    struct timer interrupts; /* set while some pending request is marked */
    struct timer release;    /* set when documents were dropped for want of space */
    struct page *ahead;      /* of a directory, written before it is asked for; see directories.c */
    struct task ahead_task;
    struct timer ahead_expiry;
};

/*
 * A request of the kernel that waits. `resume` is called when what it waits for has come: error 0, or -errno. It either
 * replies and calls pending_free(), or waits again with pending_wait().
 */
struct pending {
    struct session *session;
    fuse_req_t req;
    struct node *node; /* held */
    void (*resume)(struct pending *pending, int error);
    struct tree_wait wait;
    struct purge_write *write;
    char *bytes; /* of a WRITE that waits; malloc'd */
    off_t offset;
    size_t size;
    bool plus;
    bool interrupted;
    void (*release)(struct pending *pending); /* called when the pending is freed; NULL: nobody */
    void *extra;                              /* release's */
    unsigned tries;
    struct pending *next, **link;
    char name[NAMES_MAX + 1];
};

/* Makes a pending request; NULL when out of memory, after the reply ENOMEM. */
struct pending *pending_new(struct session *session, fuse_req_t req, struct node *node,
                            void (*resume)(struct pending *pending, int error));

/* Asks the tree for the place of the pending's node, or its listing. Resumes it at once, or later. */
void pending_ask(struct pending *pending);
void pending_ask_list(struct pending *pending);

/* Takes the request away from the pending, for its reply: nothing interrupts it any more. pending_free() follows. */
fuse_req_t pending_take(struct pending *pending);
void pending_free(struct pending *pending);

/* Replies with an error, and frees. */
void pending_fail(struct pending *pending, int error);

/* Answers everything that waits with `error`, at the end. */
void pendings_fail(struct session *session, int error);

/* The timer's function. */
void pendings_check_interrupts(void *data);

/* What the kernel is told of a node. */
void attr_of(struct session *session, const struct node *node, struct stat *st);
/* How long its attributes hold, in seconds; 0 of a directory whose listing has expired. */
double attr_timeout(struct session *session, struct node *node);
/* Moves the mtime of a directory if other names are at hand than were seen last. True when it moved. */
bool see_names(struct session *session, struct node *node);
/* `until` on clock_ms() as seconds from now; CLOCK_NEVER: for ever. */
double seconds_until(int64_t until);

/* Replies with an entry, and counts the kernel's lookup of it (unless the reply failed). */
void reply_entry(struct session *session, fuse_req_t req, struct node *node, int64_t expires);

/* Replies with what the kernel is told of a node. */
void reply_attr(struct session *session, fuse_req_t req, struct node *node);

/* The same when the kernel's entry of a file has expired, or a moment later; and when the kernel's pages of a
 * directory's listing have been dropped. See told.c. */
void reply_when_expired(struct session *session, fuse_req_t req, struct node *node);
void reply_when_unlisted(struct session *session, fuse_req_t req, struct node *node);

/* Whether a directory lists links only, besides fixed names. */
bool is_of_links(const struct node *dir);
/* The listing that the kernel holds of a directory has expired: true when it is one of links and holds for another
 * life. */
bool links_hold(struct session *session, struct node *dir);
/* All links of the directory are dropped in a moment; or not, because it is being listed anew. */
void links_drop_soon(struct session *session, struct node *dir);
void links_drop_not(struct session *session, struct node *dir);
/* Neither of them; the directory stays held. At the end. Whether they were about to be dropped. */
bool links_drop_forget(struct node *dir);
/* It has been listed anew: drops the links that are not as the kernel was told. */
void links_listed(struct session *session, struct node *dir);

/* Writes the page of a directory behind the one that was asked for last; and drops what has been written. For the task
 * and the timer, data is the session. */
void page_ahead_write(void *data);
void page_ahead_drop(void *data);

/* A file of the directory was read from its start: sees whether its siblings will be, too. */
void ahead_of_read(struct session *session, struct node *node);
/* A file's attributes were asked for and not at hand, or its entry has to be revalidated: sees whether its cousins will
 * be asked for, too. */
void ahead_of_getattr(struct session *session, struct node *node);

extern const struct fuse_lowlevel_ops session_ops;

/* The handlers of directories and of writes, in files of their own. */
void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi);
void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi);
void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t offset, struct fuse_file_info *fi);
void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set, struct fuse_file_info *fi);
void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);
void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size);

/* The session and the node that a request is about; NULL after the reply ESTALE. */
struct session *session_of(fuse_req_t req);
struct node *node_of(fuse_req_t req, fuse_ino_t ino, enum kernel_request kind);

#endif
