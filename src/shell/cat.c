/* SPDX-License-Identifier: MIT */
#include "shell/cat.h"

#include "shell/context.h"
#include "shell/look.h"
#include "tree/purge.h"
#include "tree/purge_log.h"
#include "tree/tree.h"

#include <errno.h>
#include <stdio.h>

static void print(void *data, const char *path, struct look *look)
{
    struct shell *shell = data;
    struct purge_log_text log;

    if (look->error || look->place->route->kind == ROUTE_DIR) {
        shell_fail(shell, path, look->error ? look->error : -EISDIR);
    } else if (route_grows(look->place->route)) {
        purges_log(tree_purges(shell->tree), place_id(look->place), &log);
        fwrite(log.bytes, 1, log.len, stdout);
    } else if (look->view.snapshot) {
        fwrite(look->view.snapshot->data, 1, look->view.snapshot->len, stdout);
    }
}

void cat_run(struct shell *shell, const struct paths *paths)
{
    looks_each(shell, paths, (struct look_how){.follow = true}, print, shell);
}
