/* SPDX-License-Identifier: MIT */
/*
 * Purge text: whatever a program writes, and wherever its writes are cut, only whole names are sent.
 *
 * The first byte chooses one of three tests:
 *
 *  - Any bytes are a write. Which names are in it, and whether it is refused, is decided a second time.
 *  - A text of names is written in pieces of any size until a write fails, as cat, dd and tee do. A model of the rules
 *    in DESIGN section 8 says for each piece which names are sent and whether it fails.
 *  - The same, but the program goes on after a failure, as stdio does. Each name that is sent is a name of the text, and
 *    none is sent twice. Each other name that was not cut is in the purge log.
 *
 * A fake client replaces http/client.c at link time. In the second and third test the input is the choices by which text,
 * pieces and answers are made (choices.h).
 */
#include "fuzz.h"

#include "api/endpoints.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include "choices.h"
#include "http/client.h"
#include "tree/purge.h"
#include "tree/purge_handle.h"
#include "tree/purge_log.h"
#include "tree/purge_text.h"

#include <errno.h>
#include <json-c/json.h>
#include <unistd.h>

#define PAGE      4096
#define NAMES_MAX 24
#define NAME_MAX_ 700
#define SERVICE   10421

/* ---- any bytes ---- */

static bool is_name(const char *name, size_t len)
{
    bool fine = len > 0 && len <= 4096 && *name != '#';

    for (size_t i = 0, n; fine && i < len; i += n) {
        n = utf8_length(name + i, len - i);
        fine = n > 0 && !utf8_is_control(name + i, n);
    }
    return fine;
}

/* What a write has: the names, and what is behind the last newline. */
struct parsed {
    size_t n, rest_at;
    bool rest_whole, refused;
};

/* The text is `kept` bytes of earlier writes and then those of a write at `offset`. */
static struct parsed parse(const char *text, size_t len, size_t kept, off_t offset)
{
    struct parsed parsed = {0};
    bool at_page_end = ((size_t)offset + len - kept) % PAGE == 0;

    for (size_t i = 0; i < len && !parsed.refused; i++) {
        if (text[i] != '\n')
            continue;
        parsed.refused = !is_name(text + parsed.rest_at, i - parsed.rest_at) || ++parsed.n > PURGE_NAMES_MAX;
        parsed.rest_at = i + 1;
    }
    size_t rest = len - parsed.rest_at;
    if (parsed.refused || rest == 0)
        return parsed;
    parsed.rest_whole = !at_page_end && parsed.n == 0 && kept == 0 && offset == 0;
    parsed.n += parsed.rest_whole;
    parsed.refused = at_page_end ? rest > 4096 : !parsed.rest_whole || !is_name(text + parsed.rest_at, rest);
    return parsed;
}

static void try_bytes(const uint8_t *data, size_t size)
{
    static const off_t offsets[] = {0, 0, 1, PAGE, PAGE - 20, PAGE + 1};
    off_t offset = offsets[fuzz_number(&data, &size, LENGTH(offsets))];
    size_t kept = fuzz_number(&data, &size, 16), at = 0, len, lines = 0;
    const char *line;

    if (size == 0)
        return;
    kept = kept < size && !memchr(data, '\n', kept) ? kept : 0;
    /* The write ends where a page ends. */
    if (offset == PAGE - 20 && size - kept > 20)
        size = kept + 20;
    char *bytes = fuzz_copy(data, size);
    struct purge_text text = {.bytes = bytes, .len = size, .kept = kept, .offset = offset};
    struct parsed parsed = parse(bytes, size, kept, offset);
    int r = purge_text_check(&text, NULL);
    CHECK(r == (parsed.refused ? -EINVAL : 0), "%d: %s", r, text.why ? text.why : "");
    if (r == 0) {
        CHECK(text.n == parsed.n && text.rest_at == parsed.rest_at && text.rest_whole == parsed.rest_whole,
              "%zu names, the rest at %zu", text.n, text.rest_at);
        while (purge_text_line(&text, &at, &line, &len))
            CHECK(++lines > text.n || is_name(line, len), "line %zu is not a name", lines);
        CHECK(lines - text.n <= 1 && at == size, "%zu lines", lines);
    } else {
        CHECK(text.why && text.fault_at + text.fault_len <= size, "%zu bytes at %zu", text.fault_len, text.fault_at);
        CHECK(text.fault_at == 0 || bytes[text.fault_at - 1] == '\n', "the fault at %zu is no line", text.fault_at);
    }
    free(bytes);
}

/* ---- the fake client ---- */

struct client_exchange {
    struct client_request request;
    struct client_exchange *next;
};

static struct client_exchange *first, **last = &first;
static char posted[16 * NAMES_MAX][NAME_MAX_];
static unsigned n_posted, under_way;

struct client_exchange *client_start(struct client *client, const struct client_request *request)
{
    struct client_exchange *exchange = calloc(1, sizeof *exchange);
    struct json_object *body = json_tokener_parse(request->body), *name;

    (void)client;
    CHECK(exchange && json_object_object_get_ex(body, "resource_name", &name), "the body is %s", request->body);
    CHECK(n_posted < LENGTH(posted) && strlen(json_object_get_string(name)) < NAME_MAX_, "too much is sent: %s",
          request->body);
    strcpy(posted[n_posted++], json_object_get_string(name));
    json_object_put(body);
    exchange->request = *request;
    *last = exchange;
    last = &exchange->next;
    under_way++;
    return exchange;
}

void client_cancel(struct client_exchange *exchange)
{
    CHECK(false, "nothing is cancelled here: %p", (void *)exchange);
}

bool client_left(const struct client_exchange *exchange)
{
    return exchange;
}

/* Answers one of the exchanges under way. */
static void answer(unsigned n, bool fails)
{
    static const char success[] = "{\"status\":\"success\"}";
    struct client_exchange **link = &first, *exchange;
    struct client_result result = {.error = fails ? -ENOENT : 0, .status = fails ? 404 : 200, .message = ""};

    while (n-- > 0)
        link = &(*link)->next;
    exchange = *link;
    *link = exchange->next;
    if (last == &exchange->next)
        last = link;
    under_way--;
    if (!fails)
        result.error = exchange->request.on_body(exchange->request.data, success, strlen(success));
    exchange->request.on_done(exchange->request.data, &result);
    free(exchange);
}

/* ---- a text ---- */

/* Names that no other begins with, or is: each ends in a number of its own and a full stop. Some are lines that are no
 * names. */
static struct {
    char names[NAMES_MAX][NAME_MAX_];
    bool whole[NAMES_MAX]; /* a name, and within one piece */
    bool sent[NAMES_MAX];
    unsigned n;
    char bytes[NAMES_MAX * NAME_MAX_];
    size_t len;
} text;

static void make_text(bool spoilt)
{
    static const char *const letters[] = {"a", "z", "-", ".", "\xc3\xa9", "\xe6\x97\xa5", " ", "\xf0\x9f\x9a\x80"};
    static const char *const faults[] = {"\t", "\r", "\x7f", "\xc2\x80", "\xff", "#"};

    memset(&text, 0, sizeof text);
    text.n = 1 + below(NAMES_MAX);
    for (unsigned i = 0; i < text.n; i++) {
        char *name = text.names[i];
        unsigned filler = below(8) == 0 ? below(600) : 0, fault = spoilt && below(8) == 0 ? 1 + below(6) : 0;

        name += sprintf(name, "%s", fault == LENGTH(faults) ? "#" : "n");
        for (unsigned k = below(6); k > 0; k--)
            name += sprintf(name, "%s", ONE_OF(letters));
        memset(name, 'x', filler);
        name += filler;
        (void)sprintf(name, "%s%u.", fault && fault < LENGTH(faults) ? faults[fault - 1] : "", i);
        text.whole[i] = fault == 0;
        text.len += (size_t)sprintf(text.bytes + text.len, "%s\n", text.names[i]);
    }
}

/* The size of the next piece of a text: any, or up to where a page ends. */
static size_t next_piece(off_t offset, size_t left)
{
    size_t piece = 1 + below(below(2) ? 40 : 900), page = PAGE - (size_t)offset % PAGE;

    piece = piece > page || below(3) == 0 ? page : piece;
    return piece < left ? piece : left;
}

/* ---- a program that writes ---- */

static struct purges *purges;
static struct purge_handle *handle;
static struct loop *loop;

static void on_done(void *data, int error)
{
    *(int *)data = error;
}

/* Writes a piece. About one POST in `trouble` fails; 0: none. Returns 0 or the error. */
static int put(off_t offset, const char *bytes, size_t len, unsigned trouble)
{
    struct purge_write *write = NULL;
    char *copy = fuzz_copy(bytes, len);
    int told = 1, r = purge_write(handle, offset, copy, len, NULL, on_done, &told, &write);

    free(copy);
    if (r < 0)
        return r;
    while (told == 1) {
        while (first)
            answer(below(under_way), trouble > 0 && below(trouble) == 0);
        CHECK(loop_turn(loop, 0) == 0, "loop_turn()");
    }
    return told;
}

/* What the model keeps from one write to the next. */
static struct {
    char bytes[2 * PAGE];
    size_t len;
    off_t at;
} kept;

/* Writes a piece, and compares what is sent with what the model says. Returns 0 or the error. */
static int put_and_compare(off_t offset, const char *bytes, size_t len, unsigned trouble)
{
    static char joined[sizeof text.bytes + sizeof kept.bytes];
    size_t before = kept.len > 0 && kept.at == offset ? kept.len : 0, at = 0;

    memcpy(joined, kept.bytes, before);
    memcpy(joined + before, bytes, len);
    len += before;
    struct parsed parsed = parse(joined, len, before, offset);
    n_posted = 0;
    int r = put(offset, bytes, len - before, trouble);
    if (parsed.refused) {
        CHECK(r == -EINVAL && n_posted == 0, "%u names of a wrong write were sent: %d", n_posted, r);
        return r;
    }
    CHECK(r == 0 || (r == -ENOENT && trouble > 0), "a right write failed: %d", r);
    CHECK(n_posted == parsed.n, "%u names were sent, not %zu", n_posted, parsed.n);
    for (unsigned i = 0; i < n_posted; i++) {
        size_t name = (size_t)(strchrnul(joined + at, '\n') - (joined + at));
        name = name < len - at ? name : len - at;
        CHECK(strlen(posted[i]) == name && memcmp(posted[i], joined + at, name) == 0, "'%s' was sent", posted[i]);
        at += name + 1;
    }
    if (r == 0 && (parsed.rest_at < len || before > 0)) {
        kept.len = parsed.rest_whole ? 0 : len - parsed.rest_at;
        kept.at = offset + (off_t)(len - before);
        memcpy(kept.bytes, joined + parsed.rest_at, kept.len);
    }
    return r;
}

static void stop_at_a_failure(void)
{
    static const off_t starts[] = {0, 1, PAGE - 30, PAGE - 1, 2 * PAGE - 300};
    off_t start = ONE_OF(starts);
    unsigned trouble = below(3) == 0 ? 40 : 0;
    int r = 0;

    kept.len = 0;
    make_text(below(2));
    for (size_t at = 0, piece; at < text.len && r == 0; at += piece) {
        piece = next_piece(start + (off_t)at, text.len - at);
        r = put_and_compare(start + (off_t)at, text.bytes + at, piece, trouble);
    }
}

/* A name that is on both sides of `at` is not whole. */
static void cut_at(size_t at)
{
    size_t start = 0;

    for (unsigned i = 0; i < text.n; i++) {
        size_t end = start + strlen(text.names[i]) + 1;
        if (start < at && at < end)
            text.whole[i] = false;
        start = end;
    }
}

static void check_sent(void)
{
    for (unsigned i = 0; i < n_posted; i++) {
        unsigned which = 0;
        while (which < text.n && strcmp(text.names[which], posted[i]) != 0)
            which++;
        CHECK(which < text.n, "'%s' was sent, which is no name of the text", posted[i]);
        CHECK(!text.sent[which], "'%s' was sent twice", posted[i]);
        text.sent[which] = true;
    }
}

static void check_recorded(void)
{
    struct purge_log_text log;

    purges_log(purges, SERVICE, &log);
    for (unsigned i = 0; i < text.n; i++) {
        char line[NAME_MAX_ + 40];
        /* The log cuts long names. */
        int n = snprintf(line, sizeof line, "\tInvalid argument\t%.290s", text.names[i]);
        CHECK(!text.whole[i] || text.sent[i] || memmem(log.bytes, log.len, line, (size_t)n),
              "'%s' was neither sent nor recorded as refused", text.names[i]);
    }
}

/* The pieces whose writes have failed. */
static struct {
    const char *at;
    size_t len;
} failed[sizeof text.bytes];
static size_t n_failed;

/* Whether a piece begins with the first line of a piece that failed. To purge.c that is the same write again, and nothing
 * can tell it from the rest of a longer text. */
static bool looks_repeated(const char *piece, size_t len)
{
    for (size_t i = 0; i < n_failed; i++) {
        const char *newline = memchr(failed[i].at, '\n', failed[i].len);
        size_t line = newline ? (size_t)(newline - failed[i].at) + 1 : failed[i].len;
        if (len >= line && memcmp(piece, failed[i].at, line) == 0)
            return true;
    }
    return false;
}

static void go_on_after_failures(void)
{
    off_t offset = 1 + (off_t)below(2 * PAGE);
    unsigned trouble = 2 + below(40);

    n_failed = 0;
    make_text(true);
    n_posted = 0;
    for (size_t at = 0, piece; at < text.len; at += piece) {
        piece = next_piece(offset, text.len - at);
        if (looks_repeated(text.bytes + at, piece))
            return;
        cut_at(at);
        if (put(offset, text.bytes + at, piece, trouble) == 0) {
            offset += (off_t)piece;
        } else {
            failed[n_failed].at = text.bytes + at;
            failed[n_failed++].len = piece;
        }
    }
    check_sent();
    check_recorded();
}

static void drop_line(void *data, const char *message)
{
    (void)data;
    CHECK(!strpbrk(message, "\n\r\x1b"), "the log's line has a control character: %s", message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct endpoints *endpoints;
    static struct metrics *metrics;
    static struct config config;
    unsigned test = fuzz_number(&data, &size, 3);

    if (test == 0) {
        try_bytes(data, size);
        return 0;
    }
    if (!loop) {
        log_divert(drop_line, NULL);
        config_init(&config);
        endpoints = endpoints_new(&config);
        metrics = metrics_new();
        loop = loop_new();
    }
    purges = purges_new(loop, NULL, endpoints, &config, metrics);
    handle = purge_handle_new(purges, SERVICE);
    choices_start(data, size);
    if (test == 1)
        stop_at_a_failure();
    else
        go_on_after_failures();
    purge_handle_free(handle);
    purges_free(purges);
    return 0;
}
