/* SPDX-License-Identifier: MIT */
#include "tree/purge_log.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "base/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define LOG_BYTES_MAX  ((size_t)256 << 10)
#define NAME_SHOWN_MAX 300

struct service_log {
    uint64_t id;
    char *text;
    size_t len, room;
    UT_hash_handle hh;
};

struct purge_log {
    struct service_log *services;
    struct metrics *metrics;
};

struct purge_log *purge_log_new(struct metrics *metrics)
{
    struct purge_log *log = calloc(1, sizeof *log);
    if (log)
        log->metrics = metrics;
    return log;
}

void purge_log_free(struct purge_log *log)
{
    if (!log)
        return;
    struct service_log *service, *next;
    HASH_ITER(hh, log->services, service, next)
    {
        HASH_DEL(log->services, service);
        free(service->text);
        free(service);
    }
    free(log);
}

static struct service_log *service_of(struct purge_log *log, uint64_t id)
{
    struct service_log *service;
    HASH_FIND(hh, log->services, &id, sizeof id, service);
    if (service)
        return service;
    service = calloc(1, sizeof *service);
    if (!service)
        return NULL;
    service->id = id;
    HASH_ADD(hh, log->services, id, sizeof service->id, service);
    return service;
}

/* Appends a text. Control characters, which could break the line or control a terminal, and bytes that are not UTF-8
 * are written as \xNN. */
static void append_clean(struct printbuf *line, const char *text, size_t len)
{
    while (len > 0) {
        size_t n = utf8_length(text, len);
        if (n > 0 && !utf8_is_control(text, n)) {
            printbuf_memappend(line, text, (int)n);
        } else {
            n = n ? n : 1;
            for (size_t i = 0; i < n; i++)
                sprintbuf(line, "\\x%02x", (unsigned)(unsigned char)text[i]);
        }
        text += n;
        len -= n;
    }
}

/* Drops the oldest quarter of a full log. Dropping single lines would move the whole log for each new line. */
static void make_space(struct service_log *service)
{
    size_t gone = 0;
    while (service->len - gone > LOG_BYTES_MAX / 4 * 3) {
        const char *end = memchr(service->text + gone, '\n', service->len - gone);
        gone = (size_t)(end + 1 - service->text);
    }
    service->len -= gone;
    memmove(service->text, service->text + gone, service->len);
}

static void keep_line(struct service_log *service, const char *line, size_t len)
{
    if (service->len + len > LOG_BYTES_MAX)
        make_space(service);
    if (service->len + len > service->room) {
        size_t room = 2 * (service->len + len);
        char *text = realloc(service->text, room);
        if (!text)
            return;
        service->text = text;
        service->room = room;
    }
    memcpy(service->text + service->len, line, len);
    service->len += len;
}

void purge_log_add(struct purge_log *log, uint64_t id, const char *name, size_t len, int error, long status,
                   const char *message, int64_t ns)
{
    struct service_log *service = service_of(log, id);
    struct printbuf *line = printbuf_new();
    char when[32];

    metrics_count(log->metrics, error ? COUNT_PURGE_FAILED : COUNT_PURGE_OK, 1);
    if (service && line) {
        sprintbuf(line, "%s\t%s\t", clock_format(clock_wall(), when, sizeof when), error ? strerror(-error) : "ok");
        append_clean(line, name, len < NAME_SHOWN_MAX ? len : NAME_SHOWN_MAX);
        if (status)
            sprintbuf(line, "\t%ld\t", status);
        else
            sprintbuf(line, "\t-\t");
        append_clean(line, *message ? message : "-", strlen(*message ? message : "-"));
        sprintbuf(line, "\t%" PRId64 "\n", ns / 1000000);
        keep_line(service, line->buf, (size_t)line->bpos);
    }
    if (line)
        printbuf_free(line);
}

int purge_log_text(const struct purge_log *log, uint64_t id, struct printbuf *out)
{
    struct service_log *service;
    HASH_FIND(hh, log->services, &id, sizeof id, service);
    return service && service->len && printbuf_memappend(out, service->text, (int)service->len) < 0 ? -ENOMEM : 0;
}
