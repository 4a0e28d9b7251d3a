/* SPDX-License-Identifier: MIT */
#include "tree/purge_handle.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "tree/purge.h"
#include "tree/purge_log.h"
#include "tree/purge_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void purge_refuse(const struct purge_handle *handle, const char *name, size_t len, const char *why)
{
    char shown[64];
    snprintf(shown, sizeof shown, "%.*s", len < 60 ? (int)len : 60, name);
    log_error("purge: services/%" PRIu64 ": \"%s\" was refused and not sent: %s; purge.log has the other names",
              handle->id, shown, why);
    purge_log_add(handle->log, handle->id, name, len, -EINVAL, 0, why, 0);
}

/* Refuses a text because of one of its lines. The other names are logged too, so that the log accounts for every name.
 * Other lines that are not names are not logged, because binary data may have many. */
static int reject_text(const struct purge_handle *handle, const struct purge_text *text)
{
    static const char why[] = "not sent: another line of the same write was refused; write the name again";
    size_t at = 0, len, recorded = 0, more = 0;
    const char *line;

    purge_refuse(handle, text->bytes + text->fault_at, text->fault_len, text->why);
    while (purge_text_line(text, &at, &line, &len)) {
        if (line == text->bytes + text->fault_at || purge_text_fault(line, len))
            continue;
        if (recorded++ < PURGE_NAMES_MAX)
            purge_log_add(handle->log, handle->id, line, len, -EINVAL, 0, why, 0);
        else
            more++;
    }
    if (more > 0) {
        char name[48];
        snprintf(name, sizeof name, "(%zu more)", more);
        purge_log_add(handle->log, handle->id, name, strlen(name), -EINVAL, 0, why, 0);
    }
    return -EINVAL;
}

void failed_write_clear(struct failed_write *failed)
{
    free(failed->line);
    *failed = (struct failed_write){.line = NULL};
}

int failed_write_of(const struct purge_text *text, struct failed_write *ret)
{
    if (!purge_text_torn(text))
        return 0;
    bool ended = text->bytes[text->len - 1] == '\n';
    ret->len = purge_text_first(text);
    ret->at = text->offset;
    ret->end = ended ? -1 : text->offset + (off_t)(text->len - text->kept);
    ret->line = malloc(ret->len);
    if (!ret->line)
        return -ENOMEM;
    memcpy(ret->line, text->bytes + text->kept, ret->len);
    return 0;
}

/* Returns whether a text may be checked like any other, although a write failed before it. It may not if it may begin
 * with the rest of a name. */
static bool may_follow(const struct failed_write *failed, const struct purge_text *text)
{
    if (!failed->line)
        return true;
    if (text->offset == failed->at)
        return text->len - text->kept >= failed->len &&
               memcmp(text->bytes + text->kept, failed->line, failed->len) == 0;
    return text->offset != failed->end;
}

int purge_handle_check(struct purge_handle *handle, struct purge_text *text, const struct document *service)
{
    struct failed_write failed = {.line = NULL};

    if (!may_follow(&handle->failed, text)) {
        /* The kept text stands in front, but this text does not continue it. Take it off again. */
        text->bytes += text->kept;
        text->len -= text->kept;
        text->kept = 0;
        text->fault_len = purge_text_first(text);
        text->fault_len -= text->bytes[text->fault_len - 1] == '\n';
        text->why = "an earlier write failed, so this one may begin with the rest of a name: open the file again";
        return reject_text(handle, text);
    }
    if (purge_text_check(text, service) == 0)
        return 0;
    if (failed_write_of(text, &failed) == 0 && failed.line) {
        failed_write_clear(&handle->failed);
        handle->failed = failed;
    }
    return reject_text(handle, text);
}

void purge_handle_drop(struct purge_handle *handle, bool joined)
{
    if (handle->kept && !joined && !handle->kept_sent)
        purge_refuse(handle, handle->kept, handle->kept_len, "the name was never completed: end it with a newline");
    free(steal(&handle->kept));
}

bool purge_handle_keeps(const struct purge_handle *handle)
{
    return handle->kept;
}

int purge_unsent(struct purge_handle *handle, const char *name, size_t len, int error, const char *why)
{
    purge_log_add(handle->log, handle->id, name, len, error, 0, why, 0);
    return error;
}

void purge_handle_free(struct purge_handle *handle)
{
    if (!handle)
        return;
    purge_handle_drop(handle, false);
    if (handle->user)
        *handle->user = NULL;
    failed_write_clear(&handle->failed);
    free(handle);
}
