/* SPDX-License-Identifier: MIT */
/*
 * A model of the account, in memory: for each thing that a path can show, every text that it has had, and in which
 * time.
 *
 * After each change the model asks the simulator directly, so it shares no code and no cache with the program. JSON
 * texts are compared token by token; other tests check the layout.
 *
 * Threads:   the test's only.
 * Ownership: model_clear() frees what the model holds. Returned texts and histories are borrowed until then.
 * Errors:    an error in the model itself fails the test.
 */
#ifndef MELBICOMFS_TESTS_MODEL_H
#define MELBICOMFS_TESTS_MODEL_H

#include "harness.h"

#define MODEL_IDS 64

/* The kinds of things that a path can show. */
enum thing {
    BALANCE, /* one line of text */
    BALANCE_JSON,
    ALL_INVOICES, /* the whole list */
    ALL_SERVICES, /* the whole list */
    INVOICE,      /* one invoice of the list, by id */
    STATUS,       /* the status of an invoice */
    NUMBER,       /* the number of an invoice */
    LISTED,       /* a service as the list has it */
    SERVICE,      /* a service as its own answer has it */
    THINGS
};

struct version {
    int64_t from, until; /* on now_ms(); the time that a change takes belongs to the version before and after it */
    char *text;          /* NULL: the thing did not exist */
};

/* The versions of one thing, oldest first. */
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
    long invoices[MODEL_IDS], services[MODEL_IDS]; /* every id that has ever existed */
    unsigned n_invoices, n_services;
};

/* Fills the model from the simulator's account for the first time. `sim` is borrowed. */
void model_begin(struct model *model, struct simulator *sim);
void model_clear(struct model *model);

/* Changes the account (`json` is for account_set()), and takes the new texts into the model. */
void model_change(struct model *model, const char *json);

/* The history of a thing, made empty if there is none. `id` is 0 for things without an id. */
struct history *model_of(struct model *model, enum thing thing, long id);

/* The current text of a thing; NULL if it does not exist. */
const char *model_now(struct model *model, enum thing thing, long id);

/* The number of the first version, from number `least` on, that had this text (NULL: did not exist) at some time
 * between `from` and `until`; -1 if there is none. */
int model_find(const struct history *history, const char *text, unsigned least, int64_t from, int64_t until);

/* Whether the thing existed (`there`), or did not exist (not `there`), at some time between `from` and `until`. */
bool model_was(const struct history *history, bool there, int64_t from, int64_t until);

/* The JSON text without white space between tokens, and with one spelling of strings; for free(). NULL if the text is
 * not one whole JSON document. */
char *model_tokens(const char *text, size_t len);

#endif
