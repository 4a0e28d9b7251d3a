/* SPDX-License-Identifier: MIT */
/*
 * The journal: every request to the API, in the order in which they arrived.
 *
 * Threads:   the caller holds the simulator's lock.
 * Ownership: journal_clear() frees all entries. A ticket of a freed entry may still be used; then nothing is noted.
 * Errors:    none; running out of memory ends the program.
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
    unsigned generation; /* how often the journal was cleared; a ticket with another generation is out of date */
};

/* Stands for a request in the journal. */
struct journal_ticket {
    unsigned generation;
    size_t n;
};

struct journal_arrival {
    long ms; /* since the simulator's start */
    enum operation operation;
    const char *method, *path;
    bool authorized, conditional;
};

/* Adds a request that has arrived. Texts are copied. */
struct journal_ticket journal_arrive(struct journal *journal, const struct journal_arrival *arrival);

/* Note the request's body, the status of its answer, and how many bytes of the answer's body have been sent. */
void journal_note_body(struct journal *journal, struct journal_ticket ticket, const struct text *body);
void journal_note_status(struct journal *journal, struct journal_ticket ticket, unsigned status);
void journal_note_bytes(struct journal *journal, struct journal_ticket ticket, uint64_t bytes);

/* Count the requests of an operation (NULL: of all), and print them as a JSON list. */
size_t journal_count(const struct journal *journal, const char *operation);
void journal_print(const struct journal *journal, const char *operation, struct text *out);

void journal_clear(struct journal *journal);

#endif
