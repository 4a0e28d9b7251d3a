/* SPDX-License-Identifier: MIT */
#include "tree/unpaid.h"

#include "api/documents.h"
#include "tree/context.h"
#include "tree/render.h"

#include <errno.h>
#include <string.h>

int unpaid_peek(struct tree *tree, struct unpaid *ret)
{
    /* Peeks, so that a monitoring system does not keep the list in the cache that nobody else reads. */
    struct document *invoices = documents_peek(tree->documents, &(struct query){.operation = OP_INVOICES});
    struct snapshot *text;
    if (!invoices || !invoices->loaded)
        return 0;
    if (renderer_get(tree->renderer, invoices, RENDER_UNPAID_SUMS, &text) == -ENOMEM)
        return -ENOMEM;
    const struct rendition *last = render_last(invoices, RENDER_UNPAID_SUMS);
    if (!last->text)
        return 0;
    ret->overdue = last->tally;
    ret->rest = (struct json_slice){last->text->data, last->text->len};
    return 1;
}

bool unpaid_next(struct unpaid *unpaid, struct unpaid_sum *ret)
{
    const char *line = unpaid->rest.at, *end = unpaid->rest.len ? memchr(line, '\n', unpaid->rest.len) : NULL;
    if (!end)
        return false;
    size_t len = (size_t)(end - line);
    const char *space = memchr(line, ' ', len);
    ret->amount = (struct json_slice){line, space ? (size_t)(space - line) : len};
    ret->currency = (struct json_slice){space ? space + 1 : end, space ? (size_t)(end - space - 1) : 0};
    unpaid->rest = (struct json_slice){end + 1, unpaid->rest.len - len - 1};
    return true;
}
