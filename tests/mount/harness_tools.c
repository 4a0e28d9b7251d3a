/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness_private.h"

/* ---- strings that are kept ---- */

struct kept {
    struct kept *next;
    max_align_t bytes[];
};

static struct kept *kept;
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;

void *keep(size_t size)
{
    struct kept *k = calloc(1, sizeof *k + size);
    if (!k)
        abort();
    pthread_mutex_lock(&kept_lock);
    k->next = kept;
    kept = k;
    pthread_mutex_unlock(&kept_lock);
    return k->bytes;
}

char *keep_text(const char *text)
{
    size_t len = strlen(text);
    return memcpy(keep(len + 1), text, len + 1);
}

void keep_none(void)
{
    while (kept) {
        struct kept *next = kept->next;
        free(kept);
        kept = next;
    }
}

char *keep_fd(int fd, size_t *len)
{
    size_t size = 65536, have = 0;
    char *text = malloc(size);
    ssize_t n = 0;

    (void)lseek(fd, 0, SEEK_SET); /* where that can be: /proc and fusectl are read from their start anyway */
    while (text && (n = read(fd, text + have, size - have - 1)) > 0) {
        have += (size_t)n;
        if (size - have < 4096) {
            char *more = realloc(text, size *= 2);
            if (!more)
                abort();
            text = more;
        }
    }
    if (!text || n < 0) {
        free(text);
        return NULL;
    }
    char *result = keep(have + 1);
    memcpy(result, text, have);
    free(text);
    if (len)
        *len = have;
    return result;
}

char *slurp_path(const char *path, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *text = keep_fd(fd, len);
    int error = errno;
    close(fd);
    errno = error;
    return text;
}

char *keep_file(const char *path)
{
    return slurp_path(path, NULL);
}

char *in_mount(const struct mount *mount, const char *format, ...)
{
    char name[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    char *path = keep(strlen(mount->path) + strlen(name) + 2);
    sprintf(path, "%s/%s", mount->path, name);
    return path;
}

char *slurp(const struct mount *mount, const char *path, size_t *len)
{
    char *text = slurp_path(in_mount(mount, "%s", path), len);
    if (!text)
        fail_msg("%s: %s; the program's stderr:\n%s", path, strerror(errno), mount_log(mount));
    return text;
}

const char *suspicious(const char *text)
{
    static const char *const words[] = {"Sanitizer", "runtime error", "ssertion",    "panic",
                                        "corrupt",   "double free",   "Segmentation"};
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (strcasestr(text, words[i])) {
            char *why = keep(64);
            snprintf(why, 64, "says \"%s\"", words[i]);
            return why;
        }
    return NULL;
}

/* ---- HTTP ---- */

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {20L * time_scale(), 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail_msg("cannot connect to port %u: %s", port, strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void send_all(int fd, const char *bytes, size_t len)
{
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(fd, bytes + sent, len - sent, MSG_NOSIGNAL);
        if (n <= 0)
            fail_msg("cannot send a request: %s", strerror(errno));
        sent += (size_t)n;
    }
}

/* Everything until the peer closes, and no longer than patience lasts. */
static char *receive_all(int fd, size_t *len)
{
    size_t size = 65536, have = 0;
    char *text = malloc(size);
    ssize_t n;

    while (text && (n = recv(fd, text + have, size - have - 1, 0)) > 0) {
        have += (size_t)n;
        if (size - have < 4096)
            text = realloc(text, size *= 2);
    }
    if (!text)
        abort();
    text[have] = '\0';
    *len = have;
    return text;
}

int http_ask(uint16_t port, const char *method, const char *path, const char *headers, const char *body, char **ret)
{
    char head[4096];
    size_t len, body_len = body ? strlen(body) : 0;
    int fd = connect_to(port), status = 0;
    int n = snprintf(head, sizeof head,
                     "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n",
                     method, path, port, headers ? headers : "", body_len);

    if (n < 0 || (size_t)n >= sizeof head)
        fail_msg("a request's head is too long");
    send_all(fd, head, (size_t)n);
    send_all(fd, body ? body : "", body_len);
    char *answer = receive_all(fd, &len);
    close(fd);
    char *end = strstr(answer, "\r\n\r\n");
    if (!end || sscanf(answer, "HTTP/1.%*d %d", &status) != 1)
        fail_msg("%s %s: no answer", method, path);
    if (ret) {
        size_t at = (size_t)(end + 4 - answer);
        *ret = memcpy(keep(len - at + 1), answer + at, len - at);
    }
    free(answer);
    return status;
}

static char *control(struct simulator *sim, const char *method, const char *path, const char *body)
{
    char *answer;
    int status = http_ask(sim->control, method, path, NULL, body, &answer);
    if (status / 100 != 2)
        fail_msg("%s %s %s: HTTP %d: %s", method, path, body ? body : "", status, answer);
    return answer;
}

char *api_get(struct simulator *sim, const char *path)
{
    char *full, *answer;
    const char *prefix = strchr(strstr(sim->url, "://") + 3, '/');

    full = keep(strlen(sim->url) + strlen(path) + 1);
    sprintf(full, "%s%s", prefix ? prefix : "", path);
    int status = http_ask(sim->port, "GET", full, "Authorization: Bearer " HARNESS_TOKEN "\r\n", NULL, &answer);
    if (status != 200)
        fail_msg("GET %s: HTTP %d: %s", full, status, answer);
    return answer;
}

static char *journal_path(const char *what, const char *operation)
{
    char *path = keep(128);
    snprintf(path, 128, "/_sim/%s%s%s", what, operation ? "?operation=" : "", operation ? operation : "");
    return path;
}

unsigned asked(struct simulator *sim, const char *operation)
{
    return (unsigned)strtoul(control(sim, "GET", journal_path("count", operation), NULL), NULL, 10);
}

char *journal(struct simulator *sim, const char *operation)
{
    return control(sim, "GET", journal_path("journal", operation), NULL);
}

void journal_clear(struct simulator *sim)
{
    control(sim, "DELETE", "/_sim/journal", NULL);
}

void wait_asked(struct simulator *sim, const char *operation, unsigned n)
{
    int64_t end = deadline_in(10000);
    while (asked(sim, operation) < n) {
        if (now_ms() >= end)
            fail_msg("%u requests were expected; the journal: %s", n, journal(sim, operation));
        (void)poll(NULL, 0, 5);
    }
}

static void __attribute__((format(printf, 3, 0)))
post(struct simulator *sim, const char *path, const char *format, va_list arguments)
{
    char *body;
    if (vasprintf(&body, format, arguments) < 0)
        abort();
    control(sim, "POST", path, body);
    free(body);
}

void rule(struct simulator *sim, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    post(sim, "/_sim/rules", format, arguments);
    va_end(arguments);
}

void rules_clear(struct simulator *sim)
{
    control(sim, "DELETE", "/_sim/rules", NULL);
}

void account_set(struct simulator *sim, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    post(sim, "/_sim/set", format, arguments);
    va_end(arguments);
}

void api_down(struct simulator *sim)
{
    control(sim, "POST", "/_sim/down", NULL);
}

void api_up(struct simulator *sim)
{
    control(sim, "POST", "/_sim/up", NULL);
}

/* ---- counting ---- */

static double line_of(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = text; (at = strstr(at, name)); at += len)
        if ((at == text || at[-1] == '\n') && at[len] == ' ')
            return strtod(at + len, NULL);
    return 0;
}

double metric(const struct mount *mount, const char *name)
{
    return line_of(slurp(mount, ".melbicomfs/metrics", NULL), name);
}

static const char *const kinds[] = {"lookup",  "forget",      "getattr",  "setattr",   "readlink", "read", "write",
                                    "readdir", "readdirplus", "getxattr", "listxattr", "statfs",   "other"};
#define KINDS (sizeof kinds / sizeof *kinds)
_Static_assert(sizeof(struct kernel) == KINDS * sizeof(uint64_t), "a kind, a field, in the same order");

static void kernel_now(const struct mount *mount, uint64_t n[KINDS])
{
    const char *text = slurp(mount, ".melbicomfs/metrics", NULL);
    char name[96];
    for (size_t i = 0; i < KINDS; i++) {
        snprintf(name, sizeof name, "melbicomfs_kernel_requests_total{request=\"%s\"}", kinds[i]);
        n[i] = (uint64_t)line_of(text, name);
    }
}

/* Three readings: the first warms up what leads there, the others tell what one costs. */
struct kernel_mark kernel_mark(const struct mount *mount)
{
    struct kernel_mark mark;
    uint64_t warm[KINDS], first[KINDS], second[KINDS], own[KINDS];

    kernel_now(mount, warm);
    kernel_now(mount, first);
    kernel_now(mount, second);
    for (size_t i = 0; i < KINDS; i++)
        own[i] = second[i] - first[i];
    memcpy(&mark.at, second, sizeof mark.at);
    memcpy(&mark.own, own, sizeof mark.own);
    return mark;
}

struct kernel kernel_since(const struct mount *mount, const struct kernel_mark *mark)
{
    struct kernel since;
    uint64_t now[KINDS], at[KINDS], own[KINDS];

    kernel_now(mount, now);
    memcpy(at, &mark->at, sizeof at);
    memcpy(own, &mark->own, sizeof own);
    for (size_t i = 0; i < KINDS; i++)
        now[i] -= at[i] + (own[i] < now[i] - at[i] ? own[i] : now[i] - at[i]);
    memcpy(&since, now, sizeof since);
    return since;
}
