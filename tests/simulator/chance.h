/*
 * Chance and calendar: what makes an account from a seed. The same seed, kind and index always give the same draws, so
 * that nothing generated has to be kept.
 *
 * Threads:   none shared.
 * Ownership: values only.
 * Errors:    none.
 */
#ifndef SIMULATOR_CHANCE_H
#define SIMULATOR_CHANCE_H

#include <stdint.h>

struct text;

/* What is drawn for; keeps the draws of one kind from moving when another kind needs more of them. */
enum chance_kind { CHANCE_SERVICE, CHANCE_INVOICE, CHANCE_INVOICE_STATUS };

struct chance {
    uint64_t state;
};

struct chance chance_for(uint64_t seed, enum chance_kind kind, uint64_t index);

/* A number from 0 to below - 1; `below` is at least 1. */
unsigned chance_below(struct chance *chance, unsigned below);

/* Days since 1970-01-01 of a date, and a date's year. */
long day_of(int year, int month, int day);
int year_of(long day);

/* Appends YYYY-MM-DD. */
void text_day(struct text *text, long day);

/* Appends the members "key":"YYYY-MM-DD", and with the time of day in seconds. */
void text_day_member(struct text *text, const char *key, long day);
void text_moment_member(struct text *text, const char *key, long day, unsigned second);

#endif
