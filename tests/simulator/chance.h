/* SPDX-License-Identifier: MIT */
/*
 * Random draws and the calendar, from which the account is generated. The same seed, kind and index always give the
 * same draws, so generated items need not be kept.
 *
 * Threads:   any; no shared state.
 * Ownership: values only.
 * Errors:    none.
 */
#ifndef SIMULATOR_CHANCE_H
#define SIMULATOR_CHANCE_H

#include <stdint.h>

struct text;

/* What the draws are used for. Each kind has its own sequence, so its draws stay the same when another kind needs
 * more. */
enum chance_kind { CHANCE_SERVICE, CHANCE_INVOICE, CHANCE_INVOICE_STATUS };

struct chance {
    uint64_t state;
};

/* The sequence of draws of one item. */
struct chance chance_for(uint64_t seed, enum chance_kind kind, uint64_t index);

/* Draws a number from 0 to below - 1; `below` is at least 1. */
unsigned chance_below(struct chance *chance, unsigned below);

/* day_of() is the number of days from 1970-01-01 to a date; year_of() is the year of such a day. */
long day_of(int year, int month, int day);
int year_of(long day);

/* Appends YYYY-MM-DD. */
void text_day(struct text *text, long day);

/* text_day_member() appends the JSON member "key":"YYYY-MM-DD"; text_moment_member() also appends the time of day,
 * given as the seconds since midnight. */
void text_day_member(struct text *text, const char *key, long day);
void text_moment_member(struct text *text, const char *key, long day, unsigned second);

#endif
