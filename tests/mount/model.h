/*
 * A model of the account, in memory: for each thing that a path can show, every text it had, and from when to when.
 *
 * It is filled from the simulator directly, after each change, so it shares nothing with the program. JSON is compared
 * by its tokens in order; that the text is laid out well is for other tests to say.
 *
 * Threads:   the test's.
 * Ownership: model_clear() frees what the model holds. Texts that are lent live until then.
 * Errors:    what fails in the model itself fails the test.
 */
#ifndef MELBICOMFS_TESTS_MODEL_H
#define MELBICOMFS_TESTS_MODEL_H

#include "harness.h"

#define MODEL_IDS 64

/* What a text is of. */
enum thing {
    BALANCE, /* one line */
    BALANCE_JSON,
    ALL_INVOICES, /* the list */
    ALL_SERVICES,
    INVOICE, /* one of the list, by id */
    STATUS,  /* of an invoice */
    NUMBER,  /* of an invoice */
    LISTED,  /* a service that is in the list */
    SERVICE, /* a service's own answer */
    THINGS
};

struct version {
    int64_t from, until; /* now_ms(), with the time the change itself took counted to both */
    char *text;          /* NULL: it was not there */
};

struct history {
    enum thing thing;
    long id;
    struct version *versions;
    unsigned n;
};

struct model {
    struct simulator *sim;
    struct history *histories;
    unsigned n;
    long invoices[MODEL_IDS], services[MODEL_IDS]; /* every id that ever was */
    unsigned n_invoices, n_services;
};

/* Looks at the account for the first time. */
void model_begin(struct model *model, struct simulator *sim);
void model_clear(struct model *model);

/* Changes the account (what account_set() takes), and looks at it again. */
void model_change(struct model *model, const char *json);

/* The history of a thing; id 0 where there is only one. */
struct history *model_of(struct model *model, enum thing thing, long id);

/* What it is now; NULL: not there. Borrowed. */
const char *model_now(struct model *model, enum thing thing, long id);

/* The first version, not before number `least`, that had this text at some time from `from` to `until`; -1: none. */
int model_find(const struct history *history, const char *text, unsigned least, int64_t from, int64_t until);

/* Whether it was there, or not there, at some time from `from` to `until`. */
bool model_was(const struct history *history, bool there, int64_t from, int64_t until);

/* JSON without white space between tokens and with strings written one way; malloc'd, NULL when it is no JSON. */
char *model_tokens(const char *text, size_t len);

#endif
