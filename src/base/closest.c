/* SPDX-License-Identifier: MIT */
#include "base/closest.h"

#include <ctype.h>
#include <string.h>

/* Longer words have no closest name. */
#define WORD_MAX 48

#define WRONG_MAX 4

static char folded(char c)
{
    return c == '-' ? '_' : (char)tolower((unsigned char)c);
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned less = a < b ? a : b;
    return less < c ? less : c;
}

/* The optimal string alignment distance. Row i of the matrix holds the distances between the first i letters of `a` and
 * the beginnings of `b`; three rows are kept. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][WORD_MAX + 1];
    for (unsigned j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a_len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b_len; j++) {
            char x = folded(a[i - 1]), y = folded(b[j - 1]);
            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == folded(b[j - 2]) && folded(a[i - 2]) == y && second[j - 2] + 1 < row[j])
                row[j] = second[j - 2] + 1;
        }
    }
    return rows[a_len % 3][b_len];
}

void closest_try(struct closest *closest, const char *name)
{
    size_t len = closest->len ? closest->len : strlen(closest->word), name_len = strlen(name);
    size_t wrong = len < 6 ? 1 : len / 3;
    if (len == 0 || len > WORD_MAX || name_len > WORD_MAX)
        return;
    unsigned steps = distance(closest->word, len, name, name_len);
    if (steps > (wrong > WRONG_MAX ? WRONG_MAX : wrong) || (closest->name && steps >= closest->distance))
        return;
    closest->name = name;
    closest->distance = steps;
}
