/* SPDX-License-Identifier: MIT */
#include "tree/purge_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/table.h"
#include "base/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NAME_SHOWN_MAX 300

static const char first_line[] =
    "# To purge a resource from the CDN: echo NAME > purge   (below: time, result, name, HTTP "
    "status, the API's own words, milliseconds; .melbicomfs/log has the words, too)\n";
static const char last_line[] = "# This log is full. The results of later purges are in .melbicomfs/log.\n";

struct service_log {
    uint64_t id;
    char *text; /* a mapping of `room` bytes; NULL: only the first line */
    size_t len, room;
    struct timespec changed;
    bool full;   /* the last line has been written */
    size_t lost; /* how many lines are missing at the end, because memory had run out */
    UT_hash_handle hh;
};

struct purge_log {
    struct service_log *services;
    struct timespec made;
    struct metrics *metrics;
    void (*on_growth)(void *data, uint64_t id); /* or NULL */
    void *data;
};

struct purge_log *purge_log_new(struct metrics *metrics)
{
    struct purge_log *log = calloc(1, sizeof *log);
    if (log)
        *log = (struct purge_log){.made = clock_wall(), .metrics = metrics};
    return log;
}

void purge_log_on_growth(struct purge_log *log, void (*fn)(void *data, uint64_t id), void *data)
{
    log->on_growth = fn;
    log->data = data;
}

void purge_log_free(struct purge_log *log)
{
    if (!log)
        return;
    struct service_log *service, *next;
    HASH_ITER(hh, log->services, service, next)
    {
        HASH_DEL(log->services, service);
        if (service->text)
            (void)munmap(service->text, service->room);
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
    service->changed = log->made;
    HASH_ADD(hh, log->services, id, sizeof service->id, service);
    if (!table_holds(service, hh)) {
        free(service);
        return NULL;
    }
    return service;
}

int purge_log_prepare(struct purge_log *log, uint64_t id)
{
    return service_of(log, id) ? 0 : -ENOMEM;
}

/* Appends a text. Control characters, which could break the line or control a terminal, and bytes that are not UTF-8
 * are written as \xNN. False when out of memory. */
static bool append_clean(struct printbuf *line, const char *text, size_t len)
{
    while (len > 0) {
        size_t n = utf8_length(text, len);
        if (n > 0 && !utf8_is_control(text, n)) {
            if (printbuf_memappend(line, text, (int)n) < 0)
                return false;
        } else {
            n = n ? n : 1;
            for (size_t i = 0; i < n; i++)
                if (sprintbuf(line, "\\x%02x", (unsigned)(unsigned char)text[i]) < 0)
                    return false;
        }
        text += n;
        len -= n;
    }
    return true;
}

/* Makes room for `len` more bytes; false when out of memory. The text is as before, in any case. The text is a mapping
 * of its own: on the heap, each move to a larger place would leave a gap as large as the text. */
static bool make_room(struct service_log *service, size_t len)
{
    size_t used = service->text ? service->len : sizeof first_line - 1, room = service->room ? service->room : 4096;
    if (service->text && used + len <= service->room)
        return true;
    while (room < used + len)
        room *= 2;
    char *text = service->text ? mremap(service->text, service->room, room, MREMAP_MAYMOVE)
                               : mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (text == MAP_FAILED)
        return false;
    if (!service->text)
        memcpy(text, first_line, used);
    service->text = text;
    service->len = used;
    service->room = room;
    return true;
}

/* False, with the text as before, when out of memory. */
static bool append(struct service_log *service, const char *bytes, size_t len)
{
    struct timespec now = clock_wall(), before = service->changed;
    if (!make_room(service, len))
        return false;
    memcpy(service->text + service->len, bytes, len);
    service->len += len;
    if (now.tv_sec > before.tv_sec || (now.tv_sec == before.tv_sec && now.tv_nsec > before.tv_nsec))
        service->changed = now; /* the clock may have been set back */
    return true;
}

/* Appends a line, which always leaves space for the last line. False when out of memory. */
static bool keep_line(struct service_log *service, const char *line, size_t len)
{
    if (!service->full && service->len + len <= PURGE_LOG_BYTES_MAX - (sizeof last_line - 1))
        return append(service, line, len);
    if (!service->full && !append(service, last_line, sizeof last_line - 1))
        return false;
    service->full = true;
    log_info("services/%" PRIu64 "/cdn/purge.log is full, so this line is not in it: %.*s", service->id, (int)len - 1,
             line);
    return true;
}

/* Writes a line as purge_log.h describes it. False when out of memory. */
static bool write_line(struct printbuf *line, const char *name, size_t len, int error, long status, const char *message,
                       int64_t ns)
{
    char when[32], number[32] = "-";

    if (status)
        snprintf(number, sizeof number, "%ld", status);
    return sprintbuf(line, "%s\t%s\t", clock_format(clock_wall(), when, sizeof when),
                     error ? strerror(-error) : "ok") >= 0 &&
           append_clean(line, name, len < NAME_SHOWN_MAX ? len : NAME_SHOWN_MAX) &&
           sprintbuf(line, "\t%s\t", number) >= 0 &&
           append_clean(line, *message ? message : "-", strlen(*message ? message : "-")) &&
           sprintbuf(line, "\t%" PRId64 "\n", ns / 1000000) >= 0;
}

/* Says how many lines are missing, where they are missing. False when out of memory. */
static bool keep_lost(struct service_log *service)
{
    char text[128];
    int len = snprintf(text, sizeof text, "# There was no memory for %zu lines here; .melbicomfs/log may have them.\n",
                       service->lost);

    if (service->lost > 0 && !keep_line(service, text, (size_t)len))
        return false;
    service->lost = 0;
    return true;
}

void purge_log_add(struct purge_log *log, uint64_t id, const char *name, size_t len, int error, long status,
                   const char *message, int64_t ns)
{
    struct service_log *service = service_of(log, id);
    struct printbuf *line = printbuf_new();

    metrics_count(log->metrics, error ? COUNT_PURGE_FAILED : COUNT_PURGE_OK, 1);
    if (!service || !line || !write_line(line, name, len, error, status, message, ns) || !keep_lost(service) ||
        !keep_line(service, line->buf, (size_t)line->bpos)) {
        if (service)
            service->lost++;
        log_error("services/%" PRIu64 "/cdn/purge.log: no memory for a line: %s\t%.*s\t%ld", id,
                  error ? strerror(-error) : "ok", len < NAME_SHOWN_MAX ? (int)len : NAME_SHOWN_MAX, name, status);
    }
    if (line)
        printbuf_free(line);
    if (log->on_growth)
        log->on_growth(log->data, id);
}

void purge_log_text(const struct purge_log *log, uint64_t id, struct purge_log_text *ret)
{
    struct service_log *service;
    HASH_FIND(hh, log->services, &id, sizeof id, service);
    if (service && service->text)
        *ret = (struct purge_log_text){service->text, service->len, service->changed};
    else
        *ret = (struct purge_log_text){first_line, sizeof first_line - 1, log->made};
}
