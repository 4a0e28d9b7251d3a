/* SPDX-License-Identifier: MIT */
#include "tree/purge.h"

#include "api/documents.h"
#include "api/outcome.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "http/client.h"
#include "http/said.h"
#include "http/verdict.h"
#include "tree/purge_handle.h"
#include "tree/purge_log.h"
#include "tree/purge_text.h"
#include "json/json.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_BYTES_MAX 65536

struct purges {
    struct loop *loop;
    struct client *client;
    struct endpoints *endpoints;
    const struct config *config;
    struct metrics *metrics;
    struct purge_log *log;
    struct purge_write *writes;
    size_t pending; /* names waiting, or sent and not answered */
};

/* One name of a write, and its POST. */
struct purge_name {
    struct purge_write *write;
    char *name;
    struct client_exchange *exchange;
    struct printbuf *answer;
    bool done;
    int error;
};

struct purge_write {
    struct purges *purges;
    struct purge_handle *handle; /* NULL once it is gone */
    uint64_t id;
    struct purge_name *names;
    size_t n;    /* how many names */
    size_t next; /* index of the next name to send */
    size_t open; /* how many names are sent and not answered */
    bool barred; /* the host failed a name, after it was sent: no other name waits for it */
    off_t at;    /* the offset at which the write began */
    bool joined; /* the first name begins with the handle's kept text */
    char *rest;  /* the text that the handle will keep if every name succeeds; NULL: none */
    size_t rest_len;
    off_t rest_at;              /* the offset at which a write continues the rest */
    struct failed_write failed; /* what the handle will remember if a name fails */
    struct timer deadline;
    struct task finish;
    void (*done)(void *data, int error);
    void *data;
    struct purge_write *sibling, **link;
};

/* ---- life ---- */

struct purges *purges_new(struct loop *loop, struct client *client, struct endpoints *endpoints,
                          const struct config *config, struct metrics *metrics)
{
    struct purges *purges = calloc(1, sizeof *purges);
    if (!purges)
        return NULL;
    *purges =
        (struct purges){.loop = loop, .client = client, .endpoints = endpoints, .config = config, .metrics = metrics};
    purges->log = purge_log_new(metrics);
    if (!purges->log) {
        free(purges);
        return NULL;
    }
    return purges;
}

static void write_free(struct purge_write *write)
{
    if (!write)
        return;
    timer_clear(&write->deadline);
    task_cancel(&write->finish);
    for (size_t i = 0; i < write->n; i++) {
        if (write->names[i].exchange)
            client_cancel(write->names[i].exchange);
        if (write->names[i].answer)
            printbuf_free(write->names[i].answer);
        free(write->names[i].name);
    }
    if (write->handle)
        write->handle->user = NULL;
    if (write->link) {
        *write->link = write->sibling;
        if (write->sibling)
            write->sibling->link = write->link;
    }
    free(write->failed.line);
    free(write->rest);
    free(write->names);
    free(write);
}

void purges_free(struct purges *purges)
{
    if (!purges)
        return;
    while (purges->writes)
        write_free(purges->writes);
    purge_log_free(purges->log);
    free(purges);
}

void purges_on_growth(struct purges *purges, void (*fn)(void *data, uint64_t id), void *data)
{
    purge_log_on_growth(purges->log, fn, data);
}

void purges_log(const struct purges *purges, uint64_t id, struct purge_log_text *ret)
{
    purge_log_text(purges->log, id, ret);
}

size_t purges_pending(const struct purges *purges)
{
    return purges->pending;
}

struct purge_handle *purge_handle_new(struct purges *purges, uint64_t id)
{
    struct purge_handle *handle = calloc(1, sizeof *handle);
    if (handle)
        *handle = (struct purge_handle){.purges = purges, .log = purges->log, .id = id};
    return handle;
}

/* ---- sending ---- */

static void send_more(struct purge_write *write);

static void name_done(struct purge_name *name, int error, long status, const char *message, int64_t ns)
{
    name->done = true;
    name->error = error;
    name->write->purges->pending--;
    purge_log_add(name->write->purges->log, name->write->id, name->name, strlen(name->name), error, status, message,
                  ns);
}

/* What an answer says that does not confirm the purge, in words; malloc'd, or NULL when out of memory. */
static char *words_of(struct json_slice answer, bool valid, enum outcome outcome)
{
    char *message = json_api_message(answer.at, answer.len, log_hidden), *made = NULL;

    if (message)
        return message;
    if (valid)
        return strdup(outcome == OUTCOME_FAILURE ? "the API reports a failure without a message"
                                                 : "the API did not confirm the purge");
    _cleanup_(freep) char *excerpt = said_excerpt(answer.at, answer.len);
    return asprintf(&made, "the answer is not JSON: %s", excerpt ? excerpt : "") < 0 ? NULL : made;
}

/* Reads the body of a 2xx answer. Only what the answer itself calls a success is one: a CDN that was not purged must not
 * look purged. Returns 0, or -errno with the reason in *ret_message: the API's own words where it has any (malloc'd, may
 * be NULL). */
static int judge(long status, const struct printbuf *answer, char **ret_message)
{
    struct json_slice raw = {answer ? answer->buf : "", answer ? (size_t)answer->bpos : 0};
    struct printbuf *scratch = status == 204 ? NULL : printbuf_new();
    int code = 0;

    if (status == 204)
        return 0;
    raw = json_trimmed(raw);
    int r = !scratch ? -ENOMEM : raw.len == 0 ? 0 : json_check(raw, scratch);
    bool valid = r == 0;
    printbuf_free(scratch);
    enum outcome outcome = r == -ENOMEM ? OUTCOME_NO_MEMORY : valid ? outcome_of(raw, &code) : OUTCOME_UNSAID;
    if (outcome == OUTCOME_SUCCESS)
        return 0;
    if (outcome == OUTCOME_NO_MEMORY) {
        *ret_message = strdup("no memory to read the answer: the resource may have been purged");
        return -ENOMEM;
    }
    *ret_message = words_of(raw, valid, outcome);
    return code ? client_judge_status(code).error : -EIO;
}

static void on_start(void *data)
{
    struct purge_name *name = data;
    if (name->answer)
        printbuf_reset(name->answer);
}

static int on_body(void *data, const char *bytes, size_t len)
{
    struct purge_name *name = data;
    if (!name->answer && !(name->answer = printbuf_new()))
        return -ENOMEM;
    if ((size_t)name->answer->bpos + len > ANSWER_BYTES_MAX)
        return -EIO;
    return printbuf_memappend(name->answer, bytes, (int)len) < 0 ? -ENOMEM : 0;
}

static void on_done(void *data, const struct client_result *result)
{
    struct purge_name *name = data;
    struct purge_write *write = name->write;
    _cleanup_(freep) char *message = NULL;
    int error = result->error;

    name->exchange = NULL;
    write->open--;
    write->barred = write->barred || (result->host && result->error != -EBUSY);
    if (error == 0) {
        error = judge(result->status, name->answer, &message);
        if (error < 0)
            log_error("purge: services/%" PRIu64 ": %s: the API answered %ld, but did not report success: %s; "
                      "see purge.log",
                      write->id, name->name, result->status, message ? message : "(no message)");
        else
            log_info("purge: services/%" PRIu64 ": %s: ok", write->id, name->name);
    }
    metrics_exchange(write->purges->metrics, "purge", error == 0 || error == -ENOENT || error == -EINVAL);
    name_done(name, error, result->status, message ? message : result->message, result->ns);
    send_more(write);
}

/* Writes the body of a POST. json-c would leave out what it has no memory for. Returns 0 or -errno. */
static int write_body(const char *name, struct printbuf *out)
{
    int r = printbuf_strappend(out, "{\"resource_name\":") < 0 ? -ENOMEM : json_quote(name, out);
    return r < 0 ? r : printbuf_strappend(out, "}") < 0 ? -ENOMEM : 0;
}

static void send_name(struct purge_write *write, struct purge_name *name)
{
    struct purges *purges = write->purges;
    struct query query = {.operation = OP_PURGE, .id = write->id};
    struct printbuf *path = printbuf_new(), *body = printbuf_new();

    name->write = write;
    if (path && body && write_body(name->name, body) == 0 &&
        endpoints_path(purges->endpoints, &query, endpoints_first(purges->endpoints, OP_PURGE), 0, path) == 0) {
        struct client_request request = {
            .operation = "purge",
            .method = "POST",
            .path = path->buf,
            .turn = write->barred ? TURN_YIELDS : TURN_WAITS,
            .body = body->buf,
            .on_start = on_start,
            .on_body = on_body,
            .on_done = on_done,
            .data = name,
        };
        name->exchange = client_start(purges->client, &request);
    }
    printbuf_free(path);
    printbuf_free(body);
    if (name->exchange)
        write->open++;
    else
        name_done(name, -ENOMEM, 0, "out of memory", 0);
}

static void send_more(struct purge_write *write)
{
    while (write->next < write->n && write->open < write->purges->config->max_connections)
        send_name(write, &write->names[write->next++]);
    if (write->next == write->n && write->open == 0)
        task_defer(write->purges->loop, &write->finish);
}

static void leave_unsent(struct purge_write *write, int error, const char *why)
{
    for (; write->next < write->n; write->next++) {
        write->names[write->next].write = write;
        name_done(&write->names[write->next], error, 0, why, 0);
    }
    if (write->open == 0)
        task_defer(write->purges->loop, &write->finish);
}

static void on_deadline(void *data)
{
    struct purge_write *write = data;
    if (write->next == write->n)
        return; /* all names are sent: their exchanges will report the results, and none is to be written again */
    log_error("purge: services/%" PRIu64 ": %zu names were not sent within timeout_total; write them again", write->id,
              write->n - write->next);
    leave_unsent(write, -ETIMEDOUT, "not sent: timeout_total had passed");
}

static void keep(struct purge_handle *handle, struct purge_write *write)
{
    if (handle->failed.line && handle->failed.at == write->at)
        failed_write_clear(&handle->failed);
    if (!write->joined && !write->rest)
        return;
    purge_handle_drop(handle, write->joined);
    handle->kept = steal(&write->rest);
    handle->kept_len = write->rest_len;
    handle->kept_at = write->rest_at;
    handle->kept_sent = false;
}

/* The write has failed, or was given up. The handle does not keep its rest, but remembers the failed write. */
static void keep_nothing(struct purge_handle *handle, struct purge_write *write)
{
    if (write->rest)
        purge_refuse(handle, write->rest, write->rest_len,
                     "the write that holds the beginning of this name failed: write the name again");
    if (write->failed.line) {
        failed_write_clear(&handle->failed);
        handle->failed = write->failed;
        write->failed.line = NULL;
    }
    handle->user = NULL;
    write->handle = NULL;
}

/* Every name has its result. Updates the handle, frees the write, and answers the writer. */
static void on_finish(void *data)
{
    struct purge_write *write = data;
    void (*done)(void *, int) = write->done;
    void *done_data = write->data;
    int error = 0;

    for (size_t i = write->n; i-- > 0;)
        error = write->names[i].error ? write->names[i].error : error;
    if (write->handle && error == 0)
        keep(write->handle, write);
    else if (write->handle)
        keep_nothing(write->handle, write);
    write_free(write);
    if (done)
        done(done_data, error);
}

bool purge_left(const struct purge_write *write)
{
    for (size_t i = 0; i < write->next; i++)
        if (write->names[i].done || (write->names[i].exchange && client_left(write->names[i].exchange)))
            return true;
    return false;
}

void purge_give_up(struct purge_write *write)
{
    write->done = NULL;
    if (write->handle)
        keep_nothing(write->handle, write);
    for (size_t i = 0; i < write->next; i++) {
        struct purge_name *name = &write->names[i];
        if (!name->exchange || client_left(name->exchange))
            continue;
        client_cancel(steal(&name->exchange));
        write->open--;
        name_done(name, -EINTR, 0, "not sent: the writer was interrupted", 0);
    }
    leave_unsent(write, -EINTR, "not sent: the writer was interrupted");
}

/* ---- writing ---- */

/* Copies the names of a checked text, and the rest that the handle may keep. Returns false when out of memory. */
static bool take_names(struct purge_write *write, const struct purge_text *text)
{
    size_t at = 0, len;
    const char *line;

    while (write->n < text->n && purge_text_line(text, &at, &line, &len)) {
        struct purge_name *name = &write->names[write->n++];
        name->write = write;
        name->name = strndup(line, len);
        if (!name->name)
            return false;
    }
    if (text->rest_whole || text->rest_at == text->len)
        return true;
    write->rest_len = text->len - text->rest_at;
    write->rest_at = text->offset + (off_t)(text->len - text->kept);
    write->rest = malloc(write->rest_len);
    if (write->rest)
        memcpy(write->rest, text->bytes + text->rest_at, write->rest_len);
    return write->rest;
}

static struct purge_write *write_new(struct purge_handle *handle, const struct purge_text *text)
{
    struct purge_write *write = calloc(1, sizeof *write);
    if (!write)
        return NULL;
    write->purges = handle->purges;
    write->id = handle->id;
    write->at = text->offset;
    write->joined = text->kept > 0;
    write->names = calloc(text->n + 1, sizeof *write->names);
    if (!write->names || !take_names(write, text) || failed_write_of(text, &write->failed) < 0) {
        write_free(write);
        return NULL;
    }
    write->deadline = (struct timer){.fn = on_deadline, .data = write};
    write->finish = (struct task){.fn = on_finish, .data = write};
    return write;
}

static void link_write(struct purge_handle *handle, struct purge_write *write)
{
    struct purges *purges = handle->purges;
    write->handle = handle;
    handle->user = &write->handle;
    write->sibling = purges->writes;
    write->link = &purges->writes;
    if (write->sibling)
        write->sibling->link = &write->sibling;
    purges->writes = write;
    purges->pending += write->n;
}

int purge_write(struct purge_handle *handle, off_t offset, const char *bytes, size_t len, struct document *service,
                void (*done)(void *data, int error), void *data, struct purge_write **ret)
{
    struct purge_text text = {.offset = offset};
    if (handle->kept && offset == handle->kept_at)
        text.kept = handle->kept_len;
    text.len = text.kept + len;
    _cleanup_(freep) char *joined = malloc(text.len + 1);
    if (!joined || purge_log_prepare(handle->log, handle->id) < 0)
        return -ENOMEM;
    if (text.kept)
        memcpy(joined, handle->kept, text.kept);
    memcpy(joined + text.kept, bytes, len);
    text.bytes = joined;

    int r = purge_handle_check(handle, &text, service);
    if (r < 0)
        return r;
    struct purge_write *write = write_new(handle, &text);
    if (!write)
        return -ENOMEM;
    write->done = done;
    write->data = data;
    handle->kept_sent = handle->kept_sent || (text.kept && text.n > 0);
    link_write(handle, write);
    timer_set(handle->purges->loop, &write->deadline, clock_ms() + handle->purges->config->timeout_total_ms);
    *ret = write;
    send_more(write);
    return 0;
}
