/* SPDX-License-Identifier: MIT */
/*
 * The API: makes the answer to a request from the account. Rules (rules.h) may change or break the answer later.
 *
 * Threads:   the caller holds the simulator's lock.
 * Ownership: api_free() frees what api_init() made. The caller gets a reference to an answer's body.
 * Errors:    are answers: 401, 404, 405 or 422, with the messages of the real API.
 */
#ifndef SIMULATOR_API_H
#define SIMULATOR_API_H

#include "body.h"
#include "catalog.h"
#include "invoices.h"
#include "options.h"
#include "services.h"
#include "text.h"

struct json_object;

#define CONTENT_TYPE_MAX 80

/* The answer that a test has set for an operation, instead of the account's. */
struct verbatim {
    struct body *body; /* NULL: the test has set none */
    unsigned status;
    struct text headers; /* as in struct answer */
    char content_type[CONTENT_TYPE_MAX];
};

struct api {
    const struct options *options;
    struct catalog catalog;
    struct services services;
    struct invoices invoices;
    char *balance, *token;
    char origin[32]; /* "http://127.0.0.1:PORT"; constant from the first request on */
    long limit;
    struct verbatim verbatim[OP_COUNT];
    struct cache cache;
};

struct call {
    enum operation operation;
    bool exists; /* the account has the operation at this path */
    long id;     /* of the service, or -1 */
    const char *path, *query, *method;
    bool authorized;
    const struct text *body;
};

struct answer {
    unsigned status;
    struct body *body;
    char content_type[CONTENT_TYPE_MAX];
    struct text headers; /* further ones, a line each: "Name: value\n" */
    bool is_verbatim;    /* the body is bytes that a test has set */
};

/* `options` is borrowed until api_free(). */
void api_init(struct api *api, const struct options *options);
void api_free(struct api *api);

/* Says where the API is reached, before the first request. */
void api_listens(struct api *api, const char *scheme, unsigned port);

/* Appends bytes that a test has set, with the API's base URL in place of each {URL}. Needs no lock. */
void api_expand(const struct api *api, const char *bytes, size_t len, struct text *out);

/* Renders the answers that a mount asks for first into the cache, so that its first requests are as fast as later
 * ones. */
void api_warm(struct api *api);

/* Makes the answer to a request. */
void api_answer(struct api *api, const struct call *call, struct answer *ret);

/* Makes the answer {"message": message}, the body of most failures. */
void answer_message(struct answer *ret, unsigned status, const char *message);

/* Makes a JSON answer of a text. Takes the text's bytes and leaves it empty. */
void answer_json(struct answer *ret, unsigned status, struct text *text);

/* Frees what a test has set for an operation; the account answers again. */
void verbatim_clear(struct verbatim *verbatim);

/* Answers a purge (POST). */
void api_purge(struct api *api, const struct call *call, struct answer *ret);

/*
 * Changes the account; main.c lists the keys of `changes`. Returns false with a message in `error` if a key is unknown
 * or its value is not valid. The keys before that one have been applied then.
 */
bool api_set(struct api *api, struct json_object *changes, struct text *error);

#endif
