/* SPDX-License-Identifier: MIT */
#include "tree/amounts.h"

#include "api/document.h"
#include "base/log.h"
#include "tree/decimal.h"

#include <inttypes.h>
#include <json-c/printbuf.h>

/* The longest part of a total that is shown in the log, in bytes. */
#define SHOWN_MAX 60

void amounts_add(struct amounts *amounts, struct decimal *sum, const struct item *item, struct json_slice total)
{
    /* The text of an item has no escape that stands for a digit, so a string's bytes are its value. */
    bool string = total.len >= 2 && total.at[0] == '"';
    if (total.at && decimal_add(sum, total.at + string, total.len - 2 * string))
        return;
    if (amounts->left_out++ == 0) {
        amounts->item = item;
        amounts->total = total;
    }
}

void amounts_log(const struct amounts *amounts, struct document *document, struct printbuf *scratch)
{
    bool known = document->odd_generation == document->generation && amounts->left_out <= document->odd_amounts;
    if (amounts->left_out == 0 || known)
        return;
    document->odd_generation = document->generation;
    document->odd_amounts = amounts->left_out;

    printbuf_reset(scratch);
    if (amounts->item->id != ITEM_NO_ID)
        sprintbuf(scratch, "invoice %" PRIu64, amounts->item->id);
    else
        sprintbuf(scratch, "an invoice without a usable id");
    if (amounts->total.at)
        sprintbuf(scratch, ": its total, %.*s%s, is no plain decimal number",
                  (int)(amounts->total.len < SHOWN_MAX ? amounts->total.len : SHOWN_MAX), amounts->total.at,
                  amounts->total.len < SHOWN_MAX ? "" : "…");
    else
        sprintbuf(scratch, ": it has no total");
    if (amounts->left_out > 1)
        sprintbuf(scratch, ", and %zu more are like it", amounts->left_out - 1);
    log_warning("%s: %s; the sums in reports/ and billing/unpaid are without %s; the rows of the tables show what the "
                "API says",
                document->key, scratch->buf, amounts->left_out > 1 ? "them" : "it");
}
