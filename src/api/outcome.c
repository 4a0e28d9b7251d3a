/* SPDX-License-Identifier: MIT */
#include "api/outcome.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the value of a member means, by the member's name. */
enum meaning {
    MEANS_NOTHING, /* an unknown name */
    MEANS_WORD,    /* status, result: a word or an HTTP status */
    MEANS_FLAG,    /* success, ok: yes or no */
    MEANS_CODE,    /* code: an HTTP status, or some other number */
    MEANS_ERROR,   /* error, errors: a failure unless it is empty */
    MEANS_TEXT     /* message, detail: words for a person */
};

static const struct {
    const char *key;
    enum meaning meaning;
} members[] = {
    {"status", MEANS_WORD},    {"result", MEANS_WORD},   {"state", MEANS_WORD},       {"success", MEANS_FLAG},
    {"ok", MEANS_FLAG},        {"code", MEANS_CODE},     {"statusCode", MEANS_CODE},  {"status_code", MEANS_CODE},
    {"http_code", MEANS_CODE}, {"httpCode", MEANS_CODE}, {"error", MEANS_ERROR},      {"errors", MEANS_ERROR},
    {"message", MEANS_TEXT},   {"messages", MEANS_TEXT}, {"msg", MEANS_TEXT},         {"detail", MEANS_TEXT},
    {"details", MEANS_TEXT},   {"title", MEANS_TEXT},    {"description", MEANS_TEXT}, {"reason", MEANS_TEXT},
    {"exception", MEANS_TEXT}, {"trace", MEANS_TEXT},    {"file", MEANS_TEXT},        {"line", MEANS_TEXT},
    {"timestamp", MEANS_TEXT}, {"path", MEANS_TEXT},     {"type", MEANS_TEXT},        {"request_id", MEANS_TEXT},
    {"requestId", MEANS_TEXT}, {"instance", MEANS_TEXT}, {"warning", MEANS_TEXT},     {"warnings", MEANS_TEXT},
};

static enum meaning meaning_of(const char *key)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (strcasecmp(members[i].key, key) == 0)
            return members[i].meaning;
    return MEANS_NOTHING;
}

static bool is_one_of(const char *text, const char *const *words, bool beginning)
{
    for (; *words; words++)
        if (beginning ? strncasecmp(text, *words, strlen(*words)) == 0 : strcasecmp(text, *words) == 0)
            return true;
    return false;
}

/* Reads an HTTP status: a number of three digits; else 0. */
static int status_of(const char *text)
{
    return strlen(text) == 3 && strspn(text, "0123456789") == 3 ? atoi(text) : 0;
}

static enum outcome read_word(const char *text, int *status)
{
    static const char *const good[] = {"success", "ok", "queued", "accepted", "true", "1", NULL};
    static const char *const bad[] = {"error",    "fail",      "denied",    "reject", "invalid",
                                      "unauthor", "forbidden", "exception", NULL};
    int number = status_of(text);

    if (number >= 400 && number <= 599)
        *status = number;
    if (is_one_of(text, bad, true) || strcasecmp(text, "false") == 0 || (number >= 400 && number <= 599))
        return OUTCOME_FAILURE;
    return is_one_of(text, good, false) || (number >= 200 && number <= 299) ? OUTCOME_SUCCESS : OUTCOME_UNSAID;
}

static enum outcome read_flag(const char *text)
{
    static const char *const yes[] = {"true", "1", "yes", "ok", "success", NULL};
    static const char *const no[] = {"false", "0", "no", "", NULL};

    if (is_one_of(text, no, false))
        return OUTCOME_FAILURE;
    return is_one_of(text, yes, false) ? OUTCOME_SUCCESS : OUTCOME_UNSAID;
}

static enum outcome read_code(const char *text, int *status)
{
    int number = status_of(text);

    if (number < 400 || number > 599)
        return OUTCOME_UNSAID;
    *status = number;
    return OUTCOME_FAILURE;
}

/* True if a container has no members. */
static bool is_empty(struct json_slice container)
{
    struct json_slice key, value;

    return container.at[0] == '{' ? json_next_member(&container, &key, &value) <= 0
                                  : json_next_element(&container, &value) <= 0;
}

/* What `error` or `errors` says. An object may name the HTTP status, and so may the first one of a list. */
static enum outcome read_error(struct json_slice value, struct printbuf *text, int *status)
{
    static const char *const none[] = {"", "false", "0", "no", "none", NULL};
    static const char *const codes[] = {"code", "status", "statusCode", "status_code", NULL};
    struct json_slice object = value, rest = value;

    if (value.at[0] != '{' && value.at[0] != '[')
        return is_one_of(text->buf, none, false) ? OUTCOME_UNSAID : OUTCOME_FAILURE;
    if (is_empty(value))
        return OUTCOME_UNSAID;
    if (value.at[0] == '[' && json_next_element(&rest, &object) <= 0)
        return OUTCOME_FAILURE;
    for (const char *const *name = codes; object.at[0] == '{' && *name; name++) {
        struct json_slice code = json_find_member(object, *name, text);
        printbuf_reset(text);
        if (code.at && json_scalar_text(code, text) == 0 && printbuf_length(text) > 0)
            (void)read_code(text->buf, status);
    }
    return OUTCOME_FAILURE;
}

static enum outcome read_member(enum meaning meaning, struct json_slice value, struct printbuf *text, int *status)
{
    printbuf_reset(text);
    bool scalar = value.at[0] != '{' && value.at[0] != '[';
    if (value.at[0] == 'n' || (scalar && json_scalar_text(value, text) < 0))
        return OUTCOME_UNSAID;
    if (meaning == MEANS_ERROR)
        return read_error(value, text, status);
    if (!scalar)
        return OUTCOME_UNSAID;
    switch (meaning) {
    case MEANS_WORD:
        return read_word(text->buf, status);
    case MEANS_FLAG:
        return read_flag(text->buf);
    case MEANS_CODE:
        return read_code(text->buf, status);
    default:
        return OUTCOME_UNSAID;
    }
}

static enum outcome read_object(struct json_slice object, struct printbuf *text, int *status)
{
    enum outcome outcome = OUTCOME_UNSAID;
    struct json_slice key, value;

    while (json_next_member(&object, &key, &value) > 0) {
        printbuf_reset(text);
        if (json_scalar_text(key, text) < 0)
            continue;
        enum outcome one = read_member(meaning_of(text->buf), value, text, status);
        if (one > outcome)
            outcome = one;
    }
    return outcome;
}

enum outcome outcome_of(struct json_slice answer, int *ret_status)
{
    struct printbuf *text = printbuf_new();
    enum outcome outcome = OUTCOME_UNSAID;
    int status = 0;

    if (!text || json_make_room(answer, text) < 0)
        outcome = OUTCOME_NO_MEMORY;
    else if (answer.len > 0 && answer.at[0] == '{')
        outcome = read_object(answer, text, &status);
    else if (answer.len > 0 && answer.at[0] != '[' && json_scalar_text(answer, text) == 0)
        outcome = read_word(text->buf, &status);
    if (text)
        printbuf_free(text);
    if (ret_status)
        *ret_status = outcome == OUTCOME_FAILURE ? status : 0;
    return outcome;
}

int outcome_is_only_words(struct json_slice answer)
{
    struct printbuf *text = printbuf_new();
    struct json_slice key, value;
    int r = text ? json_make_room(answer, text) : -ENOMEM;
    bool only = r == 0 && answer.len > 0 && answer.at[0] == '{', words = false;

    while (only && json_next_member(&answer, &key, &value) > 0) {
        printbuf_reset(text);
        enum meaning meaning = json_scalar_text(key, text) == 0 ? meaning_of(text->buf) : MEANS_NOTHING;
        only = meaning != MEANS_NOTHING;
        words = words || (meaning == MEANS_TEXT && value.at[0] == '"' && value.len > 2);
    }
    if (text)
        printbuf_free(text);
    return r < 0 ? -ENOMEM : only && words;
}
