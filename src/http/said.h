/* SPDX-License-Identifier: MIT */
/*
 * What a failed answer says to a person: its kind, and its words on one line.
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
    SAID_LOGIN,     /* a 3xx whose target looks like a login page; the words are those of SAID_REDIRECT */
    SAID_UNCHANGED, /* a 304, which no request without validators should get */
};

/*
 * Returns the kind of the answer. `body` is the answer's body or the beginning of it, `len` bytes; NULL: there is none.
 * *ret becomes the words, malloc'd for the caller, on one line, with secrets replaced; or NULL with SAID_NOTHING and
 * when out of memory. A byte order mark is skipped.
 *
 * A body is a web page if it begins with `<`. It is also a web page if its content type is HTML and it contains a `<`:
 * the type alone proves nothing, because PHP sends text/html unless a program sets another type. A body that begins
 * with { or [ is never a web page.
 */
enum said said_of(const struct http_result *result, const char *body, size_t len, char **ret);

/* Returns the beginning of a body in quotes: its first 40 bytes on one line, with secrets replaced. Malloc'd; NULL if
 * the body is blank, or when out of memory. A byte order mark is skipped. */
char *said_excerpt(const char *body, size_t len);

#endif
