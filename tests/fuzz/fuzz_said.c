/* SPDX-License-Identifier: MIT */
/*
 * The words of an error: whatever a failed answer has, its words are one line of valid UTF-8 of a bounded length without
 * the token, not even its beginning. If the answer is an object with a `message` that is a text, the words are that text.
 *
 * The input: a byte for the status, a byte for the content type, and the body, in which the token is S3cr3t-T0k3n-42.
 */
#include "fuzz.h"

#include "base/log.h"
#include "base/utf8.h"
#include "http/http.h"
#include "http/said.h"
#include "json_reference.h"

#define TOKEN     "S3cr3t-T0k3n-42"
#define PART      "S3cr3t-T"
#define WORDS_MAX 300
#define HIDDEN    "[hidden]"

static void check_line(const char *line, size_t max)
{
    size_t len = strlen(line);

    CHECK(len <= max, "%zu bytes: %s", len, line);
    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_length(line + i, len - i);
        CHECK(n > 0, "byte %zu is not UTF-8: %s", i, line);
        CHECK(!utf8_is_control(line + i, n), "byte %zu is a control character: %s", i, line);
    }
}

static size_t count(const char *at, size_t len, const char *what)
{
    size_t n = 0;

    for (const char *end = at + len; (at = memmem(at, (size_t)(end - at), what, strlen(what))); at++)
        n++;
    return n;
}

/* The token is nowhere. A part of it is nowhere either, unless the body has that part by itself. Escapes in the body may
 * make a part of a token, so such a body is not looked at. */
static void check_secret(const char *words, const char *body, size_t len)
{
    CHECK(!strstr(words, TOKEN), "the token: %s", words);
    if (!memchr(body, '\\', len) && count(body, len, PART) == count(body, len, TOKEN))
        CHECK(!strstr(words, PART), "a part of the token: %s", words);
}

/* One line of a text: white space and control characters as one space, other bytes that are not UTF-8 as question marks,
 * the token replaced. Returns the length, without an end at `max`. */
static size_t line_of_text(const char *text, size_t len, char *line)
{
    bool space = false;
    size_t used = 0;

    for (size_t i = 0, n; i < len; i += n) {
        if (len - i >= strlen(TOKEN) && memcmp(text + i, TOKEN, strlen(TOKEN)) == 0) {
            used += (size_t)sprintf(line + used, "%s" HIDDEN, space && used ? " " : "");
            space = false;
            n = strlen(TOKEN);
            continue;
        }
        n = utf8_length(text + i, len - i);
        bool separator = n > 0 && (memcmp(text + i, "\xe2\x80\xa8", n < 3 ? 3 : n) == 0 ||
                                   memcmp(text + i, "\xe2\x80\xa9", n < 3 ? 3 : n) == 0);
        if (n > 0 && (text[i] == ' ' || utf8_is_control(text + i, n) || separator)) {
            space = true;
            continue;
        }
        used += (size_t)sprintf(line + used, "%s%.*s", space && used ? " " : "", n ? (int)n : 1, n ? text + i : "?");
        space = false;
        n = n ? n : 1;
    }
    line[used] = '\0';
    return used;
}

/* The text of the last member called message of an object; NULL if there is none that is a text. A lone surrogate or
 * U+0000 in it is not looked at. */
static const char *message_of(const char *body, size_t len, char line[TEXT_MAX_BYTES])
{
    static struct tokens tokens;
    static char text[TEXT_MAX_BYTES];
    size_t value = 0;
    unsigned depth = 0;

    if (len >= TOKENS_MAX || !tokenize(&tokens, (struct json_slice){body, len}) || tokens.list[0].kind != '{')
        return NULL;
    for (size_t i = 0; i < tokens.count; i++) {
        char kind = tokens.list[i].kind;
        if (kind == 'k' && depth == 1 && reference_text(tokens.list[i].raw, text) == 7 &&
            memcmp(text, "message", 7) == 0)
            value = i + 1;
        depth += kind == '{' || kind == '[';
        depth -= kind == '}' || kind == ']';
    }
    if (value == 0 || tokens.list[value].kind != 's' ||
        memchr(tokens.list[value].raw.at, 'u', tokens.list[value].raw.len))
        return NULL;
    size_t n = reference_text(tokens.list[value].raw, text);
    return line_of_text(text, n, line) > 0 ? line : NULL;
}

static void check_kind(enum said said, long status, const char *body, size_t len, const char *words)
{
    size_t skip = utf8_mark(body, len);

    while (skip < len && body[skip] && strchr(" \t\r\n", body[skip]))
        skip++;
    if (status == 304)
        CHECK(said == SAID_UNCHANGED, "%d", said);
    else if (status / 100 == 3)
        CHECK(said == SAID_REDIRECT || said == SAID_LOGIN, "%d", said);
    else if (skip == len)
        CHECK(said == SAID_NOTHING, "%d", said);
    else if (body[skip] == '<')
        CHECK(said == SAID_PAGE, "%d", said);
    else
        CHECK(said == SAID_MESSAGE || said == SAID_TEXT || said == SAID_PAGE, "%d", said);
    if (said == SAID_PAGE)
        CHECK(body[skip] != '{' && body[skip] != '[' && strncmp(words, "a web page", 10) == 0, "%s", words);
    if (said == SAID_TEXT && words)
        CHECK(*words == '"' && words[strlen(words) - 1] == '"', "%s", words);
}

static void drop_line(void *data, const char *message)
{
    (void)data;
    (void)message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const long statuses[] = {400, 401, 404, 500, 503, 200, 302, 304};
    static const char *const types[] = {NULL, "application/json", "text/html; charset=utf-8", "TEXT/HTML",
                                        "text/plain"};
    static char line[TEXT_MAX_BYTES];
    static bool ready;
    char *words, *excerpt;

    if (!ready) {
        log_hide(TOKEN);
        log_divert(drop_line, NULL);
        ready = true;
    }
    struct http_result result = {.status = statuses[fuzz_number(&data, &size, LENGTH(statuses))]};
    result.content_type = types[fuzz_number(&data, &size, LENGTH(types))];
    char *body = fuzz_copy(data, size), *location = fuzz_string(data, size);
    result.location = size > 0 ? location : NULL;
    enum said said = said_of(&result, body, size, &words);
    if (words) {
        check_line(words, WORDS_MAX);
        check_secret(words, body, size);
    }
    check_kind(said, result.status, body, size, words);
    const char *message = result.status / 100 != 3 ? message_of(body, size, line) : NULL;
    if (message) {
        CHECK(said == SAID_MESSAGE && words, "the message is not found: %s", message);
        CHECK(strncmp(message, words, strlen(words)) == 0, "'%s' instead of '%s'", words, message);
        CHECK(strlen(message) <= 300 ? strlen(words) == strlen(message) : strlen(words) > 296, "'%s'", words);
    }
    excerpt = said_excerpt(body, size);
    if (excerpt) {
        check_line(excerpt, 45);
        check_secret(excerpt, body, size);
    }
    free(excerpt);
    free(words);
    free(location);
    free(body);
    return 0;
}
