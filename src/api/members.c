/* SPDX-License-Identifier: MIT */
#include "api/members.h"

#include <json-c/printbuf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A name to look for. */
struct wanted {
    const char *name;
    size_t len;
    unsigned target;
    unsigned rank; /* among the target's names; the lowest wins */
};

struct members {
    struct wanted wanted[MEMBERS_TARGETS * ENDPOINT_ALIASES];
    unsigned n_wanted;
    uint64_t lengths;     /* one bit for each wanted length, modulo 64: skips most members without a comparison */
    struct printbuf *key; /* a key with escapes, decoded */
};

struct members *members_new(void)
{
    struct members *members = calloc(1, sizeof *members);
    if (!members)
        return NULL;
    members->key = printbuf_new();
    if (!members->key) {
        members_free(members);
        return NULL;
    }
    return members;
}

void members_free(struct members *members)
{
    if (!members)
        return;
    printbuf_free(members->key);
    free(members);
}

void members_want(struct members *members, unsigned target, const char *const names[ENDPOINT_ALIASES])
{
    for (unsigned i = 0; i < ENDPOINT_ALIASES && names[i]; i++) {
        size_t len = strlen(names[i]);
        members->wanted[members->n_wanted++] = (struct wanted){names[i], len, target, i};
        members->lengths |= UINT64_C(1) << (len % 64);
    }
}

/* Whether any name has this length, or a length that looks like it. */
static bool is_wanted(const struct members *members, size_t len)
{
    return members->lengths & UINT64_C(1) << (len % 64);
}

static void take_member(const struct members *members, struct json_slice name, struct json_slice value,
                        struct json_slice found[MEMBERS_TARGETS], unsigned ranks[MEMBERS_TARGETS])
{
    for (unsigned i = 0; i < members->n_wanted; i++) {
        const struct wanted *wanted = &members->wanted[i];
        if (wanted->len != name.len || memcmp(wanted->name, name.at, name.len) != 0)
            continue;
        if (!found[wanted->target].at || wanted->rank <= ranks[wanted->target]) {
            found[wanted->target] = value;
            ranks[wanted->target] = wanted->rank;
        }
    }
}

int members_find(struct members *members, struct json_slice object, struct json_slice found[MEMBERS_TARGETS])
{
    unsigned ranks[MEMBERS_TARGETS];
    struct json_slice key, value;
    int r;

    memset(found, 0, MEMBERS_TARGETS * sizeof *found);
    if (object.len == 0 || object.at[0] != '{')
        return 0;
    while ((r = json_next_member(&object, &key, &value)) > 0) {
        struct json_slice name = {key.at + 1, key.len - 2};
        if (memchr(name.at, '\\', name.len)) {
            printbuf_reset(members->key);
            r = json_scalar_text(key, members->key);
            if (r < 0)
                return r;
            name = (struct json_slice){members->key->buf, (size_t)printbuf_length(members->key)};
        }
        if (is_wanted(members, name.len))
            take_member(members, name, value, found, ranks);
    }
    return r;
}

/* ---- in an indented text ---- */

/* The lines of the object's own members and of their closing brackets are indented by this many spaces; all lines between
 * them by more. */
#define OWN_INDENT 2

/* The end of the line that `at` is in: its newline, or `end`. */
static const char *line_end(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline ? newline : end;
}

/* The value that begins at `at`, in a line of one of the object's own members. */
static struct json_slice value_at(const char *at, const char *end)
{
    const char *stop = line_end(at, end);
    if ((*at == '{' || *at == '[') && stop == at + 1) {
        while (end - stop > OWN_INDENT + 1 && stop[1 + OWN_INDENT] == ' ')
            stop = line_end(stop + 1, end);
        return (struct json_slice){at, (size_t)(stop + OWN_INDENT + 2 - at)};
    }
    return (struct json_slice){at, (size_t)(stop - at) - (stop[-1] == ',')};
}

int members_find_in_text(struct members *members, struct json_slice text, struct json_slice found[MEMBERS_TARGETS])
{
    unsigned ranks[MEMBERS_TARGETS];
    const char *at = text.at, *end = text.at + text.len;

    memset(found, 0, MEMBERS_TARGETS * sizeof *found);
    if (text.len == 0 || *at != '{')
        return 0;
    for (; (at = line_end(at, end)) < end; at++) {
        const char *key = at + 1 + OWN_INDENT + 1;
        if (end - key < 4 || key[-1] != '"')
            continue;
        const char *quote = memchr(key, '"', (size_t)(end - key));
        struct json_slice name = {key, (size_t)(quote - key)};
        if (memchr(key, '\\', name.len))
            return members_find(members, text, found); /* a key with an escape: to be decoded */
        if (is_wanted(members, name.len))
            take_member(members, name, value_at(quote + 3, end), found, ranks); /* after `": ` */
    }
    return 0;
}
