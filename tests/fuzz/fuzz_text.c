/* SPDX-License-Identifier: MIT */
/*
 * The text of JSON: nothing is lost. Any bytes are printed, and the judge (json_judge.h) compares the tokens; members and
 * scalars are found and read as the reference does.
 *
 * The input: a byte for the indentation, and the JSON.
 */
#include "fuzz.h"

#include "api/members.h"
#include "json_judge.h"

static struct tokens tokens;

static void check_limit(struct json_slice raw, unsigned indent, bool valid)
{
    struct printbuf *text = printbuf_new(), *scratch = printbuf_new();

    CHECK((json_check(raw, scratch) == 0) == valid, "json_check()");
    if (valid) {
        CHECK(json_indent(raw, indent, text) == 0, "json_indent()");
        size_t len = (size_t)printbuf_length(text);
        printbuf_reset(text);
        CHECK(json_indent_max(raw, indent, len, text) == 0, "the text has %zu bytes", len);
        CHECK(json_indent_max(raw, indent, len - 1, text) == -EFBIG, "the text has %zu bytes", len);
        CHECK((size_t)printbuf_length(text) == len, "what stood there before an error");
    }
    printbuf_free(text);
    printbuf_free(scratch);
}

/* Each scalar and key, in a block of its own. */
static void check_scalars(void)
{
    static char expected[TEXT_MAX_BYTES];
    struct printbuf *text = printbuf_new();

    for (size_t i = 0; i < tokens.count; i++) {
        struct json_slice raw = tokens.list[i].raw;
        if (!strchr("ksw", tokens.list[i].kind))
            continue;
        char *copy = fuzz_copy(raw.at, raw.len);
        size_t len = reference_text(raw, expected);
        printbuf_reset(text);
        CHECK(json_scalar_text((struct json_slice){copy, raw.len}, text) == 0, "%.*s", (int)raw.len, raw.at);
        CHECK((size_t)printbuf_length(text) == len && memcmp(text->buf, expected, len) == 0, "%.*s is read as %s",
              (int)raw.len, raw.at, text->buf);
        free(copy);
    }
    printbuf_free(text);
}

/* The outermost object's own members: where each value is, by the tokens. Returns their number. */
static size_t own_members(size_t keys[64])
{
    unsigned depth = 0;
    size_t n = 0;

    for (size_t i = 0; i < tokens.count && n < 64; i++) {
        char kind = tokens.list[i].kind;
        if (kind == 'k' && depth == 1)
            keys[n++] = i;
        depth += kind == '{' || kind == '[';
        depth -= kind == '}' || kind == ']';
    }
    return n;
}

/* Each of the first members is found by its name; the last one of that name counts. */
static void check_members(struct json_slice raw)
{
    static char name[TEXT_MAX_BYTES], other[TEXT_MAX_BYTES];
    struct printbuf *scratch = printbuf_new();
    size_t keys[64], n = own_members(keys);

    for (size_t i = 0; i < n && n < 64; i++) {
        size_t len = reference_text(tokens.list[keys[i]].raw, name), last = keys[i];
        name[len] = '\0';
        for (size_t k = i + 1; k < n; k++)
            if (reference_text(tokens.list[keys[k]].raw, other) == len && memcmp(name, other, len) == 0)
                last = keys[k];
        struct json_slice found = json_find_member(raw, name, scratch);
        CHECK(strlen(name) < len || found.at == tokens.list[last + 1].raw.at, "the member %s", name);
    }
    printbuf_free(scratch);
}

/* The two searches for members find the same in a printed text. */
static void check_searches(struct json_slice raw)
{
    static const char *const fixed[ENDPOINT_ALIASES] = {"id", "a", "status", "\xc3\xa9", ""};
    struct json_slice found[MEMBERS_TARGETS], found_in_text[MEMBERS_TARGETS];
    struct members *members = members_new();
    struct printbuf *text = printbuf_new();
    char *own[2] = {NULL, NULL};
    size_t keys[64], n = own_members(keys);

    members_want(members, 0, fixed);
    for (unsigned i = 0; i < 2 && i < n; i++) {
        struct json_slice key = tokens.list[keys[n - 1 - i]].raw;
        own[i] = strndup(key.at + 1, key.len - 2);
        members_want(members, 1 + i, (const char *const[ENDPOINT_ALIASES]){own[i]});
    }
    CHECK(json_indent(raw, 0, text) == 0, "json_indent()");
    struct json_slice printed = {text->buf, (size_t)printbuf_length(text)};
    CHECK(members_find(members, printed, found) == 0, "members_find()");
    CHECK(members_find_in_text(members, printed, found_in_text) == 0, "members_find_in_text()");
    for (size_t i = 0; i < 3; i++)
        CHECK(found[i].at == found_in_text[i].at && found[i].len == found_in_text[i].len, "target %zu in %s", i,
              text->buf);
    members_free(members);
    printbuf_free(text);
    free(own[0]);
    free(own[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned indent = fuzz_number(&data, &size, 100) % 90;

    if (size >= TOKENS_MAX)
        return 0;
    char *copy = fuzz_copy(data, size);
    struct json_slice raw = {copy, size};
    bool valid = judge_printer(raw, indent);
    check_limit(raw, indent, valid);
    if (valid) {
        CHECK(tokenize(&tokens, raw), "the reference");
        check_scalars();
    }
    if (valid && tokens.list[0].kind == '{') {
        check_members(raw);
        check_searches(raw);
    }
    free(copy);
    return 0;
}
