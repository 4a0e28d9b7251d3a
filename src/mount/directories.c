#include "mount/session_private.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Offsets. 1 is behind ".", 2 behind "..", and ordinal + 2 behind every other entry; so the offset that the kernel
 * gives back says which ordinal was the last, and the listing goes on at the next larger one, whatever came and went
 * meanwhile.
 *
 * With READDIRPLUS an entry whose content is at hand comes with its node and attributes, and counts as a lookup; any
 * other comes with node 0, and the kernel looks it up when it is used.
 */
#define DOTS        2
#define UNKNOWN_INO 0xffffffffu /* what readdir(3) shows where no number is known; 0 would mean "deleted" */

/* One answer being made. */
struct page {
    struct session *session;
    fuse_req_t req;
    struct node *dir;
    bool plus;
    char *buf;
    size_t size, len;
    struct node **looked_up;
    size_t n;
};

static mode_t type_of(const struct route *route)
{
    return route->kind == ROUTE_DIR ? S_IFDIR : route->kind == ROUTE_LINK ? S_IFLNK : S_IFREG;
}

static bool add(struct page *page, const char *name, const struct fuse_entry_param *e, uint64_t next)
{
    size_t left = page->size - page->len;
    size_t need = page->plus ? fuse_add_direntry_plus(page->req, page->buf + page->len, left, name, e, (off_t)next)
                             : fuse_add_direntry(page->req, page->buf + page->len, left, name, &e->attr, (off_t)next);
    if (need > left)
        return false;
    page->len += need;
    return true;
}

static bool add_dots(struct page *page, off_t offset)
{
    static const char *const names[DOTS] = {".", ".."};
    for (; offset < DOTS; offset++) {
        const struct node *node = offset == 1 && page->dir->parent ? page->dir->parent : page->dir;
        struct fuse_entry_param e = {.attr = {.st_ino = node->nodeid, .st_mode = S_IFDIR}};
        if (!add(page, names[offset], &e, (uint64_t)offset + 1))
            return false;
    }
    return true;
}

/* The node of an entry whose content is at hand. A link has no use for what its name stands for: the name says it. */
static struct node *node_of_listed(struct page *page, const struct listed *listed)
{
    struct place place;
    if (tree_child(page->session->tree, &page->dir->place, listed->name, &place) < 0)
        return NULL;
    if (listed->route->kind == ROUTE_LINK)
        place_clear(&place);
    else if (!place.text && listed->text && !(place.text = strdup(listed->text)))
        return NULL;
    return nodes_show(page->session->nodes, page->dir, &place, &listed->view);
}

static bool add_listed(struct page *page, const struct listed *listed)
{
    struct fuse_entry_param e = {.attr = {.st_ino = UNKNOWN_INO, .st_mode = type_of(listed->route)}};
    if (!page->plus || !listed->known) {
        const struct node *known = nodes_current(page->session->nodes, page->dir, listed->name);
        if (known)
            e.attr.st_ino = known->nodeid;
        return add(page, listed->name, &e, listed->ordinal + DOTS);
    }
    if (fuse_add_direntry_plus(page->req, NULL, 0, listed->name, NULL, 0) > page->size - page->len)
        return false;
    struct node *node = node_of_listed(page, listed);
    if (!node)
        return add(page, listed->name, &e, listed->ordinal + DOTS);
    e.ino = node->nodeid;
    e.generation = 1;
    e.attr_timeout = attr_timeout(page->session, node);
    e.entry_timeout = seconds_until(listed->route->kind == ROUTE_LINK ? CLOCK_NEVER : listed->view.expires);
    attr_of(page->session, node, &e.attr);
    add(page, listed->name, &e, listed->ordinal + DOTS);
    node->nlookup++;
    page->looked_up[page->n++] = node;
    return true;
}

static int fill(struct page *page, struct listing *listing, off_t offset)
{
    /* The smallest entry with attributes takes 160 bytes. */
    page->buf = malloc(page->size);
    page->looked_up = calloc(page->size / 128 + 1, sizeof(struct node *));
    if (!page->buf || !page->looked_up)
        return -ENOMEM;
    struct listed listed;
    bool room = add_dots(page, offset);
    while (room && listing_next(listing, &listed))
        room = add_listed(page, &listed);
    return 0;
}

static void resume_list(struct pending *pending, int error);

/* Lists, if what it takes is at hand: true, and the request has been answered. */
static bool list_now(struct session *session, struct node *dir, fuse_req_t (*take)(void *), void *data, size_t size,
                     off_t offset, bool plus)
{
    struct listing listing;
    uint64_t after = offset > DOTS ? (uint64_t)offset - DOTS : 0;
    int r = listing_open(&listing, session->tree, &dir->place, after);
    if (r == 0)
        return false;

    struct page page = {.session = session, .req = take(data), .dir = dir, .plus = plus, .size = size};
    if (r == 1) {
        if (offset == 0) {
            dir->dir->listed_until = tree_list_expires(session->tree, &dir->place);
            dir->dir->moved = false;
            if (is_of_links(dir))
                dir->dir->signature = tree_list_signature(session->tree, &dir->place);
        }
        r = fill(&page, &listing, offset);
        listing_close(&listing);
    }
    if (r < 0)
        fuse_reply_err(page.req, -r);
    else if (fuse_reply_buf(page.req, page.buf, page.len) < 0)
        while (page.n > 0)
            nodes_forget(session->nodes, page.looked_up[--page.n], 1);
    free(page.buf);
    free(page.looked_up);
    return true;
}

static fuse_req_t take_pending(void *data)
{
    return pending_take(data);
}

static fuse_req_t take_plain(void *data)
{
    return data;
}

static void resume_list(struct pending *pending, int error)
{
    if (error)
        pending_fail(pending, error);
    else if (list_now(pending->session, pending->node, take_pending, pending, pending->size, pending->offset,
                      pending->plus))
        pending_free(pending);
    else
        pending_ask_list(pending);
}

static void list(fuse_req_t req, struct node *dir, size_t size, off_t offset, bool plus)
{
    struct session *session = session_of(req);
    if (list_now(session, dir, take_plain, req, size, offset, plus))
        return;
    struct pending *pending = pending_new(session, req, dir, resume_list);
    if (!pending)
        return;
    pending->size = size;
    pending->offset = offset;
    pending->plus = plus;
    pending_ask_list(pending);
}

void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
    (void)fi;
    struct node *dir = node_of(req, ino, KERNEL_READDIR);
    if (dir)
        list(req, dir, size, offset, false);
}

void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
    (void)fi;
    struct node *dir = node_of(req, ino, KERNEL_READDIRPLUS);
    if (dir)
        list(req, dir, size, offset, true);
}
