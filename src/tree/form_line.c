/* SPDX-License-Identifier: MIT */
/*
 * One line: the first fields of the only item, with a space between them.
 */
#include "tree/forms.h"
#include "tree/text.h"

#include <errno.h>

/* The first field must be there; the others may be absent. */
static int print_fields(struct print *print, unsigned n)
{
    if (print->document->n_items == 0)
        return -EIO;
    const struct snapshot *item = print->document->items[0].snapshot;
    for (unsigned i = 0; i < n; i++) {
        const char *field = snapshot_field(item, i);
        if (!field && i == 0)
            return -EIO;
        if (field && ((i > 0 && text_puts(print->out, " ") < 0) || text_puts(print->out, field) < 0))
            return -ENOMEM;
    }
    return text_puts(print->out, "\n");
}

static int end_balance(struct print *print)
{
    return print_fields(print, 2);
}

static int end_version(struct print *print)
{
    return print_fields(print, 1);
}

const struct form form_balance = {.end = end_balance, .slot = 1};
const struct form form_version = {.end = end_version, .slot = 1};
