#include "mount/ahead.h"

#include "base/clock.h"
#include "base/config.h"

#include <string.h>

/*
 * Two guesses at what will be read, each made only after it has come true a few times.
 *
 * Siblings. Once several files of a directory have been read within a second of each other, the bytes of those that
 * the kernel knows and does not have are pushed into its page cache, beginning behind the one just read and going
 * round; twice as many each time a read shows that the guess was good, and WINDOW_BYTES at most. A lone `cat` pushes nothing, and `ls` reads
 * nothing.
 *
 * Cousins. A shell's glob stats services/101/info.json, services/102/info.json, … one after another before `cat` even
 * starts. When the same name is asked for below several directories in a row, in either direction, the documents behind
 * the next ones are fetched, as many at once as there are connections, never more than `readahead` ahead.
 */
#define SPREE_MS          1000 /* reads further apart are not one after another */
#define READS_BEFORE_PUSH 3
#define FIRST_WINDOW      16
#define WINDOW_MAX        4096
#define WINDOW_BYTES      (32u << 20)
#define QUEUE_MAX         8192 /* jobs that may wait for the pusher */

static bool pushable(const struct node *node)
{
    return node->current && node->nlookup && !node->in_cache && node_snapshot(node) && node->snapshot->len > 0;
}

/* Pushes the next `window` children that are wanted, from the cursor on, once round at most. */
static void push_from_cursor(struct session *session, struct directory *dir, struct node *after)
{
    unsigned room = QUEUE_MAX - push_queued(session->push), pushed = 0;
    size_t bytes = 0;
    struct node *at = dir->cursor ? dir->cursor : after;
    struct node *const start = at;

    /* What is read now waits in the queue, or was pushed a moment ago: to look at a hundred thousand nodes again for
     * each such read would take longer than the reads. */
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
    /* All of them were pushed or read some time ago, and still one had to be read: the kernel has dropped pages. */
    for (at = dir->first_child; at; at = at->next_sibling)
        at->in_cache = at == after;
    dir->cursor = after;
    dir->exhausted = 0;
    dir->last_push = clock_ms(); /* and so not again for a while */
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

/* Fetches what `leaf` shows below the directory `dir`; false when it is better to stop. */
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
    if (spree->cousin == dir->nodeid) /* another reader of the same file tells nothing of its cousins */
        return;
    bool back = dir->nodeid < spree->cousin; /* bash goes through a glob's directories from the last one on */
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
