/* SPDX-License-Identifier: MIT */
/*
 * A list is found while the answer arrives. At any moment at most one list is the candidate, and the sink has the items
 * of the candidate. A candidate has a rank, which says how surely it is the list that was asked for. A list of a higher
 * rank replaces the candidate; of two lists of the same rank the first stays.
 *
 * An object may turn out at its end to be an item itself: a list of one, without an array around it. To find that out,
 * its bytes are kept until a list inside it rules it out.
 *
 * An object or a map is short. It is read as a whole when the answer is complete (unwrap.c).
 */
#include "api/envelope.h"

#include "api/envelope_names.h"
#include "api/pages.h"
#include "api/unwrap.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The largest number of objects around a list. */
#define ENVELOPES_MAX 3

/* A longer name is cut in envelope_path(). */
#define NAME_SHOWN 64

/* How surely a list is the one that was asked for. */
enum rank {
    RANK_NONE,
    RANK_GUESS = 10,     /* under an unknown name: accepted only if it is the only such list, and its items have ids */
    RANK_KEYED_TOP = 20, /* the whole answer is an object with numbers as keys, or one item */
    RANK_NESTED = 25,    /* under the collection's own name, in an object under an unknown name */
    RANK_GENERIC = 30,   /* under data, value, … */
    RANK_OWN = 40,       /* under the collection's own name */
    RANK_TOP = 100       /* the whole answer is an array */
};

/* A container that is entered. */
struct level {
    bool array;
    bool guided;    /* an object on the configured path: of its members, only the path's next name counts */
    bool no_items;  /* its numbered members have turned out to be something else than items */
    bool items;     /* its elements or numbered members are items of the candidate */
    bool never_one; /* this object cannot be an item: it is under a name that means nothing */
    bool strong;    /* a list inside it rules out that it is an item */
    bool around;    /* the candidate is inside it */
    enum rank rank; /* the rank of a list, or of one item, that it is itself */
    size_t members; /* of an object */
    int beside_at;  /* where its members begin in envelope->beside */
    char name[NAME_SHOWN];
};

/* The list whose items the sink has. */
struct candidate {
    enum rank rank;
    enum form form;
    unsigned depth; /* of the container: how many containers lie around it */
    bool open;      /* it has not ended */
    size_t n;
};

struct envelope {
    const struct wanted *wanted;
    const struct envelope_sink *sink;
    struct json_stream *stream;
    struct level levels[JSON_LEVELS];
    struct candidate candidate;
    bool guesses_differ;     /* two lists have RANK_GUESS, so neither is accepted */
    enum rank empty;         /* the highest rank of a place at which null or {} stood instead of a list */
    bool zero_based;         /* the candidate's keys count from 0, so they are not ids */
    struct printbuf *path;   /* of the candidate */
    struct printbuf *beside; /* an object with the members that stand beside the list; closed at the end */
    int ended_at, ended_end; /* in `beside`: the members of objects around the candidate that have ended */
    struct printbuf *whole;  /* what the answer is, for envelope_describe() */
    struct printbuf *scratch;
    size_t keys_shown;
    int error;
};

static int on_begin(void *data, const struct json_place *place, char first);
static int on_value(void *data, const struct json_place *place, struct json_slice raw);
static int on_leave(void *data, const struct json_place *place, struct json_slice raw);

static const struct json_visitor visitor = {.begin = on_begin, .value = on_value, .leave = on_leave};

struct envelope *envelope_new(const struct wanted *wanted, const struct envelope_sink *sink)
{
    struct envelope *envelope = calloc(1, sizeof *envelope);
    if (!envelope)
        return NULL;
    envelope->wanted = wanted;
    envelope->sink = sink;
    envelope->stream = json_stream_new(&visitor, envelope);
    envelope->path = printbuf_new();
    envelope->beside = printbuf_new();
    envelope->whole = printbuf_new();
    envelope->scratch = printbuf_new();
    if (!envelope->stream || !envelope->path || !envelope->beside || !envelope->whole || !envelope->scratch) {
        envelope_free(envelope);
        return NULL;
    }
    beside_open(envelope->beside);
    return envelope;
}

void envelope_free(struct envelope *envelope)
{
    if (!envelope)
        return;
    json_stream_free(envelope->stream);
    struct printbuf *all[] = {envelope->path, envelope->beside, envelope->whole, envelope->scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            printbuf_free(all[i]);
    free(envelope);
}

/* ---- what stands beside the list, and what the answer is ---- */

static int append_beside(struct envelope *envelope, const char *key, struct json_slice raw)
{
    return raw.at ? beside_append(envelope->beside, key, raw) : 0;
}

/* The list in these objects is not the one: what stands in them is not beside it. */
static void remove_ended(struct envelope *envelope)
{
    struct printbuf *beside = envelope->beside;
    int at = envelope->ended_at, end = envelope->ended_end;

    envelope->ended_at = envelope->ended_end = 0;
    if (end <= at)
        return;
    /* Each member but the first has a comma before it. */
    end += at == 1 && beside->buf[end] == ',';
    memmove(beside->buf + at, beside->buf + end, (size_t)(printbuf_length(beside) - end + 1));
    beside->bpos -= end - at;
    for (size_t i = 0; i < JSON_LEVELS; i++) {
        struct level *level = &envelope->levels[i];
        if (level->beside_at > at)
            level->beside_at = level->beside_at > end ? level->beside_at - (end - at) : at;
    }
}

void envelope_describe(const struct envelope *envelope, struct printbuf *out)
{
    sprintbuf(out, "%s%s", printbuf_length(envelope->whole) > 0 ? envelope->whole->buf : "nothing",
              envelope->guesses_differ ? " and more than one list" : "");
}

/* ---- candidates ---- */

static void set_path(struct envelope *envelope, const struct json_place *place)
{
    printbuf_reset(envelope->path);
    for (unsigned i = 1; i < place->depth; i++)
        sprintbuf(envelope->path, "%s.", envelope->levels[i].name);
    if (place->key)
        sprintbuf(envelope->path, "%.*s", NAME_SHOWN - 1, place->key);
}

static void forget_candidate(struct envelope *envelope)
{
    if (envelope->candidate.open)
        envelope->levels[envelope->candidate.depth].items = false;
    for (size_t i = 0; i < JSON_LEVELS; i++)
        envelope->levels[i].around = false;
    remove_ended(envelope);
    if (envelope->candidate.n > 0)
        envelope->sink->drop(envelope->sink->data);
    envelope->candidate = (struct candidate){RANK_NONE, FORM_NONE, 0, false, 0};
    printbuf_reset(envelope->path);
}

/* A list begins at `place`. Returns true if it is the candidate from now on. */
static bool challenge(struct envelope *envelope, const struct json_place *place, enum rank rank, enum form form)
{
    if (rank <= envelope->candidate.rank || (rank == RANK_GUESS && envelope->guesses_differ))
        return false;
    forget_candidate(envelope);
    envelope->candidate = (struct candidate){rank, form, place->depth, true, 0};
    set_path(envelope, place);
    for (unsigned i = 0; i < place->depth; i++)
        envelope->levels[i].around = true;
    /* An item may have a list called items. Any other name that means something shows that what is around it is no item.
     * Whether an object with numbers as keys is a list or an item is known at its end, and one item is still to be
     * delivered: their bytes stay. */
    if (rank >= RANK_NESTED && (!place->key || strcasecmp(place->key, "items") != 0)) {
        for (unsigned i = 0; i < place->depth; i++)
            envelope->levels[i].strong = true;
        if (form == FORM_LIST)
            json_stream_forget(envelope->stream);
    }
    return true;
}

static int deliver(struct envelope *envelope, const char *key, struct json_slice raw)
{
    envelope->candidate.n++;
    return envelope->sink->item(envelope->sink->data, key, raw);
}

/* Returns 1 if the value looks like an item, 0 if it does not, or an error of json_make_room(). */
static int looks_like_item(struct envelope *envelope, struct json_slice raw)
{
    if (raw.at[0] != '{' || !envelope->wanted->ids[0])
        return raw.at[0] == '{';
    int r = json_make_room(raw, envelope->scratch);
    return r < 0 ? r : object_has_id(raw, envelope->wanted->ids, envelope->scratch);
}

/* An element of an array that may be the list. */
static int take_element(struct envelope *envelope, struct level *level, struct json_slice raw)
{
    bool look = level->rank <= RANK_GUESS && (level->items || (level->members == 1 && level->rank == RANK_GUESS));
    int like = look ? looks_like_item(envelope, raw) : 0;

    if (like < 0)
        return like;
    if (level->items && (level->rank > RANK_GUESS || like))
        return deliver(envelope, NULL, raw);
    if (level->items) {
        forget_candidate(envelope);
        level->items = false;
    } else if (level->members == 1 && level->rank == RANK_GUESS && like) {
        /* A second list under an unknown name. */
        envelope->guesses_differ = true;
        if (envelope->candidate.rank == RANK_GUESS)
            forget_candidate(envelope);
    }
    return 0;
}

/* True if a member is an object that may be an item of a list with numbers as keys. */
static bool may_be_numbered(const struct level *level, const char *key, char first)
{
    return first == '{' && level->rank != RANK_NONE && !level->guided && !level->no_items && name_has_number(key);
}

/* The object at `place` may be an item of a list with numbers as keys. If there is more than a number in the key, as in
 * inv-5, the item must have its own id. */
static int take_numbered(struct envelope *envelope, const struct json_place *place, struct json_slice raw)
{
    struct level *level = &envelope->levels[place->depth - 1];
    struct json_place container = {.depth = place->depth - 1, .key = place->depth > 1 ? level->name : NULL};
    bool number = name_is_number(place->key);
    int like = number ? 1 : looks_like_item(envelope, raw);

    if (like < 0)
        return like;
    if (!like) {
        if (level->items)
            forget_candidate(envelope);
        level->items = false;
        level->no_items = true;
        return 0;
    }
    if (!level->items) {
        if (!challenge(envelope, &container, level->rank, FORM_KEYED))
            return 0;
        level->items = true;
        envelope->zero_based = strcmp(place->key, "0") == 0;
    }
    return deliver(envelope, number && !envelope->zero_based ? place->key : NULL, raw);
}

/* ---- names ---- */

/* The part of the configured path that names a member of an object with `depth` containers around it; NULL after the
 * last part. */
static const char *part_of_path(const struct envelope *envelope, unsigned depth, size_t *ret_len)
{
    const char *part = envelope->wanted->list;

    for (; part && depth > 0; depth--)
        part = strchr(part, '.') ? strchr(part, '.') + 1 : NULL;
    *ret_len = part ? strcspn(part, ".") : 0;
    return part;
}

/* Returns the class of a member's name. *ret_guided says whether the member is on the configured path, and not its
 * end. */
static enum name_class class_of(const struct envelope *envelope, const struct json_place *place, bool *ret_guided)
{
    const struct level *level = &envelope->levels[place->depth - 1];
    size_t len;

    *ret_guided = false;
    if (!level->guided)
        return name_class_of(place->key, envelope->wanted->names);
    const char *part = part_of_path(envelope, place->depth - 1, &len);
    if (!part || strlen(place->key) != len || strncmp(part, place->key, len) != 0)
        return NAME_NEVER;
    *ret_guided = part[len] == '.';
    return NAME_OWN;
}

/* The rank of a list under a name of this class. */
static enum rank rank_of(const struct level *around, enum name_class class)
{
    bool known = around->rank != RANK_NONE;

    switch (class) {
    case NAME_OWN:
        return known && around->rank != RANK_NESTED ? RANK_OWN : RANK_NESTED;
    case NAME_GENERIC:
        return known ? (around->rank > RANK_GENERIC || around->rank == RANK_NESTED ? around->rank : RANK_GENERIC)
                     : RANK_GUESS;
    case NAME_OTHER:
        return RANK_GUESS;
    case NAME_NEVER:
        break;
    }
    return RANK_NONE;
}

/* ---- the walk ---- */

static struct level *open_level(struct envelope *envelope, const struct json_place *place, bool array, enum rank rank)
{
    struct level *level = &envelope->levels[place->depth];

    *level = (struct level){.array = array, .rank = rank, .beside_at = printbuf_length(envelope->beside)};
    snprintf(level->name, sizeof level->name, "%s", place->key ? place->key : "");
    return level;
}

static int begin_array(struct envelope *envelope, const struct json_place *place, enum rank rank)
{
    struct level *level;

    if (rank == RANK_NONE)
        return JSON_BRIEF;
    bool mine = challenge(envelope, place, rank, FORM_LIST);
    if (!mine && (rank != RANK_GUESS || envelope->candidate.rank > RANK_GUESS))
        return JSON_SKIP;
    level = open_level(envelope, place, true, rank);
    level->items = mine;
    return JSON_ENTER;
}

static int begin_object(struct envelope *envelope, const struct json_place *place, enum name_class class, bool guided)
{
    struct level *around = &envelope->levels[place->depth - 1];
    enum rank rank = rank_of(around, class);

    if (class == NAME_NEVER)
        return JSON_BRIEF;
    if (place->depth >= ENVELOPES_MAX)
        rank = rank >= RANK_NESTED ? rank : RANK_NONE;
    if (place->depth >= ENVELOPES_MAX + 1)
        return JSON_SKIP;
    open_level(envelope, place, false, rank == RANK_GUESS ? RANK_NONE : rank)->guided = guided;
    bool keep = (rank != RANK_GUESS && rank != RANK_NONE) || pages_has_name(place->key);
    return keep ? JSON_ENTER_KEEP : JSON_ENTER;
}

static int begin_member(struct envelope *envelope, const struct json_place *place, char first)
{
    const struct level *level = &envelope->levels[place->depth - 1];
    bool guided;
    enum name_class class;

    if (place->depth == 1)
        append_key(envelope->whole, &envelope->keys_shown, place->key);
    if (may_be_numbered(level, place->key, first) && (level->items || level->rank > envelope->candidate.rank))
        return JSON_WHOLE;
    class = class_of(envelope, place, &guided);
    if (first == '{')
        return begin_object(envelope, place, class, guided);
    if (first == '[')
        return begin_array(envelope, place, rank_of(level, class));
    return JSON_BRIEF;
}

static int begin_whole(struct envelope *envelope, const struct json_place *place, char first)
{
    if (envelope->wanted->shape != SHAPE_LIST)
        return JSON_WHOLE;
    if (first == '[' && !envelope->wanted->list)
        return begin_array(envelope, place, RANK_TOP);
    if (first != '{') {
        append_kind(envelope->whole, (struct json_slice){&first, 1}, envelope->scratch);
        return JSON_BRIEF;
    }
    open_level(envelope, place, false, RANK_KEYED_TOP)->guided = envelope->wanted->list;
    return JSON_ENTER_KEEP;
}

static int on_begin(void *data, const struct json_place *place, char first)
{
    struct envelope *envelope = data;

    if (place->depth == 0)
        return begin_whole(envelope, place, first);
    struct level *level = &envelope->levels[place->depth - 1];
    level->members++;
    if (!level->array)
        return begin_member(envelope, place, first);
    return level->items || level->members == 1 ? JSON_WHOLE : JSON_SKIP;
}

static int take_unwrapped(struct envelope *envelope, struct json_slice raw);

/* Null or {} stands at a place of this rank. Returns true if it may stand for an empty list there. */
static bool note_empty(struct envelope *envelope, enum rank rank)
{
    if (rank > envelope->empty && rank >= RANK_KEYED_TOP)
        envelope->empty = rank;
    return rank >= RANK_KEYED_TOP;
}

static int on_value(void *data, const struct json_place *place, struct json_slice raw)
{
    struct envelope *envelope = data;
    bool guided;

    if (place->depth == 0) {
        if (envelope->wanted->shape != SHAPE_LIST)
            return take_unwrapped(envelope, raw);
        if (raw.at && raw.at[0] == 'n')
            note_empty(envelope, RANK_TOP);
        return 0;
    }
    struct level *level = &envelope->levels[place->depth - 1];
    if (level->array)
        return take_element(envelope, level, raw);
    if (raw.at && may_be_numbered(level, place->key, raw.at[0]))
        return take_numbered(envelope, place, raw);
    if (raw.at && raw.at[0] == 'n' && note_empty(envelope, rank_of(level, class_of(envelope, place, &guided))))
        return 0;
    return append_beside(envelope, place->key, raw);
}

/* The object at `place` has ended. It may be an item itself. */
static int leave_object(struct envelope *envelope, const struct json_place *place, struct json_slice raw)
{
    struct level *level = &envelope->levels[place->depth];
    bool may_be = raw.at && level->rank && !level->strong && !level->guided;
    int r = may_be ? json_make_room(raw, envelope->scratch) : 0;
    if (r < 0)
        return r;
    bool one = may_be && object_has_id(raw, envelope->wanted->ids, envelope->scratch) &&
               !object_is_call(raw, envelope->scratch);
    bool inside = level->around || level->items;

    if (level->members == 0)
        note_empty(envelope, level->rank);
    if (one && inside)
        forget_candidate(envelope);
    else if (level->items)
        envelope->candidate.open = false;
    if (one || (level->rank == RANK_NONE && !inside)) {
        envelope->beside->bpos = level->beside_at;
        envelope->beside->buf[level->beside_at] = '\0';
    }
    if (!inside && level->rank == RANK_NONE && pages_has_name(place->key))
        return append_beside(envelope, place->key, raw);
    if (!one && inside) {
        envelope->ended_at = level->beside_at;
        envelope->ended_end = printbuf_length(envelope->beside);
    }
    if (!one || !challenge(envelope, place, level->rank, FORM_ONE))
        return 0;
    envelope->candidate.open = false;
    return deliver(envelope, NULL, raw);
}

static int on_leave(void *data, const struct json_place *place, struct json_slice raw)
{
    struct envelope *envelope = data;
    struct level *level = &envelope->levels[place->depth];

    if (!level->array)
        return leave_object(envelope, place, raw);
    if (level->items && level->rank == RANK_GUESS && level->members == 0)
        forget_candidate(envelope);
    else if (level->items)
        envelope->candidate.open = false;
    return 0;
}

/* ---- the end ---- */

static int take_unwrapped(struct envelope *envelope, struct json_slice raw)
{
    struct json_slice inner = {NULL, 0};
    enum form form;

    int r = json_check(raw, envelope->scratch);
    if (r == 0) {
        append_kind(envelope->whole, raw, envelope->scratch);
        r = unwrap(envelope->wanted, raw, envelope->path, envelope->beside, &inner, &form);
    }
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    envelope->candidate = (struct candidate){RANK_TOP, form, 0, false, 0};
    return deliver(envelope, NULL, inner);
}

int envelope_feed(struct envelope *envelope, const char *bytes, size_t len)
{
    return json_stream_feed(envelope->stream, bytes, len);
}

/* Returns 1 if the answer says that there are no items: its total is 0. Otherwise 0, or -ENOMEM. */
static int says_none(const struct envelope *envelope)
{
    struct pages pages = {0};
    int r = pages_read(envelope_beside(envelope), &pages);
    bool none = pages.has_total && pages.total == 0;

    pages_free(&pages);
    return r < 0 ? r : none;
}

int envelope_end(struct envelope *envelope)
{
    int r = json_stream_end(envelope->stream);
    if (r < 0)
        return r;
    r = beside_close(envelope->beside);
    if (r < 0)
        return r;
    int none =
        envelope->wanted->shape == SHAPE_LIST && envelope->candidate.rank <= RANK_GUESS ? says_none(envelope) : 0;
    if (none < 0)
        return none;
    /* A list that is only guessed is another one if the list that was asked for is there and empty, or its total is 0. */
    if (envelope->candidate.rank == RANK_GUESS &&
        (none || envelope->empty == RANK_OWN || envelope->empty == RANK_NESTED)) {
        /* The members stay that stand beside it in the answer: they may say that the answer is a failure. */
        envelope->ended_at = envelope->ended_end = 0;
        forget_candidate(envelope);
    }
    if (envelope->candidate.rank)
        return 0;
    if (envelope->wanted->shape != SHAPE_LIST || (!envelope->empty && !none))
        return -ENOENT;
    envelope->candidate.form = FORM_EMPTY;
    return 0;
}

enum form envelope_form(const struct envelope *envelope)
{
    return envelope->candidate.form;
}

const char *envelope_path(const struct envelope *envelope)
{
    return printbuf_length(envelope->path) > 0 ? envelope->path->buf : "";
}

struct json_slice envelope_beside(const struct envelope *envelope)
{
    return (struct json_slice){envelope->beside->buf, (size_t)printbuf_length(envelope->beside)};
}
