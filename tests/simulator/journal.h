/*
 * The journal: every request to the API, in the order in which they arrived.
 *
 * Threads:   under the simulator's lock.
 * Ownership: journal_clear() frees all entries. A ticket outlives its entry harmlessly.
 * Errors:    none; no memory ends the program.
 */
#ifndef SIMULATOR_JOURNAL_H
#define SIMULATOR_JOURNAL_H

#include "operations.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;
struct journal_entry;

struct journal {
    struct journal_entry *entries;
    size_t n, room;
    unsigned generation; /* of the entries; a request that arrived before the last clearing is not noted any more */
};

struct journal_ticket {
    unsigned generation;
    size_t n;
};

struct journal_arrival {
    long ms; /* since the start */
    enum operation operation;
    const char *method, *path;
    bool authorized, conditional;
};

struct journal_ticket journal_arrive(struct journal *journal, const struct journal_arrival *arrival);

/* Notes the request's body, its answer's status, or how many bytes of body went out. */
void journal_note_body(struct journal *journal, struct journal_ticket ticket, const struct text *body);
void journal_note_status(struct journal *journal, struct journal_ticket ticket, unsigned status);
void journal_note_bytes(struct journal *journal, struct journal_ticket ticket, uint64_t bytes);

/* NULL counts and prints all operations. */
size_t journal_count(const struct journal *journal, const char *operation);
void journal_print(const struct journal *journal, const char *operation, struct text *out);

void journal_clear(struct journal *journal);

#endif
