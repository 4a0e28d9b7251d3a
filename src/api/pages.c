/* SPDX-License-Identifier: MIT */
#include "api/pages.h"

#include "base/cleanup.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Objects such as meta are read at most this deep inside one another: meta.pagination.links. */
#define HOLDERS_DEEP 3

enum said { SAYS_NOTHING, SAYS_TOTAL, SAYS_CURRENT, SAYS_LAST, SAYS_NEXT, SAYS_MORE, HOLDS };

/* What a member says about pages, by its name. Case, `_` and `-` do not count: NextPage and next_page are the same. */
static const struct {
    const char *name;
    enum said said;
} names[] = {
    {"total", SAYS_TOTAL},
    {"totalresults", SAYS_TOTAL},
    {"totalcount", SAYS_TOTAL},
    {"totalitems", SAYS_TOTAL},
    {"totalrecords", SAYS_TOTAL},
    {"recsindb", SAYS_TOTAL},
    {"@odata.count", SAYS_TOTAL},
    {"recordstotal", SAYS_TOTAL},
    {"numtotal", SAYS_TOTAL},
    {"totalelements", SAYS_TOTAL},
    {"totalnum", SAYS_TOTAL},
    {"currentpage", SAYS_CURRENT},
    {"page", SAYS_CURRENT},
    {"pagenumber", SAYS_CURRENT},
    {"lastpage", SAYS_LAST},
    {"totalpages", SAYS_LAST},
    {"pagecount", SAYS_LAST},
    {"numpages", SAYS_LAST},
    {"pages", SAYS_LAST},
    {"next", SAYS_NEXT},
    {"nextpageurl", SAYS_NEXT},
    {"nexturl", SAYS_NEXT},
    {"nextpage", SAYS_NEXT},
    {"nextlink", SAYS_NEXT},
    {"@odata.nextlink", SAYS_NEXT},
    {"hasmore", SAYS_MORE},
    {"more", SAYS_MORE},
    {"hasnext", SAYS_MORE},
    {"hasnextpage", SAYS_MORE},
    {"nextcursor", SAYS_MORE},
    {"nexttoken", SAYS_MORE},
    {"nextpagetoken", SAYS_MORE},
    {"nextoffset", SAYS_MORE},
    {"morerecords", SAYS_MORE},
    {"istruncated", SAYS_MORE},
    {"meta", HOLDS},
    {"links", HOLDS},
    {"pagination", HOLDS},
    {"paging", HOLDS},
    {"paginator", HOLDS},
    {"pageinfo", HOLDS},
    {"metadata", HOLDS},
    {"cursor", HOLDS},
};

static enum said said_by(const char *key)
{
    char plain[32];
    size_t n = 0;

    for (; *key && n < sizeof plain - 1; key++)
        if (*key != '_' && *key != '-')
            plain[n++] = *key;
    plain[n] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (*key == '\0' && strcasecmp(names[i].name, plain) == 0)
            return names[i].said;
    return SAYS_NOTHING;
}

bool pages_has_name(const char *name)
{
    return said_by(name) != SAYS_NOTHING;
}

/* A whole number that is not negative, as a number or a string; else -1. */
static int64_t number_of(const char *text)
{
    char *end;

    if (*text < '0' || *text > '9')
        return -1;
    errno = 0;
    int64_t n = strtoll(text, &end, 10);
    return *end || errno ? -1 : n;
}

static int take_next(struct pages *pages, const char *text)
{
    pages->next_named = true;
    if (pages->next || !*text || strcmp(text, "false") == 0)
        return 0;
    /* A text without / and ? is not a URL. A number is the number of a page; any other word is a cursor. */
    if (!strpbrk(text, "/?")) {
        pages->next_number = number_of(text) > 0 ? number_of(text) : pages->next_number;
        pages->more = pages->more || number_of(text) < 0;
        return 0;
    }
    pages->next = strdup(text);
    return pages->next ? 0 : -ENOMEM;
}

static int take_scalar(struct pages *pages, enum said said, const char *text)
{
    int64_t n = number_of(text);

    switch (said) {
    case SAYS_TOTAL:
        if (n >= 0 && !pages->has_total) {
            pages->has_total = true;
            pages->total = n;
        }
        break;
    case SAYS_CURRENT:
        pages->current = n > 0 ? n : pages->current;
        break;
    case SAYS_LAST:
        pages->last = n > 0 ? n : pages->last;
        break;
    case SAYS_NEXT:
        return take_next(pages, text);
    case SAYS_MORE:
        pages->more = pages->more || (*text && strcmp(text, "false") != 0 && strcmp(text, "0") != 0);
        break;
    case SAYS_NOTHING:
    case HOLDS:
        break;
    }
    return 0;
}

/* Some APIs write a link as {"href": …} or {"url": …}: returns the value in it. */
static struct json_slice link_of(struct json_slice value, struct printbuf *scratch)
{
    struct json_slice href;

    if (value.at[0] != '{')
        return value;
    href = json_find_member(value, "href", scratch);
    return href.at ? href : json_find_member(value, "url", scratch);
}

/* Takes the next page from a list of links: [{"rel":"next","href":…}]. */
static int read_links(struct json_slice links, struct pages *pages, struct printbuf *text)
{
    struct json_slice link, rel;
    int r = 0;

    while (r == 0 && json_next_element(&links, &link) > 0) {
        if (link.at[0] != '{')
            continue;
        rel = json_find_member(link, "rel", text);
        printbuf_reset(text);
        if (!rel.at || json_scalar_text(rel, text) < 0 || strcmp(text->buf, "next") != 0)
            continue;
        link = link_of(link, text);
        printbuf_reset(text);
        if (link.at && json_scalar_text(link, text) == 0)
            r = take_next(pages, text->buf);
    }
    return r;
}

/* True if a member holds more of what an answer says about its pages. `page` is a number, or an object with numbers. */
static bool holds(enum said said, struct json_slice value)
{
    return said == HOLDS || (said == SAYS_CURRENT && value.at[0] == '{');
}

static int read_object(struct json_slice object, struct pages *pages, struct printbuf *text, unsigned deep)
{
    struct json_slice key, value;
    int r = 0;

    while (r == 0 && json_next_member(&object, &key, &value) > 0) {
        printbuf_reset(text);
        if (json_scalar_text(key, text) < 0)
            continue;
        enum said said = said_by(text->buf);
        if (holds(said, value) && value.at[0] == '{' && deep > 0)
            r = read_object(value, pages, text, deep - 1);
        else if (said == HOLDS && value.at[0] == '[')
            r = read_links(value, pages, text);
        if (said == SAYS_NOTHING || holds(said, value))
            continue;
        if (said == SAYS_NEXT)
            value = link_of(value, text);
        printbuf_reset(text);
        if (value.at && json_scalar_text(value, text) == 0)
            r = take_scalar(pages, said, text->buf ? text->buf : "");
    }
    return r;
}

int pages_read(struct json_slice beside, struct pages *pages)
{
    struct printbuf *text = printbuf_new();
    if (!text)
        return -ENOMEM;
    int r = json_make_room(beside, text);
    if (r == 0)
        r = read_object(beside, pages, text, HOLDERS_DEEP);
    printbuf_free(text);
    return r;
}

void pages_free(struct pages *pages)
{
    free(steal(&pages->next));
}

/* ---- where the next page is ---- */

static void curl_freep(char **text)
{
    curl_free(*text);
}

/* Returns 1 if two URLs have the same part, 0 if they do not, or -ENOMEM. */
static int same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    _cleanup_(curl_freep) char *x = NULL, *y = NULL;
    unsigned flags = part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0;
    CURLUcode of_a = curl_url_get(a, part, &x, flags), of_b = curl_url_get(b, part, &y, flags);

    if (of_a == CURLUE_OUT_OF_MEMORY || of_b == CURLUE_OUT_OF_MEMORY)
        return -ENOMEM;
    return of_a == CURLUE_OK && of_b == CURLUE_OK && strcasecmp(x, y) == 0;
}

/* Returns 0 if `page` is at the same scheme, host and port as `base`, and names no user; -EXDEV; or -ENOMEM. */
static int check_server(CURLU *base, CURLU *page)
{
    static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    _cleanup_(curl_freep) char *user = NULL;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int same = same_part(base, page, parts[i]);
        if (same != 1)
            return same < 0 ? same : -EXDEV;
    }
    CURLUcode code = curl_url_get(page, CURLUPART_USER, &user, 0);
    return code == CURLUE_OUT_OF_MEMORY ? -ENOMEM : code == CURLUE_OK ? -EXDEV : 0;
}

static int path_and_query(CURLU *url, char **ret)
{
    _cleanup_(curl_freep) char *path = NULL, *query = NULL;

    if (curl_url_get(url, CURLUPART_PATH, &path, 0) != CURLUE_OK)
        return -ENOMEM;
    CURLUcode code = curl_url_get(url, CURLUPART_QUERY, &query, 0);
    if (code == CURLUE_OUT_OF_MEMORY)
        return -ENOMEM;
    return asprintf(ret, "%s%s%s", path, query ? "?" : "", query ? query : "") < 0 ? -ENOMEM : 0;
}

/* Makes *page the URL that `next` means, seen from *page. When memory runs out on the way, libcurl says that the URL is
 * malformed. So a URL that is not malformed is tried, too, and then `next` again. */
static CURLUcode follow(CURLU **page, const char *next)
{
    CURLUcode code = CURLUE_OK;

    for (unsigned i = 0; i < 2; i++) {
        CURLU *copy = curl_url_dup(*page), *old = *page;
        code = copy ? curl_url_set(copy, CURLUPART_URL, next, CURLU_URLENCODE) : CURLUE_OUT_OF_MEMORY;
        if (code == CURLUE_OK) {
            *page = copy;
            curl_url_cleanup(old);
            return code;
        }
        if (copy && curl_url_set(copy, CURLUPART_URL, "/", 0) != CURLUE_OK)
            code = CURLUE_OUT_OF_MEMORY;
        curl_url_cleanup(copy);
        if (code == CURLUE_OUT_OF_MEMORY)
            return code;
    }
    return code;
}

static int resolve(CURLU *base, CURLU **page, const char *base_url, const char *page_url, const char *next, char **ret)
{
    CURLUcode code = curl_url_set(base, CURLUPART_URL, base_url, 0);

    if (code == CURLUE_OK)
        code = curl_url_set(*page, CURLUPART_URL, page_url, 0);
    if (code == CURLUE_OK)
        code = follow(page, next);
    if (code != CURLUE_OK)
        return code == CURLUE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
    int r = check_server(base, *page);
    return r < 0 ? r : path_and_query(*page, ret);
}

/* True if a text has a control character. libcurl refuses such a URL or encodes it, depending on its version. */
static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

int pages_resolve(const char *base_url, const char *page_url, const char *next, char **ret_path)
{
    if (has_control(next))
        return -EINVAL;
    CURLU *base = curl_url(), *page = curl_url();
    int r = base && page ? resolve(base, &page, base_url, page_url, next, ret_path) : -ENOMEM;

    curl_url_cleanup(base);
    curl_url_cleanup(page);
    return r;
}

char *pages_numbered(const char *path, const char *name, int64_t number)
{
    const char *query = strchr(path, '?');
    size_t len = strlen(name);
    char *made = NULL;

    for (const char *at = query; at; at = strchr(at + 1, '&')) {
        if (strncmp(at + 1, name, len) != 0 || at[1 + len] != '=')
            continue;
        const char *rest = at + 1 + strcspn(at + 1, "&");
        if (asprintf(&made, "%.*s%s=%" PRId64 "%s", (int)(at + 1 - path), path, name, number, rest) < 0)
            return NULL;
        return made;
    }
    if (asprintf(&made, "%s%c%s=%" PRId64, path, query ? '&' : '?', name, number) < 0)
        return NULL;
    return made;
}
