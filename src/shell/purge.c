/* SPDX-License-Identifier: MIT */
#include "shell/purge.h"

#include "base/cleanup.h"
#include "base/config.h"
#include "base/loop.h"
#include "shell/context.h"
#include "shell/look.h"
#include "tree/purge.h"
#include "tree/purge_handle.h"
#include "tree/purge_log.h"
#include "tree/purge_text.h"
#include "tree/tree.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct name {
    const char *at;
    size_t len;
};

struct purging {
    struct shell *shell;
    uint64_t id; /* of the service */
    struct name *names;
    size_t n;
    char *input;    /* what was read from the standard input, or NULL */
    size_t printed; /* how many bytes of purge.log are printed */
    int error;      /* of the write that has ended */
};

/* ---- the names ---- */

static void add_name(struct purging *purging, const char *at, size_t len)
{
    purging->names = paths_owned(reallocarray(purging->names, purging->n + 1, sizeof *purging->names));
    purging->names[purging->n++] = (struct name){at, len};
}

/* Reads the standard input to its end. */
static int read_input(struct purging *purging)
{
    size_t room = 4096, len = 0, n;
    purging->input = paths_owned(malloc(room));
    while ((n = fread(purging->input + len, 1, room - len, stdin)) > 0)
        if ((len += n) == room)
            purging->input = paths_owned(realloc(purging->input, room *= 2));
    if (ferror(stdin))
        return -errno;
    for (const char *line = purging->input, *end = line + len, *next; line < end; line = next + 1) {
        next = memchr(line, '\n', (size_t)(end - line));
        next = next ? next : end;
        add_name(purging, line, (size_t)(next - line));
    }
    return 0;
}

static int take_names(struct purging *purging)
{
    const struct shell_command *command = purging->shell->command;
    for (size_t i = 1; i < command->n; i++)
        add_name(purging, command->operands[i], strlen(command->operands[i]));
    return command->n > 1 ? 0 : read_input(purging);
}

/* ---- what is printed ---- */

/* Prints a line of purge.log, whose columns are separated by tabs, as an object. */
static void print_as_object(const char *line, size_t len)
{
    static const char *const keys[] = {"time", "result", "name", "status", "message", "ms"};
    _cleanup_(freep) char *copy = paths_owned(strndup(line, len));
    char *rest = copy;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *value = strsep(&rest, "\t");
        printf("%c\"%s\":", i ? ',' : '{', keys[i]);
        if (!value || strcmp(value, "-") == 0)
            fputs("null", stdout);
        else if (i == 3 || i == 5)
            fputs(value, stdout);
        else
            shell_print_quoted(value);
    }
    puts("}");
}

/* Prints the lines that have come to the service's log. Those that begin with # are no results. */
static void on_growth(void *data, uint64_t id)
{
    struct purging *purging = data;
    struct purge_log_text log;

    purges_log(tree_purges(purging->shell->tree), id, &log);
    while (purging->printed < log.len) {
        const char *line = log.bytes + purging->printed, *end = memchr(line, '\n', log.len - purging->printed);
        size_t len = end ? (size_t)(end - line) : log.len - purging->printed;
        if (*line != '#' && purging->shell->command->json)
            print_as_object(line, len);
        else if (*line != '#')
            printf("%.*s\n", (int)len, line);
        purging->printed += len + 1;
    }
    fflush(stdout);
}

static void print_plan(const struct purging *purging)
{
    for (size_t i = 0; i < purging->n; i++) {
        const struct name *name = &purging->names[i];
        if (!purging->shell->command->json) {
            printf("would purge\t%.*s\n", (int)name->len, name->at);
            continue;
        }
        _cleanup_(freep) char *copy = paths_owned(strndup(name->at, name->len));
        fputs("{\"result\":\"would purge\",\"name\":", stdout);
        shell_print_quoted(copy);
        puts("}");
    }
}

/* ---- sending ---- */

static void on_done(void *data, int error)
{
    struct purging *purging = data;
    purging->error = error;
    loop_quit(purging->shell->loop, 0);
}

/* Checks all names. If one of them must be refused, none is sent, and each gets its line. */
static int check(const struct purging *purging, struct purge_handle *handle)
{
    int error = 0;
    for (size_t i = 0; i < purging->n; i++)
        if (purge_text_fault(purging->names[i].at, purging->names[i].len))
            error = -EINVAL;
    for (size_t i = 0; error && i < purging->n; i++) {
        const struct name *name = &purging->names[i];
        const char *fault = purge_text_fault(name->at, name->len);
        if (fault)
            purge_refuse(handle, name->at, name->len, fault);
        else
            (void)purge_unsent(handle, name->at, name->len, error, "not sent: another name was refused");
    }
    return error;
}

/* Sends `n` names from index `from` on, and waits until all are answered. */
static int send(struct purging *purging, struct purge_handle *handle, size_t from, size_t n)
{
    struct printbuf *text = paths_owned(printbuf_new());
    struct purge_write *write;

    for (size_t i = from; i < from + n; i++) {
        const struct name *name = &purging->names[i];
        if (printbuf_memappend(text, name->at, (int)name->len) < 0 || printbuf_memappend(text, "\n", 1) < 0)
            paths_owned(NULL);
    }
    int r = purge_write(handle, 0, text->buf, (size_t)text->bpos, NULL, on_done, purging, &write);
    printbuf_free(text);
    if (r == 0)
        r = loop_run(purging->shell->loop);
    return r < 0 ? r : purging->error;
}

static int send_all(struct purging *purging)
{
    struct purges *purges = tree_purges(purging->shell->tree);
    struct purge_handle *handle = paths_owned(purge_handle_new(purges, purging->id));
    int error = check(purging, handle), r = 0;

    if (error == 0 && purging->shell->command->dry_run) {
        print_plan(purging);
        purge_handle_free(handle);
        return 0;
    }
    for (size_t i = 0, n; r == 0 && error == 0 && i < purging->n; i += n) {
        n = purging->n - i < PURGE_NAMES_MAX ? purging->n - i : PURGE_NAMES_MAX;
        r = send(purging, handle, i, n);
    }
    purge_handle_free(handle);
    return error ? error : r;
}

static int purge(struct purging *purging, const struct look *look)
{
    struct purges *purges = tree_purges(purging->shell->tree);

    if (look->error)
        return look->error;
    if (look->place->route->kind != ROUTE_COMMAND)
        return -EINVAL;
    if (tree_config(purging->shell->tree)->read_only)
        return -EROFS;
    int r = take_names(purging);
    if (r < 0)
        return r;
    purging->id = place_id(look->place);
    purges_on_growth(purges, on_growth, purging);
    r = send_all(purging);
    purges_on_growth(purges, NULL, NULL);
    return r;
}

void purge_run(struct shell *shell)
{
    struct purging purging = {.shell = shell};
    struct look *look = paths_owned(calloc(1, sizeof *look));
    const char *service = shell->command->operands[0];
    bool id = service[strspn(service, "0123456789")] == '\0';
    _cleanup_(freep) char *path = NULL;

    if (asprintf(&path, "%s%s/cdn/purge", id ? "services/" : "", service) < 0)
        paths_owned(path = NULL);
    look_start(look, shell, path, (struct look_how){.follow = true});
    (void)look_await(look);
    int r = purge(&purging, look);
    if (r < 0)
        shell_fail(shell, path, r);
    look_end(look);
    free(look);
    free(purging.names);
    free(purging.input);
}
