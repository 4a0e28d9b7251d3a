/* SPDX-License-Identifier: MIT */
#include "journal.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

struct journal_entry {
    struct journal_arrival arrival; /* its strings are those below */
    char *method, *path;
    unsigned status;
    uint64_t bytes;
    struct text body;
};

static char *copy(const char *string)
{
    char *own = strdup(string);
    if (!own)
        abort();
    return own;
}

struct journal_ticket journal_arrive(struct journal *journal, const struct journal_arrival *arrival)
{
    if (journal->n == journal->room) {
        journal->room = journal->room ? journal->room * 2 : 64;
        journal->entries = realloc(journal->entries, journal->room * sizeof(*journal->entries));
        if (!journal->entries)
            abort();
    }
    struct journal_entry *entry = &journal->entries[journal->n++];
    *entry = (struct journal_entry){.arrival = *arrival};
    entry->arrival.method = entry->method = copy(arrival->method);
    entry->arrival.path = entry->path = copy(arrival->path);
    return (struct journal_ticket){.generation = journal->generation, .n = journal->n - 1};
}

static struct journal_entry *find(struct journal *journal, struct journal_ticket ticket)
{
    return ticket.generation == journal->generation && ticket.n < journal->n ? &journal->entries[ticket.n] : NULL;
}

void journal_note_body(struct journal *journal, struct journal_ticket ticket, const struct text *body)
{
    struct journal_entry *entry = find(journal, ticket);
    if (entry && body->len)
        text_add(&entry->body, body->data, body->len);
}

void journal_note_status(struct journal *journal, struct journal_ticket ticket, unsigned status)
{
    struct journal_entry *entry = find(journal, ticket);
    if (entry)
        entry->status = status;
}

void journal_note_bytes(struct journal *journal, struct journal_ticket ticket, uint64_t bytes)
{
    struct journal_entry *entry = find(journal, ticket);
    if (entry)
        entry->bytes = bytes;
}

static bool wanted(const struct journal_entry *entry, const char *operation)
{
    return !operation || !strcmp(operation, operation_name(entry->arrival.operation));
}

size_t journal_count(const struct journal *journal, const char *operation)
{
    size_t count = 0;
    for (size_t i = 0; i < journal->n; i++)
        count += wanted(&journal->entries[i], operation);
    return count;
}

static void print_entry(const struct journal_entry *entry, size_t n, struct text *out)
{
    const struct journal_arrival *arrival = &entry->arrival;

    text_comma(out);
    text_char(out, '{');
    text_number_member(out, "n", (long)n);
    text_number_member(out, "ms", arrival->ms);
    text_member(out, "operation", operation_name(arrival->operation));
    text_member(out, "method", arrival->method);
    text_key(out, "path");
    text_json_readable(out, arrival->path, strlen(arrival->path));
    text_number_member(out, "status", (long)entry->status);
    text_number_member(out, "bytes", (long)entry->bytes);
    text_key(out, "body");
    text_json_readable(out, entry->body.len ? entry->body.data : "", entry->body.len);
    text_key(out, "authorized");
    text_puts(out, arrival->authorized ? "true" : "false");
    text_key(out, "conditional");
    text_puts(out, arrival->conditional ? "true}" : "false}");
}

void journal_print(const struct journal *journal, const char *operation, struct text *out)
{
    text_char(out, '[');
    for (size_t i = 0; i < journal->n; i++)
        if (wanted(&journal->entries[i], operation))
            print_entry(&journal->entries[i], i + 1, out);
    text_char(out, ']');
}

void journal_clear(struct journal *journal)
{
    for (size_t i = 0; i < journal->n; i++) {
        free(journal->entries[i].method);
        free(journal->entries[i].path);
        text_free(&journal->entries[i].body);
    }
    free(journal->entries);
    *journal = (struct journal){.generation = journal->generation + 1};
}
