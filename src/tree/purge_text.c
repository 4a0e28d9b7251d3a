/* SPDX-License-Identifier: MIT */
#include "tree/purge_text.h"

#include "api/documents.h"
#include "base/utf8.h"
#include "tree/purge.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES_MAX 4096

const char *purge_text_fault(const char *name, size_t len)
{
    if (len == 0)
        return "an empty name: remove the empty line";
    if (len > NAME_BYTES_MAX)
        return "the name is longer than 4,096 bytes";
    if (*name == '#')
        return "a name cannot begin with #";
    while (len > 0) {
        size_t n = utf8_length(name, len);
        if (n == 0)
            return "the name is not UTF-8";
        if (utf8_is_control(name, n))
            return *name == '\r' ? "the line contains a carriage return: convert the file with dos2unix"
                                 : "a control character or tab in the name";
        name += n;
        len -= n;
    }
    return NULL;
}

bool purge_text_line(const struct purge_text *text, size_t *at, const char **line, size_t *len)
{
    if (*at >= text->len)
        return false;
    const char *end = memchr(text->bytes + *at, '\n', text->len - *at);
    *line = text->bytes + *at;
    *len = end ? (size_t)(end - *line) : text->len - *at;
    *at += *len + (end != NULL);
    return true;
}

size_t purge_text_first(const struct purge_text *text)
{
    const char *own = text->bytes + text->kept, *end = memchr(own, '\n', text->len - text->kept);
    return end ? (size_t)(end - own) + 1 : text->len - text->kept;
}

bool purge_text_torn(const struct purge_text *text)
{
    bool ended = text->bytes[text->len - 1] == '\n';
    bool line = memchr(text->bytes + text->kept, '\n', text->len - text->kept) != NULL;
    return (text->kept && line) || !ended;
}

bool purge_text_alone(const char *bytes, size_t len, off_t offset)
{
    return offset == 0 && len > 0 && len % (size_t)sysconf(_SC_PAGESIZE) != 0 && !memchr(bytes, '\n', len);
}

bool purge_text_at_page_end(const struct purge_text *text)
{
    size_t written = text->len - text->kept;
    return ((size_t)text->offset + written) % (size_t)sysconf(_SC_PAGESIZE) == 0;
}

/* Returns whether the service's document contains JSON strings that begin with `name`, and none that equals it. Then
 * `name` is taken for the beginning of one of those strings. */
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

static int refuse(struct purge_text *text, size_t at, size_t len, const char *why)
{
    text->fault_at = at;
    text->fault_len = len;
    text->why = why;
    return -EINVAL;
}

/* Decides whether the rest is to be kept, is a whole name, or is refused (purge_text.h). */
static int check_rest(struct purge_text *text, const struct document *service)
{
    const char *rest = text->bytes + text->rest_at;
    size_t len = text->len - text->rest_at;

    if (len == 0)
        return 0;
    if (purge_text_at_page_end(text))
        return len > NAME_BYTES_MAX ? refuse(text, text->rest_at, len, "the name is longer than 4,096 bytes") : 0;
    if (text->n > 0 || text->kept || text->offset != 0)
        return refuse(text, text->rest_at, len, "the last name may be cut: end it with a newline");
    if (looks_cut(service, rest, len))
        return refuse(text, text->rest_at, len,
                      "this is only the beginning of a name of this service: write it whole, with a newline");
    text->rest_whole = true;
    text->n = 1;
    const char *fault = purge_text_fault(rest, len);
    return fault ? refuse(text, text->rest_at, len, fault) : 0;
}

int purge_text_check(struct purge_text *text, const struct document *service)
{
    const char *end;

    while ((end = memchr(text->bytes + text->rest_at, '\n', text->len - text->rest_at))) {
        size_t at = text->rest_at, len = (size_t)(end - text->bytes) - at;
        const char *fault = purge_text_fault(text->bytes + at, len);
        if (!fault && ++text->n > PURGE_NAMES_MAX)
            fault = "more than 1,000 names in one write: write fewer at a time";
        if (fault)
            return refuse(text, at, len, fault);
        text->rest_at = at + len + 1;
    }
    return check_rest(text, service);
}
