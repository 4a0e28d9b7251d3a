/* SPDX-License-Identifier: MIT */
#include "mount/directories.h"

#include "mount/links.h"
#include "mount/pending.h"
#include "mount/reply.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Offsets. Each entry carries an offset that the kernel gives back to continue after this entry: 1 for ".", 2 for "..",
 * and the entry's ordinal + 2 for every other entry. So the listing continues at the next larger ordinal, even if
 * entries have come or gone meanwhile.
 *
 * READDIRPLUS. An entry whose content is in memory comes with its node and attributes, and counts as a lookup. Any
 * other entry comes with node 0, and the kernel sends a LOOKUP when the entry is used.
 *
 * Writing ahead. The kernel takes twice as long to make inodes of an answer as this program takes to write the answer.
 * Meanwhile the next page is written, because the kernel will almost certainly ask for it. One such page is kept, for
 * AHEAD_MS. It is used only while the document that it shows has not changed.
 */
#define DOTS        2
#define UNKNOWN_INO 0xffffffffu /* what readdir(3) shows for an entry without a node; 0 would mean "deleted" */

/* A page that was written ahead is thrown away after this time, because the timeouts in it count from when it was
 * written. */
#define AHEAD_MS 100

/* One answer to a READDIR or READDIRPLUS. The nodes in it are held until page_free(). */
struct page {
    struct session *session;
    struct node *dir;   /* held */
    off_t offset, next; /* where this page begins, and the next page; next is 0 when the listing ends here */
    bool plus;
    size_t size, len;        /* of `buf`, and how much of it is filled */
    struct node **looked_up; /* `n` nodes that the page gives to the kernel; NULL: none */
    size_t n;
    struct document *document; /* the document that the page shows, referenced; NULL: only fixed names */
    uint64_t generation;       /* of the document */
    int64_t made;              /* on clock_ms() */
    char buf[];
};

static void page_free(struct page *page)
{
    if (!page)
        return;
    while (page->n > 0)
        node_release(page->session->nodes, page->looked_up[--page->n]);
    node_release(page->session->nodes, page->dir);
    document_unref(page->document);
    free(page->looked_up);
    free(page);
}

static struct page *page_new(struct session *session, struct node *dir, size_t size, off_t offset, bool plus)
{
    struct page *page = malloc(sizeof *page + size);
    heap_grown(0);
    if (!page)
        return NULL;
    *page =
        (struct page){.session = session, .dir = dir, .offset = offset, .plus = plus, .size = size, .made = clock_ms()};
    node_hold(dir);
    return page;
}

/* Makes room for the nodes of as many entries as fit into the page; false when out of memory. Most pages of a walk end
 * a listing and have no entries. */
static bool can_look_up(struct page *page)
{
    /* The smallest entry with attributes takes 160 bytes. */
    if (!page->looked_up)
        page->looked_up = reallocarray(NULL, page->size / 128 + 1, sizeof(struct node *));
    return page->looked_up;
}

static mode_t type_of(const struct route *route)
{
    return route->kind == ROUTE_DIR ? S_IFDIR : route->kind == ROUTE_LINK ? S_IFLNK : S_IFREG;
}

static bool add(struct page *page, const char *name, const struct fuse_entry_param *e, uint64_t next)
{
    size_t left = page->size - page->len;
    /* libfuse does not use the request (the first argument). */
    size_t need = page->plus ? fuse_add_direntry_plus(NULL, page->buf + page->len, left, name, e, (off_t)next)
                             : fuse_add_direntry(NULL, page->buf + page->len, left, name, &e->attr, (off_t)next);
    if (need > left)
        return false;
    page->len += need;
    page->next = (off_t)next;
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

/* The node of an entry whose content is in memory; NULL when out of memory. */
static struct node *node_of_listed(struct page *page, const struct listed *listed)
{
    struct place place;
    if (listing_place(&page->dir->place, listed, &place) < 0)
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
    if (fuse_add_direntry_plus(NULL, NULL, 0, listed->name, NULL, 0) > page->size - page->len)
        return false;
    struct node *node = can_look_up(page) ? node_of_listed(page, listed) : NULL;
    if (!node)
        return add(page, listed->name, &e, listed->ordinal + DOTS);
    e.ino = node->nodeid;
    e.generation = 1;
    e.attr_timeout = attr_timeout(page->session, node);
    e.entry_timeout = seconds_until(listed->route->kind == ROUTE_LINK ? CLOCK_NEVER : listed->view.expires);
    attr_of(page->session, node, &e.attr);
    add(page, listed->name, &e, listed->ordinal + DOTS);
    node_hold(node);
    page->looked_up[page->n++] = node;
    return true;
}

/* Writes as many entries as fit, and closes the listing. */
static void fill(struct page *page, struct listing *listing)
{
    struct listed listed;
    bool room = add_dots(page, page->offset);
    while (room && listing_next(listing, &listed))
        room = add_listed(page, &listed);
    if (room)
        page->next = 0;
    if (listing->document) {
        page->document = document_ref(listing->document);
        page->generation = listing->document->generation;
    }
    listing_close(listing);
}

/* Makes a page. 1: *ret is the page, for page_free(); 0: the listing is not in memory; or an error. */
static int write_page(struct session *session, struct node *dir, size_t size, off_t offset, bool plus,
                      struct page **ret)
{
    struct listing listing;
    uint64_t after = offset > DOTS ? (uint64_t)offset - DOTS : 0;
    int r = listing_open(&listing, session->tree, &dir->place, after);
    if (r != 1)
        return r;
    struct page *page = page_new(session, dir, size, offset, plus);
    if (!page) {
        listing_close(&listing);
        return -ENOMEM;
    }
    fill(page, &listing);
    *ret = page;
    return 1;
}

/* ---- the next page, written ahead ---- */

/* Whether the page is young enough, and its document is still the directory's, fresh and unchanged. */
static bool page_holds(const struct page *page)
{
    const struct document *document = page->document;
    return clock_ms() - page->made < AHEAD_MS && tree_listed(page->session->tree, &page->dir->place) == document &&
           (!document || (document->generation == page->generation && document_fresh(document)));
}

/* The page that was written ahead, if it fits this request and page_holds(); else NULL. A page that does not fit is
 * freed. */
static struct page *take_ahead(struct session *session, const struct node *dir, size_t size, off_t offset, bool plus)
{
    struct page *page = steal(&session->ahead);
    if (page && page->dir == dir && page->size == size && page->offset == offset && page->plus == plus &&
        page_holds(page))
        return page;
    page_free(page);
    return NULL;
}

void page_ahead_drop(void *data)
{
    struct session *session = data;
    page_free(steal(&session->ahead));
}

void page_ahead_write(void *data)
{
    struct session *session = data;
    struct page *last = steal(&session->ahead), *next;
    if (!last)
        return;
    if (write_page(session, last->dir, last->size, last->next, last->plus, &next) == 1) {
        session->ahead = next;
        timer_set(session->loop, &session->ahead_expiry, next->made + AHEAD_MS);
    }
    page_free(last);
}

/* ---- the request ---- */

/* Answers with the page and frees it, or keeps it for page_ahead_write(). The lookups of the nodes in it count only if
 * the kernel takes the answer. */
static void reply_page(fuse_req_t req, struct page *page)
{
    struct session *session = page->session;
    for (size_t i = 0; i < page->n; i++)
        page->looked_up[i]->nlookup++;
    if (fuse_reply_buf(req, page->buf, page->len) < 0)
        for (size_t i = 0; i < page->n; i++)
            page->looked_up[i]->nlookup--;
    page_ahead_drop(session);
    /* A program that reads the second page will read the third. A program that reads the first page may only want to
     * know whether the directory is empty. */
    if (!page->plus || page->next == 0 || page->offset == 0) {
        page_free(page);
        return;
    }
    session->ahead = page;
    task_defer(session->loop, &session->ahead_task);
}

static void begin_listing(struct session *session, struct node *node)
{
    struct directory *dir = node->dir;
    dir->listed_until = tree_list_expires(session->tree, &node->place);
    dir->listings++;
    dir->expired = false;
    if (listing_can_hold(node))
        links_listed(session, node);
    /* The kernel uses a listing as long as the directory's attributes hold. It was told how long they hold before the
     * expiry of this listing was known; so if that is earlier, the attributes are dropped. */
    if (see_names(session, node) || dir->listed_until < dir->told_until) {
        dir->told_until = dir->listed_until;
        push_drop_attributes(session->push, node->nodeid);
    }
}

static void resume_list(struct pending *pending, int error);

/* Answers the request if the listing is in memory or fails: true. False when it has to be fetched; then the request is
 * untouched. take(data) returns the request for the reply. */
static bool list_now(struct session *session, struct node *dir, fuse_req_t (*take)(void *), void *data, size_t size,
                     off_t offset, bool plus)
{
    struct page *page = take_ahead(session, dir, size, offset, plus);
    int r = page ? 1 : write_page(session, dir, size, offset, plus, &page);
    if (r == 0)
        return false;
    if (r < 0) {
        fuse_reply_err(take(data), -r);
        return true;
    }
    if (offset == 0)
        begin_listing(session, dir);
    reply_page(take(data), page);
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
    if (error) {
        if (pending->offset == 0 && pending->node->dir->expired && is_of_links(pending->node))
            links_drop_soon(pending->session, pending->node);
        pending_fail(pending, listing_error(error));
    } else if (list_now(pending->session, pending->node, take_pending, pending, pending->size, pending->offset,
                        pending->plus))
        pending_free(pending);
    else
        pending_ask_list(pending);
}

static void list(fuse_req_t req, struct node *dir, size_t size, off_t offset, bool plus)
{
    struct session *session = session_of(req);
    if (offset == 0 && node_dir(dir))
        links_drop_not(session, dir);
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
