/* SPDX-License-Identifier: MIT */
#include "mount/ahead.h"

#include "base/clock.h"
#include "base/config.h"

#include <string.h>

/*
 * Two guesses at what will be read, each made only after it has come true a few times.
 *
 * Siblings. When READS_BEFORE_PUSH files of a directory have been read, each within a second of the last, the bytes of
 * other files in the directory are pushed into the kernel's page cache: of files whose node the kernel knows and whose
 * bytes it does not have. Pushing begins after the file just read and goes round. Each read that shows that the guess
 * was good doubles the number of files, and WINDOW_BYTES is the limit. A lone `cat` pushes nothing, and `ls` reads
 * nothing.
 *
 * Cousins. A shell's glob stats services/101/info.json, services/102/info.json, … one after another before `cat` even
 * starts. When files of the same name are asked for in several directories in a row, in either direction, the documents
 * of the same files in the next directories are fetched: as many at once as there are connections, and never more than
 * `readahead` directories ahead.
 */
#define SPREE_MS          1000 /* reads further apart than this do not count as a row */
#define READS_BEFORE_PUSH 3
#define FIRST_WINDOW      16
#define WINDOW_MAX        4096
#define WINDOW_BYTES      (32u << 20)
#define QUEUE_MAX         8192 /* jobs that may wait for the pusher */

static bool pushable(const struct node *node)
{
    return node->current && node->nlookup && !node->in_cache && node_snapshot(node) && node->snapshot->len > 0;
}

/* Pushes the next `window` files that are pushable(), from the cursor on, and goes round once at most. */
static void push_from_cursor(struct session *session, struct directory *dir, struct node *after)
{
    unsigned room = QUEUE_MAX - push_queued(session->push), pushed = 0;
    size_t bytes = 0;
    struct node *at = dir->cursor ? dir->cursor : after;
    struct node *const start = at;

    /* Everything has been pushed a moment ago, or is queued. To look at a hundred thousand nodes again for each read
     * would take longer than the reads. */
    if (dir->exhausted == dir->last_child->nodeid && clock_ms() - dir->last_push < SPREE_MS)
        return;
    if (room > dir->window)
        room = dir->window;
    do {
        if (pushable(at)) {
            push_bytes(session->push, at->nodeid, at->snapshot);
            at->in_cache = true;
            pushed++;
            bytes += at->snapshot->len;
        }
        at = at->next_sibling ? at->next_sibling : dir->first_child;
    } while (at != start && pushed < room && bytes < WINDOW_BYTES);
    dir->cursor = at;
    dir->exhausted = at == start ? dir->last_child->nodeid : 0;
    if (pushed > 0)
        dir->last_push = clock_ms();
    if (pushed > 0 || room == 0 || clock_ms() - dir->last_push < SPREE_MS)
        return;
    /* All files were pushed or read some time ago, and still the kernel had to read one: it has dropped pages. */
    for (at = dir->first_child; at; at = at->next_sibling)
        at->in_cache = at == after;
    dir->cursor = after;
    dir->exhausted = 0;
    dir->last_push = clock_ms(); /* so that this does not happen again at once */
}

void ahead_of_read(struct session *session, struct node *node)
{
    struct directory *dir = node->parent->dir;
    int64_t now = clock_ms();

    node->in_cache = true;
    if (!session->config->push)
        return;
    if (now - dir->last_read > SPREE_MS) {
        dir->reads = dir->window = 0;
        dir->cursor = NULL;
    }
    dir->last_read = now;
    if (++dir->reads < READS_BEFORE_PUSH || push_queued(session->push) >= QUEUE_MAX)
        return;
    dir->window = dir->window ? dir->window * 2 : FIRST_WINDOW;
    if (dir->window > WINDOW_MAX)
        dir->window = WINDOW_MAX;
    push_from_cursor(session, dir, node);
}

/* Fetches the document of the file `leaf` in `dir`. False when the client is busy, so that the caller must stop. */
static bool fetch_cousin(struct session *session, struct node *dir, const char *leaf)
{
    struct place place;
    if (place_child(&dir->place, leaf, &place) < 0)
        return true;
    bool on = place.route->kind != ROUTE_FILE || tree_prefetch(session->tree, &place);
    place_clear(&place);
    return on;
}

void ahead_of_getattr(struct session *session, struct node *node)
{
    struct node *dir = node->parent, *above = dir ? dir->parent : NULL;
    int64_t now = clock_ms();

    if (!above || session->config->readahead == 0 || route_shape(dir->place.route)->segment == SEGMENT_FIXED)
        return;
    struct directory *spree = above->dir;
    if (now - spree->last_read > SPREE_MS * 10)
        spree->reads = spree->window = 0;
    spree->last_read = now;
    if (spree->cousin == dir->nodeid) /* the same directory again says nothing about the next one */
        return;
    bool back = dir->nodeid < spree->cousin; /* bash goes through a glob's directories from the last to the first */
    spree->cousin = dir->nodeid;
    if (++spree->reads < 2)
        return;
    spree->window = spree->window ? spree->window * 2 : 2;
    if (spree->window > session->config->readahead)
        spree->window = session->config->readahead;
    struct node *at = back ? dir->prev_sibling : dir->next_sibling;
    for (unsigned n = 0; at && n < spree->window; at = back ? at->prev_sibling : at->next_sibling, n++)
        if (at->place.route == dir->place.route && !fetch_cousin(session, at, node->name))
            break;
}
