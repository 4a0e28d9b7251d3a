/* SPDX-License-Identifier: MIT */
#include "shell/context.h"

#include "http/client.h"
#include "shell/paths.h"
#include "tree/tree.h"
#include "json/json.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* A refused token, and a host that cannot be asked, have the exit statuses that they have when nothing can be mounted
 * because of them. */
static int status_of(struct shell *shell, int error)
{
    if (error == -EACCES)
        return EX_NOPERM;
    if (error == -EHOSTUNREACH || error == -ETIMEDOUT || client_closed_until(tree_client(shell->tree), NULL))
        return EX_UNAVAILABLE;
    return 1;
}

void shell_fail(struct shell *shell, const char *path, int error)
{
    int status = status_of(shell, error);
    status = status > shell->least ? status : shell->least;
    fflush(stdout);
    fprintf(stderr, "melbicomfs: %s: %s\n", path, strerror(-error));
    shell->status = status > shell->status ? status : shell->status;
}

void shell_print_quoted(const char *text)
{
    struct printbuf *out = paths_owned(printbuf_new());
    paths_owned(json_quote(text, out) == 0 ? out : NULL);
    fwrite(out->buf, 1, (size_t)out->bpos, stdout);
    printbuf_free(out);
}
