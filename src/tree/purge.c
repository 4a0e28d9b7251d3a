#include "tree/purge.h"

#include "api/client.h"
#include "api/documents.h"
#include "api/json.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include "tree/purge_log.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define NAME_BYTES_MAX   4096
#define ANSWER_BYTES_MAX 65536

struct purges {
    struct loop *loop;
    struct client *client;
    struct endpoints *endpoints;
    const struct config *config;
    struct metrics *metrics;
    struct purge_log *log;
    struct purge_write *writes;
    size_t pending;
};

struct purge_handle {
    struct purges *purges;
    uint64_t id;
    char *kept; /* unterminated text */
    size_t kept_len;
    off_t kept_at;             /* where the rest of it must be written */
    bool kept_sent;            /* it has been part of a write that was sent: whatever came of that is in the log */
    struct purge_write *write; /* under way */
};

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
    size_t n, next, open; /* next to send; sent and not answered */
    char *rest;           /* what to keep when all has succeeded */
    size_t rest_len;
    off_t rest_at;
    struct timer deadline;
    struct task finish;
    void (*done)(void *data, int error);
    void *data;
    struct purge_write *sibling, **link;
};

/* ---- refusing ---- */

static void record(struct purges *purges, uint64_t id, const char *name, size_t len, int error, long status,
                   const char *message, int64_t ns)
{
    metrics_count(purges->metrics, error ? COUNT_PURGE_FAILED : COUNT_PURGE_OK, 1);
    purge_log_add(purges->log, id, name, len, error, status, message, ns);
}

static int refuse(struct purge_handle *handle, const char *name, size_t len, const char *why)
{
    char shown[64];
    snprintf(shown, sizeof shown, "%.*s", len < 60 ? (int)len : 60, name);
    log_error("purge: services/%" PRIu64 ": refused, nothing of this write was sent: \"%s\": %s", handle->id, shown,
              why);
    record(handle->purges, handle->id, name, len, -EINVAL, 0, why, 0);
    return -EINVAL;
}

/* ---- life ---- */

struct purges *purges_new(struct loop *loop, struct client *client, struct endpoints *endpoints,
                          const struct config *config, struct metrics *metrics)
{
    struct purges *purges = calloc(1, sizeof *purges);
    if (!purges)
        return NULL;
    *purges =
        (struct purges){.loop = loop, .client = client, .endpoints = endpoints, .config = config, .metrics = metrics};
    purges->log = purge_log_new();
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
        write->handle->write = NULL;
    if (write->link) {
        *write->link = write->sibling;
        if (write->sibling)
            write->sibling->link = write->link;
    }
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

int purges_log_text(const struct purges *purges, uint64_t id, struct printbuf *out)
{
    return purge_log_text(purges->log, id, out);
}

size_t purges_pending(const struct purges *purges)
{
    return purges->pending;
}

struct purge_handle *purge_handle_new(struct purges *purges, uint64_t id)
{
    struct purge_handle *handle = calloc(1, sizeof *handle);
    if (handle)
        *handle = (struct purge_handle){.purges = purges, .id = id};
    return handle;
}

void purge_handle_free(struct purge_handle *handle)
{
    if (!handle)
        return;
    if (handle->kept && !handle->kept_sent)
        refuse(handle, handle->kept, handle->kept_len, "the name was never completed: end it with a newline");
    if (handle->write)
        handle->write->handle = NULL;
    free(handle->kept);
    free(handle);
}

/* ---- sending ---- */

static void send_more(struct purge_write *write);

static void name_done(struct purge_name *name, int error, long status, const char *message, int64_t ns)
{
    name->done = true;
    name->error = error;
    name->write->purges->pending--;
    record(name->write->purges, name->write->id, name->name, strlen(name->name), error, status, message, ns);
}

/* What a 2xx answer says: 0, or -EIO with the API's message (malloc'd) when it is no success after all. */
static int judge(const struct printbuf *answer, char **ret_message)
{
    if (!answer || answer->bpos == 0)
        return 0;
    struct json_object *root = json_tokener_parse(answer->buf), *status;
    int r = 0;
    if (!root || !json_object_is_type(root, json_type_object)) {
        r = -EIO;
        *ret_message = strdup("the answer is not JSON");
    } else if (json_object_object_get_ex(root, "status", &status) &&
               strcasecmp(json_object_get_string(status), "success") != 0) {
        r = -EIO;
        *ret_message = json_api_message(answer->buf, (size_t)answer->bpos);
    }
    json_object_put(root);
    return r;
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
    if (error == 0) {
        error = judge(name->answer, &message);
        if (error < 0)
            log_error("purge: services/%" PRIu64 ": %s: the API answers %ld but not success: %s; see purge.log",
                      write->id, name->name, result->status, message ? message : "(no message)");
        else
            log_info("purge: services/%" PRIu64 ": %s: ok", write->id, name->name);
    }
    name_done(name, error, result->status, message ? message : result->message, result->ns);
    send_more(write);
}

static void send_name(struct purge_write *write, struct purge_name *name)
{
    struct purges *purges = write->purges;
    struct query query = {.operation = OP_PURGE, .id = write->id};
    struct printbuf *path = printbuf_new();
    struct json_object *body = json_object_new_object();

    name->write = write;
    if (path && body && endpoints_path(purges->endpoints, &query, 0, path) == 0) {
        json_object_object_add(body, "resource_name", json_object_new_string(name->name));
        struct client_request request = {
            .operation = "purge",
            .method = "POST",
            .path = path->buf,
            .body = json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
            .on_start = on_start,
            .on_body = on_body,
            .on_done = on_done,
            .data = name,
        };
        name->exchange = client_start(purges->client, &request);
    }
    if (path)
        printbuf_free(path);
    json_object_put(body);
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
    log_error("purge: services/%" PRIu64 ": %zu names were not sent within timeout_total; write them again", write->id,
              write->n - write->next);
    leave_unsent(write, -ETIMEDOUT, "not sent: timeout_total had passed");
}

/* All are answered: keeps the rest if all is well, and tells the writer. */
static void on_finish(void *data)
{
    struct purge_write *write = data;
    struct purge_handle *handle = write->handle;
    void (*done)(void *, int) = write->done;
    void *done_data = write->data;
    int error = 0;

    for (size_t i = write->n; i-- > 0;)
        error = write->names[i].error ? write->names[i].error : error;
    if (handle && error == 0) {
        free(handle->kept);
        handle->kept = steal(&write->rest);
        handle->kept_len = write->rest_len;
        handle->kept_at = write->rest_at;
        handle->kept_sent = false;
    } else if (handle && write->rest) {
        refuse(handle, write->rest, write->rest_len, "the write that the name begins in has failed: write it again");
    }
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

/* ---- checking ---- */

static const char *fault_of(const char *name, size_t len)
{
    if (len == 0)
        return "an empty name";
    if (len > NAME_BYTES_MAX)
        return "the name is too long";
    if (*name == '#')
        return "a name cannot begin with #";
    while (len > 0) {
        size_t n = utf8_length(name, len);
        if (n == 0)
            return "the name is not UTF-8";
        if (utf8_is_control(name, n))
            return *name == '\r' ? "the line ends in a carriage return: convert the file with dos2unix"
                                 : "a control character or tab in the name";
        name += n;
        len -= n;
    }
    return NULL;
}

/* Whether the service's own document shows strings that begin with `name`, and none that equals it: then it was cut. */
static bool looks_cut(const struct document *service, const char *name, size_t len)
{
    if (!service || !service->loaded || service->n_items == 0)
        return false;
    const struct snapshot *text = service->items[0].snapshot;
    const char *at = text->data, *end = text->data + text->len;
    bool longer = false;
    while ((at = memmem(at, (size_t)(end - at), name, len))) {
        bool starts = at > text->data && at[-1] == '"';
        at += len;
        if (starts && at < end && *at == '"')
            return false;
        longer = longer || starts;
    }
    return longer;
}

/* What a write is taken apart into. */
struct parsed {
    char *text; /* what was kept, and the write */
    size_t len;
    bool joined;
    size_t n;        /* names */
    size_t rest_at;  /* where the unterminated rest begins; len when there is none */
    bool rest_whole; /* the rest is a name all the same */
};

/* Decides what the unterminated end of a write is. */
static int parse_rest(struct purge_handle *handle, off_t offset, size_t write_len, struct document *service,
                      struct parsed *p)
{
    const char *rest = p->text + p->rest_at;
    size_t len = p->len - p->rest_at;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (len == 0)
        return 0;
    if (((size_t)offset + write_len) % page == 0)
        return len > NAME_BYTES_MAX ? refuse(handle, rest, len, "the name is too long") : 0;
    if (p->n > 0 || p->joined || offset != 0)
        return refuse(handle, rest, len, "the last name may be cut: end it with a newline");
    if (looks_cut(service, rest, len))
        return refuse(handle, rest, len,
                      "this is only the beginning of a name of this service: write it whole, with a newline");
    p->rest_whole = true;
    p->n = 1;
    const char *fault = fault_of(rest, len);
    return fault ? refuse(handle, rest, len, fault) : 0;
}

static int parse(struct purge_handle *handle, off_t offset, size_t write_len, struct document *service,
                 struct parsed *p)
{
    for (size_t at = 0; at < p->len;) {
        const char *end = memchr(p->text + at, '\n', p->len - at);
        if (!end)
            break;
        size_t len = (size_t)(end - p->text) - at;
        const char *fault = fault_of(p->text + at, len);
        if (!fault && ++p->n > PURGE_NAMES_MAX)
            fault = "more than 1,000 names in one write: write fewer at a time";
        if (fault)
            return refuse(handle, p->text + at, len, fault);
        at += len + 1;
        p->rest_at = at;
    }
    return parse_rest(handle, offset, write_len, service, p);
}

static struct purge_write *write_new(struct purge_handle *handle, const struct parsed *p, off_t end)
{
    struct purge_write *write = calloc(1, sizeof *write);
    if (!write)
        return NULL;
    write->purges = handle->purges;
    write->id = handle->id;
    write->names = calloc(p->n + 1, sizeof *write->names);
    bool ok = write->names;
    const char *at = p->text;
    for (; ok && write->n < p->n; write->n++) {
        const char *stop = p->rest_whole ? p->text + p->len : memchr(at, '\n', p->len);
        write->names[write->n].write = write;
        write->names[write->n].name = strndup(at, (size_t)(stop - at));
        ok = write->names[write->n].name;
        at = stop + 1;
    }
    if (ok && !p->rest_whole && p->rest_at < p->len) {
        write->rest_len = p->len - p->rest_at;
        write->rest_at = end;
        write->rest = malloc(write->rest_len);
        ok = write->rest;
        if (ok)
            memcpy(write->rest, p->text + p->rest_at, write->rest_len);
    }
    if (!ok) {
        write_free(write);
        return NULL;
    }
    write->deadline = (struct timer){.fn = on_deadline, .data = write};
    write->finish = (struct task){.fn = on_finish, .data = write};
    return write;
}

static void link_write(struct purges *purges, struct purge_write *write)
{
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
    struct parsed p = {.joined = handle->kept && offset == handle->kept_at};
    size_t kept = p.joined ? handle->kept_len : 0;
    _cleanup_(freep) char *text = malloc(kept + len + 1);

    if (!text)
        return -ENOMEM;
    if (kept)
        memcpy(text, handle->kept, kept);
    memcpy(text + kept, bytes, len);
    p.text = text;
    p.len = kept + len;
    int r = parse(handle, offset, len, service, &p);
    if (r < 0)
        return r;
    struct purge_write *write = write_new(handle, &p, offset + (off_t)len);
    if (!write)
        return -ENOMEM;
    write->handle = handle;
    write->done = done;
    write->data = data;
    handle->write = write;
    handle->kept_sent = handle->kept_sent || (p.joined && p.n > 0);
    link_write(handle->purges, write);
    timer_set(handle->purges->loop, &write->deadline, clock_ms() + handle->purges->config->timeout_total_ms);
    *ret = write;
    send_more(write);
    return 0;
}
