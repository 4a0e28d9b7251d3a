/* SPDX-License-Identifier: MIT */
#include "json/scan.h"

#include <errno.h>

/* The bytes that may be part of a number or word. */
static const bool BARE[256] = {
    ['0' ... '9'] = true, ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['+'] = true, ['-'] = true, ['.'] = true,
};

/* The bytes outside strings that decide where a value ends. */
static const bool MARK[256] = {['"'] = true, ['{'] = true, ['}'] = true, ['['] = true, [']'] = true};

/* Moves *at from inside a string to the byte after its closing quote, or to `end` if the quote is not there. */
static inline int scan_string(struct json_scan *scan, const char **at, const char *end)
{
    const char *next = scan->state == SCAN_ESCAPE ? *at + 1 : *at;
    int r = 0;

    scan->state = SCAN_STRING;
    while (r == 0 && (next = json_skip_plain(next, end)) < end) {
        char c = *next++;

        if (c == '"') {
            scan->state = SCAN_BETWEEN;
            break;
        }
        if (c != '\\')
            r = -EBADMSG;
        else if (next < end)
            next++;
        else
            scan->state = SCAN_ESCAPE;
    }
    *at = next;
    return r;
}

/* Takes a bracket. Returns false if it is nested too deep, or closes a bracket that is not open. */
static inline bool scan_bracket(struct json_scan *scan, char bracket)
{
    if (bracket == '{' || bracket == '[') {
        if (scan->depth == JSON_DEPTH)
            return false;
        scan->open[scan->depth++] = bracket == '{' ? '}' : ']';
        return true;
    }
    return scan->depth > 0 && scan->open[--scan->depth] == bracket;
}

/* Moves *at to the end of a string, object or array (returns 1), or to `end` if the value goes on (returns 0). */
static int scan_brackets(struct json_scan *scan, const char **at, const char *end)
{
    const char *next = *at;
    int r = 0;

    while (r == 0 && next < end) {
        if (scan->state != SCAN_BETWEEN) {
            r = scan_string(scan, &next, end);
            if (r == 0)
                r = scan->state == SCAN_BETWEEN && scan->depth == 0;
            continue;
        }
        while (next < end && !MARK[(unsigned char)*next])
            next++;
        if (next == end)
            break;
        if (*next == '"')
            scan->state = SCAN_STRING;
        else if (!scan_bracket(scan, *next))
            r = -EBADMSG;
        else
            r = scan->depth == 0;
        next++;
    }
    *at = next;
    return r;
}

static int scan_bare(const char **at, const char *end)
{
    while (*at < end && BARE[(unsigned char)**at])
        (*at)++;
    return *at < end;
}

int json_scan(struct json_scan *scan, const char *bytes, size_t len, size_t *ret_used)
{
    const char *at = bytes, *end = bytes + len;
    int r;

    if (scan->state == SCAN_NEW && len > 0)
        scan->state = *at == '"' || *at == '{' || *at == '[' ? SCAN_BETWEEN : SCAN_BARE;
    r = scan->state == SCAN_BARE ? scan_bare(&at, end) : scan_brackets(scan, &at, end);
    *ret_used = (size_t)(at - bytes);
    return r;
}
