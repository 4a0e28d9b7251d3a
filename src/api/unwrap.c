/* SPDX-License-Identifier: MIT */
#include "api/unwrap.h"

#include "api/envelope_names.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The largest number of objects and arrays around an object. */
#define AROUND_MAX 4

/* The most bytes of members that are collected, and the most of one member. */
#define BESIDE_MAX        ((size_t)64 << 10)
#define BESIDE_MEMBER_MAX 16384

/* ---- what stands beside it ---- */

int beside_open(struct printbuf *beside)
{
    return printbuf_memappend(beside, "{", 1) < 0 ? -ENOMEM : 0;
}

int beside_append(struct printbuf *beside, const char *key, struct json_slice raw)
{
    if (strlen(key) + raw.len > BESIDE_MAX || (size_t)printbuf_length(beside) > BESIDE_MAX - strlen(key) - raw.len)
        return 0;
    if (printbuf_length(beside) > 1 && printbuf_memappend(beside, ",", 1) < 0)
        return -ENOMEM;
    int r = json_quote(key, beside);
    if (r < 0)
        return r;
    return printbuf_memappend(beside, ":", 1) < 0 || printbuf_memappend(beside, raw.at, (int)raw.len) < 0 ? -ENOMEM : 0;
}

int beside_close(struct printbuf *beside)
{
    return printbuf_memappend(beside, "}", 1) < 0 ? -ENOMEM : 0;
}

/* ---- the search ---- */

struct search {
    const struct wanted *wanted;
    struct printbuf *path, *beside;
    struct printbuf *key; /* scratch: a member's decoded key */
    struct printbuf *scratch;
    bool exact;         /* only an object with the id that was asked for is accepted */
    bool strict;        /* only what shows that it is what was asked for is accepted */
    unsigned strangers; /* how many names that mean nothing lead here */
    enum form form;
    struct json_slice found;
};

static int search_in(struct search *search, struct json_slice raw, unsigned around);

static int read_key(struct search *search, struct json_slice key)
{
    printbuf_reset(search->key);
    return json_scalar_text(key, search->key);
}

static int accept(struct search *search, struct json_slice raw)
{
    search->found = raw;
    if (search->form == FORM_NONE)
        search->form = FORM_ONE;
    return 0;
}

static bool has_id(struct search *search, struct json_slice object, uint64_t id)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, id);
    for (const char *const *name = search->wanted->ids; object.at[0] == '{' && *name; name++) {
        struct json_slice value = json_find_member(object, *name, search->scratch);
        printbuf_reset(search->scratch);
        if (value.at && json_scalar_text(value, search->scratch) == 0 && search->scratch->buf &&
            strcmp(search->scratch->buf, text) == 0)
            return true;
    }
    return false;
}

/* True if an object has a key that only a map of prices has. The keys of the map's first level may look like anything,
 * so with `deeper` > 0 such a key in a member of the object is enough. */
static bool is_map(struct search *search, struct json_slice object, unsigned deeper)
{
    struct json_slice key, value;

    while (json_next_member(&object, &key, &value) > 0) {
        if (read_key(search, key) < 0)
            continue;
        if (search->wanted->is_map_key(search->key->buf))
            return true;
        if (deeper > 0 && value.at[0] == '{' && name_class_of(search->key->buf, search->wanted->names) == NAME_OTHER &&
            is_map(search, value, deeper - 1))
            return true;
    }
    return false;
}

/* True if the object shows that it is the one that was asked for: by its id, its first field, or the keys of a map. */
static bool is_it(struct search *search, struct json_slice object)
{
    const struct wanted *wanted = search->wanted;

    if (wanted->shape == SHAPE_PRICES)
        return is_map(search, object, 1);
    if (!wanted->ids[0])
        return object_has_scalar(object, wanted->signs, search->scratch);
    bool has = wanted->by_id && (search->exact || search->strangers > 0)
                   ? has_id(search, object, wanted->id)
                   : object_has_id(object, wanted->ids, search->scratch);
    return has && !object_is_call(object, search->scratch);
}

/* Of an array with one element, that element is searched; of a longer array, the element with the id that was asked
 * for. */
static int search_in_array(struct search *search, struct json_slice array, unsigned around)
{
    struct json_slice rest = array, element, first = {NULL, 0}, mine = {NULL, 0};
    size_t n = 0;

    while (json_next_element(&rest, &element) > 0) {
        first = n++ == 0 ? element : first;
        if (!mine.at && search->wanted->by_id && has_id(search, element, search->wanted->id))
            mine = element;
    }
    if (n == 0 && search->wanted->shape == SHAPE_PRICES && !search->strict)
        return accept(search, (struct json_slice){"{}", 2});
    if ((n != 1 && !mine.at) || (search->wanted->shape == SHAPE_PRICES && !search->strict))
        return -ENOENT;
    enum form form = search->form;
    search->form = FORM_LIST;
    int r = search_in(search, mine.at ? mine : first, around + 1);
    if (r < 0)
        search->form = form;
    return r;
}

/* Searches the members of an object whose names have this class. */
static int search_members(struct search *search, struct json_slice object, enum name_class class, unsigned around)
{
    struct json_slice rest = object, key, value;
    int length = printbuf_length(search->path), r = -ENOENT;

    search->strangers += class == NAME_OTHER;
    while (r == -ENOENT && json_next_member(&rest, &key, &value) > 0) {
        if (!strchr("{[n", value.at[0]) || read_key(search, key) < 0 ||
            name_class_of(search->key->buf, search->wanted->names) != class)
            continue;
        bool number = name_is_number(search->key->buf);
        sprintbuf(search->path, "%s%s", length > 0 ? "." : "", search->key->buf);
        r = search_in(search, value, around + 1);
        if (r == -ENOENT) {
            search->path->bpos = length;
            search->path->buf[length] = '\0';
        } else if (r == 0 && number && search->form == FORM_ONE) {
            search->form = FORM_KEYED;
        }
    }
    search->strangers -= class == NAME_OTHER;
    return r;
}

/* True if an object is only an envelope: at least one member, under one of the known names, can hold what was asked
 * for, and all others are such as may stand beside it. */
static bool is_envelope(struct search *search, struct json_slice object)
{
    struct json_slice key, value;
    size_t n = 0, inner = 0;

    while (json_next_member(&object, &key, &value) > 0) {
        if (read_key(search, key) < 0)
            return false;
        bool holds = name_class_of(search->key->buf, search->wanted->names) >= NAME_GENERIC;
        inner += holds && (value.at[0] == '{' || value.at[0] == '[' || value.at[0] == 'n');
        if (!holds && !name_is_beside(search->key->buf))
            return false;
        n++;
    }
    return n > 0 && inner > 0;
}

static int search_in_object(struct search *search, struct json_slice object, unsigned around)
{
    static const enum name_class order[] = {NAME_OWN, NAME_GENERIC, NAME_OTHER};
    size_t n = search->strict ? 3 : 2;
    int r = -ENOENT;

    if (search->strict ? is_it(search, object) : !is_envelope(search, object))
        return accept(search, object);
    for (size_t i = 0; r == -ENOENT && i < n; i++)
        r = search_members(search, object, order[i], around);
    return r;
}

static int search_in(struct search *search, struct json_slice raw, unsigned around)
{
    if (around > AROUND_MAX)
        return -ENOENT;
    if (raw.at[0] == '{')
        return search_in_object(search, raw, around);
    if (raw.at[0] == '[')
        return search_in_array(search, raw, around);
    if (raw.at[0] == 'n' && search->wanted->shape == SHAPE_PRICES && !search->strict)
        return accept(search, (struct json_slice){"{}", 2});
    return -ENOENT;
}

/* First looks for the id that was asked for, if one was; then for what shows that it is such an object or map. If nothing
 * does, takes what an envelope holds, or the answer itself if it is no envelope. */
static int search_all(struct search *search, struct json_slice raw, unsigned around)
{
    search->strict = true;
    search->exact = search->wanted->by_id;
    int r = search_in(search, raw, around);
    if (r == -ENOENT && search->exact) {
        search->exact = false;
        r = search_in(search, raw, around);
    }
    search->strict = false;
    return r == -ENOENT ? search_in(search, raw, around) : r;
}

/* Follows the configured path. */
static int follow(struct search *search, struct json_slice raw)
{
    char name[256];

    for (const char *part = search->wanted->list; part; part = strchr(part, '.') ? strchr(part, '.') + 1 : NULL) {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(part, "."), part);
        if (raw.at[0] != '{')
            return -ENOENT;
        raw = json_find_member(raw, name, search->scratch);
        if (!raw.at)
            return -ENOENT;
    }
    sprintbuf(search->path, "%s", search->wanted->list);
    return search_all(search, raw, AROUND_MAX - 1);
}

/* Collects the members of the whole answer, except the one that holds what was found. */
static int collect(struct search *search, struct json_slice whole)
{
    struct json_slice rest = whole, key, value;
    int r = 0;

    while (r == 0 && whole.at[0] == '{' && json_next_member(&rest, &key, &value) > 0) {
        bool holds = search->found.at >= value.at && search->found.at < value.at + value.len;
        if (holds || value.len > BESIDE_MEMBER_MAX || read_key(search, key) < 0)
            continue;
        r = beside_append(search->beside, search->key->buf, value);
    }
    return r;
}

int unwrap(const struct wanted *wanted, struct json_slice raw, struct printbuf *path, struct printbuf *beside,
           struct json_slice *ret, enum form *ret_form)
{
    struct search search = {
        .wanted = wanted, .path = path, .beside = beside, .key = printbuf_new(), .scratch = printbuf_new()};
    int r = -ENOMEM;

    /* A name or id that cannot be read would be passed over, and something else be found. */
    if (search.key && search.scratch && json_make_room(raw, search.key) == 0 &&
        json_make_room(raw, search.scratch) == 0) {
        r = wanted->list && raw.at[0] == '{' ? follow(&search, raw) : search_all(&search, raw, 0);
        int collected = r == 0 || r == -ENOENT ? collect(&search, raw) : 0;
        r = collected < 0 ? collected : r;
    }
    if (search.key)
        printbuf_free(search.key);
    if (search.scratch)
        printbuf_free(search.scratch);
    if (r == 0) {
        *ret = search.found;
        *ret_form = search.form;
    }
    return r;
}
