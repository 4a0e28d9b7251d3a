/* SPDX-License-Identifier: MIT */
/*
 * The log.
 *
 * A line is made in this order: the whole message is formatted, secrets are hidden, control bytes are escaped, and only
 * then is the line cut. Any other order could print a part of a secret. The cut never falls inside a character, an
 * escape or `[hidden]`.
 *
 * One mutex covers the ring, the secrets and the sink, so that the lines of two threads never mix.
 */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/utf8.h"

#define LINE_MAX_BYTES 4000
#define RING_LINES     1000
#define RING_BYTES     ((size_t)256 * 1024)
#define SECRETS        8
#define SECRET_MIN     4
#define ELLIPSIS       "…"
#define HIDDEN         "[hidden]"
#define PLAIN          "melbicomfs: "

/*
 * A secret. The log recognises it by keyed hashes and holds no copy of its text, so that each secret that is replaced
 * leaves the memory. `head` is a hash of the first SECRET_MIN bytes: few places of a message have the same, so `whole`
 * is computed for few. A foreign text with the same hashes (one in 2^64) would be hidden, too, which does no harm.
 */
struct secret {
    size_t len;
    uint16_t head;
    uint64_t whole;
};

struct line {
    char text[LINE_MAX_BYTES + 1]; /* one byte more than the line, for its newline */
    size_t len;
    size_t fits; /* the longest length so far that leaves room for the ellipsis */
    bool cut;
};

static const struct {
    const char *name;
    int priority;
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", LOG_ERR},
    [LOG_LEVEL_WARNING] = {"warning", LOG_WARNING},
    [LOG_LEVEL_INFO] = {"info", LOG_INFO},
    [LOG_LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

static struct {
    pthread_mutex_t lock;
    enum log_level level;
    bool syslog, plain;
    void (*taker)(void *data, const char *message); /* log_divert() */
    void *taker_data;
    struct secret secrets[SECRETS]; /* oldest first */
    size_t n_secrets;
    char *ring[RING_LINES]; /* lines with their newlines; a ring that begins at `first` */
    size_t first, n_lines, n_bytes;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_LEVEL_INFO};

static void lock(void)
{
    (void)pthread_mutex_lock(&state.lock);
}

static void unlock(void)
{
    (void)pthread_mutex_unlock(&state.lock);
}

const char *log_level_name(enum log_level level)
{
    return levels[level].name;
}

void log_set_level(enum log_level level)
{
    lock();
    state.level = level;
    unlock();
}

bool log_takes(enum log_level level)
{
    lock();
    bool takes = level <= state.level;
    unlock();
    return takes;
}

void log_to_syslog(void)
{
    lock();
    openlog("melbicomfs", LOG_PID, LOG_DAEMON);
    state.syslog = true;
    unlock();
}

void log_plain(bool plain)
{
    lock();
    state.plain = plain;
    unlock();
}

void log_divert(void (*taker)(void *data, const char *message), void *data)
{
    lock();
    state.taker = taker;
    state.taker_data = data;
    unlock();
}

static void wipe(char *text)
{
    explicit_bzero(text, strlen(text));
    free(text);
}

static void forget_secret(size_t i)
{
    state.n_secrets--;
    memmove(&state.secrets[i], &state.secrets[i + 1], (state.n_secrets - i) * sizeof(state.secrets[0]));
    explicit_bzero(&state.secrets[state.n_secrets], sizeof(state.secrets[0]));
}

static uint16_t hash_head(const char *bytes)
{
    return (uint16_t)secret_hash(bytes, SECRET_MIN);
}

void log_hide(const char *secret)
{
    struct secret added = {.len = secret ? strlen(secret) : 0};

    if (added.len < SECRET_MIN)
        return;
    lock();
    added.head = hash_head(secret);
    added.whole = secret_hash(secret, added.len);
    /* A known secret that is given again is in use again, so it becomes the newest. */
    for (size_t i = 0; i < state.n_secrets; i++)
        if (state.secrets[i].len == added.len && state.secrets[i].whole == added.whole) {
            forget_secret(i);
            break;
        }
    if (state.n_secrets == SECRETS)
        forget_secret(0);
    state.secrets[state.n_secrets++] = added;
    unlock();
}

/* The length of the longest secret that starts at `text`, or 0. `left` bytes are left there. */
static size_t secret_length(const char *text, size_t left)
{
    size_t longest = 0;

    if (state.n_secrets == 0 || left < SECRET_MIN)
        return 0;
    uint16_t head = hash_head(text);
    for (size_t i = 0; i < state.n_secrets; i++) {
        const struct secret *secret = &state.secrets[i];

        if (secret->head == head && secret->len > longest && secret->len <= left &&
            secret_hash(text, secret->len) == secret->whole)
            longest = secret->len;
    }
    return longest;
}

static void line_add(struct line *line, const char *piece, size_t len)
{
    if (line->cut)
        return;
    if (line->len + len > LINE_MAX_BYTES) {
        line->len = line->fits;
        memcpy(line->text + line->len, ELLIPSIS, sizeof(ELLIPSIS) - 1);
        line->len += sizeof(ELLIPSIS) - 1;
        line->cut = true;
        return;
    }
    memcpy(line->text + line->len, piece, len);
    line->len += len;
    if (line->len + sizeof(ELLIPSIS) - 1 <= LINE_MAX_BYTES)
        line->fits = line->len;
}

static void line_add_escaped(struct line *line, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char escape[sizeof("\\xNN")];

        (void)snprintf(escape, sizeof(escape), "\\x%02X", (unsigned)(unsigned char)bytes[i]);
        line_add(line, escape, sizeof(escape) - 1);
    }
}

/* Whether the byte at p belongs to a secret. *begins says whether HIDDEN has to be written for this byte. Secrets may
 * overlap, so a secret is looked for at each byte, even inside another secret. *covered is the end of the secrets found
 * so far; it must be the start of the text before the first call. */
static bool is_secret(const char *p, const char *end, const char **covered, bool *begins)
{
    size_t len = secret_length(p, (size_t)(end - p));

    *begins = len > 0 && p >= *covered;
    if (p + len > *covered)
        *covered = p + len;
    return p < *covered;
}

static void line_add_message(struct line *line, const char *message)
{
    const char *covered = message, *end = message + strlen(message);
    bool begins;

    for (const char *p = message; p < end && !line->cut;) {
        size_t len;

        if (is_secret(p, end, &covered, &begins)) {
            if (begins)
                line_add(line, HIDDEN, sizeof(HIDDEN) - 1);
            p++;
            continue;
        }
        len = utf8_length(p, (size_t)(end - p));
        if (len == 0 || utf8_is_control(p, len))
            line_add_escaped(line, p, len ? len : 1);
        else
            line_add(line, p, len);
        p += len ? len : 1;
    }
}

char *log_hidden(const char *text, size_t len, size_t *ret_len)
{
    const char *covered = text, *end = text + len;
    /* HIDDEN is longer than the shortest secret, so the text may grow. */
    char *copy = malloc(len * sizeof(HIDDEN) / SECRET_MIN + 1), *to = copy;
    bool begins;

    if (!copy)
        return NULL;
    lock();
    for (const char *p = text; p < end; p++)
        if (!is_secret(p, end, &covered, &begins))
            *to++ = *p;
        else if (begins)
            to = mempcpy(to, HIDDEN, sizeof(HIDDEN) - 1);
    unlock();
    *to = '\0';
    *ret_len = (size_t)(to - copy);
    return copy;
}

static void ring_drop_oldest(void)
{
    state.n_bytes -= strlen(state.ring[state.first]);
    free(state.ring[state.first]);
    state.ring[state.first] = NULL;
    state.first = (state.first + 1) % RING_LINES;
    state.n_lines--;
}

static void ring_add(const struct line *line)
{
    char *copy = strndup(line->text, line->len);

    if (!copy)
        return;
    while (state.n_lines == RING_LINES || state.n_bytes + line->len > RING_BYTES)
        ring_drop_oldest();
    state.ring[(state.first + state.n_lines++) % RING_LINES] = copy;
    state.n_bytes += line->len;
}

static void write_stderr(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, text, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

/* Writes the line to stderr. `prefix` is the length of its time and level, in bytes. */
static void write_line(const struct line *line, enum log_level level, size_t prefix)
{
    char plain[sizeof(line->text) + sizeof(PLAIN)];

    if (!state.plain || level == LOG_LEVEL_DEBUG) {
        write_stderr(line->text, line->len);
        return;
    }
    memcpy(plain, PLAIN, sizeof(PLAIN) - 1);
    memcpy(plain + sizeof(PLAIN) - 1, line->text + prefix, line->len - prefix);
    write_stderr(plain, sizeof(PLAIN) - 1 + line->len - prefix);
}

/* Called with the lock held. */
static void log_message(enum log_level level, const char *message)
{
    struct line line = {.len = 0};
    char now[32];
    size_t prefix;

    (void)clock_format(clock_wall(), now, sizeof(now));
    prefix = (size_t)snprintf(line.text, sizeof(line.text), "%s %s ", now, levels[level].name);
    line.len = line.fits = prefix;
    line_add_message(&line, message);
    line.text[line.len] = '\0';
    /* syslog adds its own time and priority. */
    if (state.taker)
        state.taker(state.taker_data, line.text + prefix);
    else if (state.syslog)
        syslog(levels[level].priority, "%s", line.text + prefix);
    line.text[line.len++] = '\n';
    if (!state.taker && !state.syslog)
        write_line(&line, level, prefix);
    ring_add(&line);
}

/* The line that says that memory has run out needs none. A message that does not fit is dropped: in a part of it, a part of
 * a secret would not be recognised. */
static void __attribute__((format(printf, 2, 0)))
log_without_memory(enum log_level level, const char *format, va_list args)
{
    static char message[2 * LINE_MAX_BYTES];
    int len = vsnprintf(message, sizeof(message), format, args);

    if (len >= 0 && (size_t)len < sizeof(message))
        log_message(level, message);
    explicit_bzero(message, sizeof(message));
}

void log_line(enum log_level level, const char *format, ...)
{
    int saved = errno, len;
    char *message = NULL;
    va_list args;

    lock();
    if (level <= state.level) {
        va_start(args, format);
        errno = saved; /* for %m */
        len = vasprintf(&message, format, args);
        va_end(args);
        if (len >= 0) {
            log_message(level, message);
            wipe(message);
        } else {
            va_start(args, format);
            errno = saved;
            log_without_memory(level, format, args);
            va_end(args);
        }
    }
    unlock();
    errno = saved;
}

char *log_recent(size_t *len)
{
    char *text, *p;

    lock();
    text = p = malloc(state.n_bytes + 1);
    if (text) {
        for (size_t i = 0; i < state.n_lines; i++)
            p = stpcpy(p, state.ring[(state.first + i) % RING_LINES]);
        *p = '\0';
        *len = (size_t)(p - text);
    }
    unlock();
    return text;
}

void log_free(void)
{
    lock();
    while (state.n_lines > 0)
        ring_drop_oldest();
    while (state.n_secrets > 0)
        forget_secret(state.n_secrets - 1);
    unlock();
}
