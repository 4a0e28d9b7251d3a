/* SPDX-License-Identifier: MIT */
/*
 * Decimal: exact sums of amounts of money, as decimal fractions, whatever their number of decimals.
 *
 * A sum is a row of groups of nine decimal digits on both sides of the point. Each group is a signed 64-bit number, to
 * which the groups of the summands are added without a carry; decimal_print() carries once.
 *
 * Threads:   nothing is shared.
 * Ownership: a sum is a plain struct that owns nothing. Zero-initialised, it is 0.
 * Errors:    false for a text that is no plain decimal number.
 */
#ifndef MELBICOMFS_TREE_DECIMAL_H
#define MELBICOMFS_TREE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most digits of a summand, on both sides of the point together. */
#define DECIMAL_DIGITS 38

/* The most summands of a sum. A group holds that many times the largest group of a summand. */
#define DECIMAL_SUMMANDS (UINT64_C(1) << 33)

/* The groups before and after the point: for DECIMAL_DIGITS, and before it for ten digits more, which the summands may
 * add up to. */
#define DECIMAL_WHOLE    6
#define DECIMAL_FRACTION 5

/* Room for a printed sum: a sign, the groups' digits, the point and a NUL. */
#define DECIMAL_TEXT (9 * (DECIMAL_WHOLE + DECIMAL_FRACTION) + 3)

struct decimal {
    int64_t whole[DECIMAL_WHOLE];       /* the lowest group first: units, 10^9, … */
    int64_t fraction[DECIMAL_FRACTION]; /* the highest group first: 10^-9, 10^-18, … */
    unsigned decimals;                  /* of the summand that has most */
};

/* Adds the number that `len` bytes of text are. Returns false, and adds nothing, if the text is no plain decimal number:
 * digits, with a `-` before and with a point and digits after if need be, and DECIMAL_DIGITS digits at most. */
bool decimal_add(struct decimal *sum, const char *text, size_t len);

/* Adds another sum. The summands of both count as summands. */
void decimal_add_sum(struct decimal *sum, const struct decimal *other);

/* Writes the sum into `buf`, with as many decimals as the longest summand has, and at least two: 825.00, -0.125. Zero has
 * no sign. Returns the length of the text. */
size_t decimal_print(const struct decimal *sum, char buf[DECIMAL_TEXT]);

#endif
