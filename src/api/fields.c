/* SPDX-License-Identifier: MIT */
#include "api/fields.h"

#include "api/documents.h"
#include "api/endpoints.h"

#include <json-c/printbuf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The targets: the id, and the fields from FIRST_FIELD on. */
enum { ID, FIRST_FIELD };
#define TARGETS (FIRST_FIELD + SNAPSHOT_FIELDS)

/* A member name to look for. */
struct wanted {
    const char *name;
    size_t len;
    unsigned target;
    unsigned alias; /* rank among the target's names; the lowest wins */
};

/* A member that was found. */
struct member {
    struct json_slice value;
    unsigned alias;
};

struct fields {
    const struct endpoint_reading *reading;
    struct wanted wanted[TARGETS * ENDPOINT_ALIASES];
    unsigned n_wanted;
    uint64_t lengths; /* one bit for each wanted length, modulo 64: skips most members without a comparison */
    struct printbuf *key;
    struct printbuf *texts[SNAPSHOT_FIELDS];
};

static void want(struct fields *fields, unsigned target, const char *const aliases[ENDPOINT_ALIASES])
{
    for (unsigned i = 0; i < ENDPOINT_ALIASES && aliases[i]; i++) {
        size_t len = strlen(aliases[i]);
        fields->wanted[fields->n_wanted++] = (struct wanted){aliases[i], len, target, i};
        fields->lengths |= UINT64_C(1) << (len % 64);
    }
}

struct fields *fields_new(const struct endpoint_reading *reading)
{
    struct fields *fields = calloc(1, sizeof *fields);
    if (!fields)
        return NULL;
    fields->reading = reading;
    want(fields, ID, reading->ids);
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        want(fields, FIRST_FIELD + i, reading->fields[i].names);

    bool ok = (fields->key = printbuf_new());
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        ok = (fields->texts[i] = printbuf_new()) && ok;
    if (!ok) {
        fields_free(fields);
        return NULL;
    }
    return fields;
}

void fields_free(struct fields *fields)
{
    if (!fields)
        return;
    printbuf_free(fields->key);
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        printbuf_free(fields->texts[i]);
    free(fields);
}

static void take_member(const struct fields *fields, struct json_slice name, struct json_slice value,
                        struct member found[TARGETS])
{
    if (!(fields->lengths & UINT64_C(1) << (name.len % 64)))
        return;
    for (unsigned i = 0; i < fields->n_wanted; i++) {
        const struct wanted *wanted = &fields->wanted[i];
        struct member *member = &found[wanted->target];
        if (wanted->len != name.len || memcmp(wanted->name, name.at, name.len) != 0)
            continue;
        if (!member->value.at || wanted->alias <= member->alias)
            *member = (struct member){value, wanted->alias};
    }
}

static int find_members(struct fields *fields, struct json_slice item, struct member found[TARGETS])
{
    struct json_slice key, value;
    int r;

    while ((r = json_next_member(&item, &key, &value)) > 0) {
        struct json_slice name = {key.at + 1, key.len - 2};
        if (memchr(name.at, '\\', name.len)) {
            printbuf_reset(fields->key);
            r = json_scalar_text(key, fields->key);
            if (r < 0)
                return r;
            name = (struct json_slice){fields->key->buf, (size_t)printbuf_length(fields->key)};
        }
        take_member(fields, name, value, found);
    }
    return r;
}

static int read_text(struct json_slice value, struct printbuf *text, char **ret)
{
    *ret = NULL;
    if (!value.at || value.at[0] == 'n' || value.at[0] == '{' || value.at[0] == '[')
        return 0;
    printbuf_reset(text);
    int r = json_scalar_text(value, text);
    if (r == 0)
        *ret = text->buf;
    return r;
}

/* Returns one spelling for all that differ in the case of letters only: the known value if `text` is one, else `text`
 * with a capital letter at the beginning of each word. Changes `text`. */
static const char *one_spelling(const char *const *known, char *text)
{
    for (; *known; known++)
        if (strcasecmp(*known, text) == 0)
            return *known;
    for (char *p = text; *p; p++) {
        bool inside = p > text && p[-1] != ' ';
        if (inside && *p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
        else if (!inside && *p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    }
    return text;
}

static uint64_t id_of(const char *text)
{
    if (!text || *text < '0' || *text > '9' || (*text == '0' && text[1]))
        return ITEM_NO_ID;
    char *end;
    uint64_t id = strtoull(text, &end, 10); /* UINT64_MAX when the number is too large */
    return *end || id > ITEM_ID_MAX ? ITEM_NO_ID : id;
}

int fields_read(struct fields *fields, struct json_slice item, uint64_t *ret_id, const char *ret_texts[SNAPSHOT_FIELDS])
{
    struct member found[TARGETS] = {{{NULL, 0}, 0}};
    char *id;

    int r = find_members(fields, item, found);
    if (r == 0)
        r = read_text(found[ID].value, fields->key, &id);
    if (r < 0)
        return r;
    *ret_id = id_of(id);
    for (unsigned i = 0; r == 0 && i < SNAPSHOT_FIELDS; i++) {
        char *text;
        const char *const *known = fields->reading->fields[i].known;
        r = read_text(found[FIRST_FIELD + i].value, fields->texts[i], &text);
        if (r == 0)
            ret_texts[i] = text && known ? one_spelling(known, text) : text;
    }
    return r;
}
