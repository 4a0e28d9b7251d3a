/* SPDX-License-Identifier: MIT */
#include "mount/links.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <stdlib.h>

/*
 * The directories of links below by/. Such a listing is as long as the collection, and when
 * the collection is fetched again, almost nothing in it changes. A link shows only its name and the id that it leads
 * to. So the kernel gets the entries of links for ever, and the directory is checked instead of each link: when the
 * directory's attributes have expired, the kernel sends a GETATTR before it goes through the directory. Then:
 *
 *      listing expired, collection fresh, same names and ids    the listing holds for another life
 *      listing expired, collection fresh, others                links that have gone or changed are dropped
 *      listing expired, collection expired                      all links are dropped after DROP_MS, unless the kernel
 *                                                               lists the directory again before that
 *      kernel lists again, other names or ids                   links that have gone or changed are dropped
 *
 * The pusher drops a link after the answer to the GETATTR. It has to wait, because the notification takes the
 * directory's lock, and a READDIR that sent this GETATTR holds that lock. The notification also throws away the
 * kernel's copy of the listing. All links are dropped late because mostly the program that caused the GETATTR is about
 * to list the directory, and then there is nothing to drop. The price: a program that follows a link by name in this
 * moment may be led to the old target. The target's own files are looked up and revalidated like any other.
 */
#define DROP_MS 250

struct links_drop {
    struct session *session;
    struct node *dir; /* held */
    struct timer timer;
};

bool is_of_links(const struct node *dir)
{
    const struct route *any = route_shape(dir->place.route)->any;
    return any && any->kind == ROUTE_LINK;
}

bool listing_can_hold(const struct node *dir)
{
    const struct route *any = route_shape(dir->place.route)->any;
    return is_of_links(dir) || (any && any->select == SELECT_GROUP);
}

/* Whether the link still leads to the item that the kernel was told. */
static bool holds(struct session *session, struct node *link)
{
    struct view view = {.snapshot = NULL};
    int r = tree_peek(session->tree, &link->place, &view);
    bool same = r == 1 && view.id == link->target;
    view_clear(&view);
    return same;
}

static void drop_links(struct session *session, struct node *dir, bool all)
{
    for (struct node *link = dir->dir->first_child; link; link = link->next_sibling)
        if (link->current && link->nlookup && link->bound && node_kind(link) == ROUTE_LINK &&
            (all || !holds(session, link)))
            push_drop_entry(session->push, dir->nodeid, link->name);
}

bool links_drop_forget(struct node *dir)
{
    struct links_drop *drop = steal(&dir->dir->drop);
    if (!drop)
        return false;
    timer_clear(&drop->timer);
    free(drop);
    return true;
}

void links_drop_not(struct session *session, struct node *dir)
{
    if (links_drop_forget(dir))
        node_release(session->nodes, dir);
}

static void drop_now(void *data)
{
    struct links_drop *drop = data;
    struct session *session = drop->session;
    struct node *dir = drop->dir;
    drop_links(session, dir, true);
    links_drop_not(session, dir);
}

void links_drop_soon(struct session *session, struct node *dir)
{
    if (dir->dir->drop)
        return;
    struct links_drop *drop = calloc(1, sizeof *drop);
    if (!drop) {
        drop_links(session, dir, true);
        return;
    }
    *drop = (struct links_drop){.session = session, .dir = dir, .timer = {.fn = drop_now, .data = drop}};
    node_hold(dir);
    dir->dir->drop = drop;
    timer_set(session->loop, &drop->timer, clock_ms() + DROP_MS);
}

bool links_hold(struct session *session, struct node *dir)
{
    int64_t expires = tree_list_expires(session->tree, &dir->place);
    bool fresh = expires > clock_ms();

    if (!listing_can_hold(dir))
        return false;
    if (fresh && tree_list_signature(session->tree, &dir->place) == dir->dir->signature) {
        dir->dir->listed_until = expires;
        return true;
    }
    if (fresh)
        drop_links(session, dir, false);
    else
        links_drop_soon(session, dir);
    return false;
}

void links_listed(struct session *session, struct node *dir)
{
    uint64_t signature = tree_list_signature(session->tree, &dir->place);
    if (signature != dir->dir->signature)
        drop_links(session, dir, false);
    dir->dir->signature = signature;
}
