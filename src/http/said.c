/* SPDX-License-Identifier: MIT */
#include "http/said.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/line.h"
#include "base/log.h"
#include "base/utf8.h"
#include "http/http.h"
#include "http/redirect.h"
#include "json/json.h"

#define TITLE_MAX 80
#define TEXT_MAX  40
/* Secrets are replaced before a text is cut. Bytes beyond these do not matter for what is shown. */
#define READ_MAX 65536

struct text {
    const char *at;
    size_t len;
};

static struct text trimmed(const char *body, size_t len)
{
    size_t skip = utf8_mark(body, len);

    while (skip < len && body[skip] && strchr(" \t\r\n", body[skip]))
        skip++;
    len -= skip;
    return (struct text){body + skip, len < READ_MAX ? len : READ_MAX};
}

/* The text in quotes, at most `max` bytes of it, with an ellipsis if that is not all. NULL if it is blank. */
static char *quoted(struct text text, size_t max)
{
    size_t len = text.len;
    _cleanup_(freep) char *hidden = log_hidden(text.at, len, &len);
    bool cut = false;
    _cleanup_(freep) char *line = hidden ? line_of(hidden, len, max, &cut) : NULL;
    char *words = NULL;

    if (!line || asprintf(&words, "\"%s%s\"", line, cut ? "..." : "") < 0)
        return NULL;
    return words;
}

char *said_excerpt(const char *body, size_t len)
{
    return quoted(trimmed(body, len), TEXT_MAX);
}

/* Finds `what` in any case; NULL if it is not there. */
static const char *find(struct text in, const char *what)
{
    size_t len = strlen(what);

    for (; in.len >= len; in.at++, in.len--)
        if (strncasecmp(in.at, what, len) == 0)
            return in.at;
    return NULL;
}

static struct text from(struct text text, const char *at)
{
    return (struct text){at, text.len - (size_t)(at - text.at)};
}

/* The text between <title> and </title>; empty if there is none. */
static struct text title_of(struct text page)
{
    const char *at = find(page, "<title"), *end;

    if (at)
        at = memchr(at, '>', from(page, at).len);
    end = at ? find(from(page, at), "</title") : NULL;
    return end ? (struct text){at + 1, (size_t)(end - at - 1)} : (struct text){"", 0};
}

static bool is_page(const char *content_type, struct text body)
{
    static const char *const types[] = {"text/html", "application/xhtml+xml"};

    if (strchr("<{[", body.at[0]))
        return body.at[0] == '<';
    for (size_t i = 0; content_type && i < sizeof(types) / sizeof(types[0]); i++)
        if (strncasecmp(content_type, types[i], strlen(types[i])) == 0)
            return memchr(body.at, '<', body.len) != NULL;
    return false;
}

static char *page_words(struct text page)
{
    _cleanup_(freep) char *title = quoted(title_of(page), TITLE_MAX);
    char *words = NULL;

    if (asprintf(&words, "a web page%s%s", title ? ", " : "", title ? title : "") < 0)
        return NULL;
    return words;
}

static enum said redirect_of(const char *location, char **ret)
{
    _cleanup_(freep) char *target = location ? redirect_target(location) : NULL;

    if (asprintf(ret, "a redirect %s%s", target ? "to " : "without a target", target ? target : "") < 0)
        *ret = NULL;
    return location && redirect_is_login(location) ? SAID_LOGIN : SAID_REDIRECT;
}

enum said said_of(const struct http_result *result, const char *body, size_t len, char **ret)
{
    struct text text = trimmed(body ? body : "", body ? len : 0);

    *ret = NULL;
    if (result->status == 304) {
        *ret = strdup("the API answered 304 (not modified) to a request without validators");
        return SAID_UNCHANGED;
    }
    if (result->status >= 300 && result->status < 400)
        return redirect_of(result->location, ret);
    if (text.len == 0)
        return SAID_NOTHING;
    *ret = json_api_message(text.at, text.len, log_hidden);
    if (*ret)
        return SAID_MESSAGE;
    if (is_page(result->content_type, text)) {
        *ret = page_words(text);
        return SAID_PAGE;
    }
    *ret = quoted(text, TEXT_MAX);
    return SAID_TEXT;
}
