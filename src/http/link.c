/* SPDX-License-Identifier: MIT */
#include "http/link.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define SPACE " \t"

struct text {
    const char *at;
    size_t len;
};

/* A link while it is read: its target, and the value of its first rel parameter. */
struct link {
    struct text target, rel;
    bool has_rel, has_anchor;
};

static const char *skip_space(const char *at)
{
    return at + strspn(at, SPACE);
}

static bool is_called(struct text name, const char *other)
{
    return name.len == strlen(other) && strncasecmp(name.at, other, name.len) == 0;
}

/* Reads the value of a parameter, a token or a quoted string. Returns where it ends, or NULL if a quote is missing. The
 * backslashes in a quoted string stay: no relation type has one. */
static const char *read_value(const char *at, struct text *ret)
{
    bool quoted = *at == '"';
    const char *end;

    at += quoted;
    if (!quoted)
        end = at + strcspn(at, SPACE ";,");
    else
        for (end = at; *end != '"'; end++)
            if (!*end || (*end == '\\' && !*++end))
                return NULL;
    *ret = (struct text){at, (size_t)(end - at)};
    return end + quoted;
}

/* Reads one parameter, which may be empty, and notes it in the link. */
static const char *read_parameter(const char *at, struct link *link)
{
    struct text name = {at, strcspn(at, SPACE "=;,")}, value = {"", 0};

    at = skip_space(at + name.len);
    if (*at == '=' && !(at = read_value(skip_space(at + 1), &value)))
        return NULL;
    if (is_called(name, "rel") && !link->has_rel) {
        link->has_rel = true;
        link->rel = value;
    }
    link->has_anchor = link->has_anchor || is_called(name, "anchor");
    return skip_space(at);
}

/* Reads one link. Returns where it ends, at a comma or the end of the header; NULL if it is faulty. */
static const char *read_link(const char *at, struct link *ret)
{
    const char *end = *at == '<' ? strchr(at, '>') : NULL;

    if (!end)
        return NULL;
    *ret = (struct link){.target = {skip_space(at + 1), 0}, .rel = {"", 0}};
    if (ret->target.at < end)
        ret->target.len = (size_t)(end - ret->target.at);
    while (ret->target.len > 0 && strchr(SPACE, ret->target.at[ret->target.len - 1]))
        ret->target.len--;
    at = skip_space(end + 1);
    while (at && *at == ';')
        at = read_parameter(skip_space(at + 1), ret);
    return at && (*at == ',' || *at == '\0') ? at : NULL;
}

static bool has_type(struct text rel, const char *type)
{
    const char *end = rel.at + rel.len;

    while (rel.at < end) {
        struct text word = {rel.at, 0};
        while (word.at + word.len < end && !strchr(SPACE, word.at[word.len]))
            word.len++;
        if (is_called(word, type))
            return true;
        rel.at += word.len + 1;
    }
    return false;
}

const char *link_find(const char *value, const char *rel, size_t *ret_len)
{
    const char *at = value;
    struct link link;

    do {
        /* A list may hold empty elements. */
        at += strspn(at, SPACE ",");
        at = read_link(at, &link);
        if (at && link.target.len > 0 && !link.has_anchor && has_type(link.rel, rel)) {
            *ret_len = link.target.len;
            return link.target.at;
        }
    } while (at && *at);
    return NULL;
}
