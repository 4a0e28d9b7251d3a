/*
 * The API: which answer a request gets from the account, before rules make trouble of it.
 *
 * Threads:   under the simulator's lock.
 * Ownership: api_free() frees what api_init() made; an answer's body is the caller's reference.
 * Errors:    are answers: 401, 404, 405, 422, with the messages the service gives.
 */
#ifndef SIMULATOR_API_H
#define SIMULATOR_API_H

#include "body.h"
#include "catalog.h"
#include "invoices.h"
#include "options.h"
#include "services.h"

struct json_object;
struct text;

#define CONTENT_TYPE_MAX 80

/* An answer that a test has put in place of an operation's. */
struct verbatim {
    struct body *body; /* or NULL */
    char content_type[CONTENT_TYPE_MAX];
};

struct api {
    const struct options *options;
    struct catalog catalog;
    struct services services;
    struct invoices invoices;
    char *balance, *token;
    long limit;
    struct verbatim verbatim[OP_COUNT];
    struct cache cache;
};

struct call {
    enum operation operation;
    bool exists; /* the operation stands at this path */
    long id;     /* the service's */
    const char *path, *query, *method;
    bool authorized;
    const struct text *body;
};

struct answer {
    unsigned status;
    struct body *body;
    char content_type[CONTENT_TYPE_MAX];
};

void api_init(struct api *api, const struct options *options);
void api_free(struct api *api);

/* Renders what a mount asks for first, so that its first request is not slower than the others. */
void api_warm(struct api *api);

void api_answer(struct api *api, const struct call *call, struct answer *ret);

/* {"message": ...} with a status; the body of most failures. */
void answer_message(struct answer *ret, unsigned status, const char *message);

/* Takes the text over as a JSON answer. */
void answer_json(struct answer *ret, unsigned status, struct text *text);

/* POST: purging. */
void api_purge(struct api *api, const struct call *call, struct answer *ret);

/*
 * Changes the account as a test says. False with a message in `error` when a key is unknown or its value cannot be;
 * what came before it has been done then.
 */
bool api_set(struct api *api, struct json_object *changes, struct text *error);

#endif
