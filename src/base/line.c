/* SPDX-License-Identifier: MIT */
#include "base/line.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"

/* A space, a control character, or one of the line breaks U+2028 and U+2029. */
static bool breaks_line(const char *at, size_t n)
{
    return *at == ' ' || utf8_is_control(at, n) ||
           (n == 3 && (memcmp(at, "\xe2\x80\xa8", 3) == 0 || memcmp(at, "\xe2\x80\xa9", 3) == 0));
}

char *line_of(const char *text, size_t len, size_t max, bool *ret_cut)
{
    _cleanup_(freep) char *line = malloc(max + 1);
    size_t used = 0, n;
    bool space = false, cut = false;

    for (size_t i = 0; line && i < len; i += n) {
        const char *at = text + i;
        bool valid = (n = utf8_length(at, len - i)) > 0;

        if (valid && breaks_line(at, n)) {
            space = used > 0;
            continue;
        }
        n = valid ? n : 1;
        cut = used + space + n > max;
        if (cut)
            break;
        if (space)
            line[used++] = ' ';
        memcpy(line + used, valid ? at : "?", n);
        used += n;
        space = false;
    }
    if (used == 0)
        return NULL;
    line[used] = '\0';
    if (ret_cut)
        *ret_cut = cut;
    return steal(&line);
}
