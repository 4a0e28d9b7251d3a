/* SPDX-License-Identifier: MIT */
#include "tree/text.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <string.h>

#define GROWTH ((size_t)64 << 20) /* bytes by which a very long text grows; see grow() */

/* Makes room for `need` bytes and GROWTH more. Beyond INT_MAX / 2 bytes, a printbuf grows only by what is appended plus
 * 8 bytes (printbuf_extend() in json-c), so each line would copy the whole text. */
static int grow(struct printbuf *out, size_t need)
{
    size_t size = need + GROWTH < TEXT_MAX ? need + GROWTH : TEXT_MAX;
    int before = out->bpos;
    int r = printbuf_memset(out, (int)size - 1, 0, 1);

    out->bpos = before;
    return r < 0 ? -ENOMEM : 0;
}

int text_append(struct printbuf *out, const char *bytes, size_t len)
{
    size_t need = (size_t)out->bpos + len + 1;
    if (need > TEXT_MAX)
        return -EFBIG;
    if (need > (size_t)out->size && out->size > INT_MAX / 2 && grow(out, need) < 0)
        return -ENOMEM;
    return printbuf_memappend(out, bytes, (int)len) < 0 ? -ENOMEM : 0;
}

int text_puts(struct printbuf *out, const char *text)
{
    return text_append(out, text, strlen(text));
}
