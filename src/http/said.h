/* SPDX-License-Identifier: MIT */
/*
 * What a failed answer says, in one line, and what kind of answer that makes it.
 *
 * Threads:   loop thread only (it reads the secrets of the log).
 * Ownership: the caller frees the words.
 * Errors:    none; when out of memory there are no words.
 */
#ifndef MELBICOMFS_HTTP_SAID_H
#define MELBICOMFS_HTTP_SAID_H

#include <stddef.h>

struct http_result;

enum said {
    SAID_NOTHING,   /* there is no body */
    SAID_MESSAGE,   /* the API's own message (json_api_message()) */
    SAID_PAGE,      /* a web page, so it was perhaps not the API that answered: `a web page, "Just a moment..."` */
    SAID_TEXT,      /* any other body: its first 40 bytes, in quotes */
    SAID_REDIRECT,  /* a 3xx: "a redirect to https://example.com/api" */
    SAID_LOGIN,     /* the same, and the target looks like a login page */
    SAID_UNCHANGED, /* a 304 */
};

/*
 * Returns what the answer says; `body` is its body or the beginning of it, `len` bytes. *ret becomes the words, malloc'd,
 * on one line, with secrets replaced; or NULL with SAID_NOTHING and when out of memory. A byte order mark is skipped.
 *
 * A body is a web page if it begins with `<`, or if the content type says so and there is a `<` in it: PHP calls
 * everything text/html that has no type. JSON with a message is no web page, whatever its type.
 */
enum said said_of(const struct http_result *result, const char *body, size_t len, char **ret);

/* Returns the beginning of a body, on one line and in quotes: its first 40 bytes, with secrets replaced. Malloc'd; NULL if
 * the body is blank, or when out of memory. A byte order mark is skipped. */
char *said_excerpt(const char *body, size_t len);

#endif
