/* SPDX-License-Identifier: MIT */
/*
 * Random JSON documents in random envelopes, and what a stream has to deliver of them.
 *
 * Threads:   none shared.
 * Ownership: the one document is `doc`, the test's to make and free.
 * Errors:    none.
 */
#ifndef MELBICOMFS_TESTS_JSON_DOCUMENTS_H
#define MELBICOMFS_TESTS_JSON_DOCUMENTS_H

#include "api/wanted.h"
#include "choices.h"
#include "json/json.h"

#include <json-c/printbuf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ITEMS_MAX 6

static struct printbuf *doc;

static inline void put(struct printbuf *out, const char *text)
{
    printbuf_memappend(out, text, (int)strlen(text));
}

#define PUT_ONE_OF(out, choices) put(out, ONE_OF(choices))

/* A document that jq shall print the same way has nothing jq would normalise. */
static bool for_jq;

static inline void put_space(struct printbuf *out)
{
    static const char *const SPACES[] = {"", "", "", "", "", "", " ", "\n", "\t", "\r\n  ", " \t \n\n\r "};

    PUT_ONE_OF(out, SPACES);
}

static inline void put_number(struct printbuf *out)
{
    static const char *const NUMBERS[] = {"0",
                                          "-0",
                                          "0.10",
                                          "1e400",
                                          "-1e-400",
                                          "123456789012345678901234567890",
                                          "1.00",
                                          "10421",
                                          "-1.5E+07",
                                          "2e05",
                                          "0e0",
                                          "-0.0",
                                          "9223372036854775808",
                                          "18446744073709551616",
                                          "7",
                                          "99.999999999999999999"};

    if (below(3) > 0)
        PUT_ONE_OF(out, NUMBERS);
    else
        sprintbuf(out, "%s%u.%03ue%s%u", below(2) ? "-" : "", below(1000), below(1000), below(2) ? "-" : "", below(9));
}

static inline void put_string(struct printbuf *out)
{
    static const char *const PLAIN[] = {"a",        "Dedicated server",
                                        "\xc3\xa9", "\xf0\x9f\x98\x80",
                                        "\\/",      "\\u00e9",
                                        "/",        "\\ud83d\\ude00",
                                        "\\n",      "\\\"",
                                        "\\\\",     "\\u20AC",
                                        "{[",       "]}:,",
                                        "\\t",      "\xe6\xb1\x89",
                                        "\\u0041",  "//"};
    static const char *const ODD[] = {"\\u0000", "\\ud83d", "\\ude00",      "\\uD83D", "\\u0022",   "\\u005c",
                                      "\x7f",    "\\u007F", "\\u0085",      "\\u009f", "\\u00a0",   "\xc2\x85",
                                      "\xff",    "\xc3",    "\xed\xa0\x80", "\\u001f", "\\b\\f\\r", "\\u2028",
                                      "\\uffff", "u0041",   "\\u0020",      "\xe2\x82"};

    put(out, "\"");
    for (unsigned n = below(6); n > 0; n--) {
        if (for_jq || below(3) > 0)
            PUT_ONE_OF(out, PLAIN);
        else
            PUT_ONE_OF(out, ODD);
    }
    put(out, "\"");
}

static inline void put_key(struct printbuf *out)
{
    static const char *const KEYS[] = {"\"a\"",       "\"id\"",          "\"a\"",       "\"\"",
                                       "\"\\u0061\"", "\"k\\/\"",        "\"\\ud83d\"", "\"x\\u0000\"",
                                       "\"\\\"\"",    "\"caf\xc3\xa9\"", "\"\\u00e9\"", "\"status\""};
    static unsigned serial;

    if (for_jq)
        sprintbuf(out, "\"key %u\"", serial++);
    else
        PUT_ONE_OF(out, KEYS);
}

static inline void put_value(struct printbuf *out, unsigned depth);

static inline void put_container(struct printbuf *out, bool object, unsigned depth)
{
    put(out, object ? "{" : "[");
    put_space(out);
    for (unsigned n = below(depth > 2 ? 3 : 5); n > 0; n--) {
        if (object) {
            put_key(out);
            put_space(out);
            put(out, ":");
        }
        put_space(out);
        put_value(out, depth + 1);
        put_space(out);
        if (n > 1)
            put(out, ",");
        put_space(out);
    }
    put(out, object ? "}" : "]");
}

static inline void put_value(struct printbuf *out, unsigned depth)
{
    static const char *const WORDS[] = {"true", "false", "null"};
    unsigned kind = below(depth < 6 ? 8 : 6);

    if (kind < 3)
        put_string(out);
    else if (kind < 5 && !for_jq)
        put_number(out);
    else if (kind < 6)
        PUT_ONE_OF(out, WORDS);
    else
        put_container(out, kind == 6, depth);
}

/* What the stream has to deliver: items as offsets into the document, while that still grows. */
struct plan {
    enum shape shape;
    size_t at[ITEMS_MAX];
    size_t len[ITEMS_MAX];
    size_t count;
    size_t delivered;
};

static inline void begin_item(struct plan *plan)
{
    plan->at[plan->count] = (size_t)printbuf_length(doc);
}

static inline void end_item(struct plan *plan)
{
    plan->len[plan->count] = (size_t)printbuf_length(doc) - plan->at[plan->count];
    plan->count++;
}

static inline void put_items(struct plan *plan)
{
    put(doc, "[");
    put_space(doc);
    for (unsigned n = below(ITEMS_MAX); n > 0; n--) {
        begin_item(plan);
        put_value(doc, below(20) ? 0 : 6);
        end_item(plan);
        put_space(doc);
        if (n > 1)
            put(doc, ",");
        put_space(doc);
    }
    put(doc, "]");
}

/* A bare object has an id. */
static inline void put_object(struct plan *plan, bool bare)
{
    begin_item(plan);
    put(doc, bare ? "{\"own id\":1, \"more\" :" : "{\"\":");
    put_value(doc, 1);
    put(doc, "}");
    end_item(plan);
}

static inline void put_beside(bool first)
{
    static const char *const BESIDE[] = {"status", "Summary", "success", "message", "code", "total", "meta"};

    for (unsigned n = below(3); n > 0; n--) {
        put(doc, first ? "\"" : ",\"");
        PUT_ONE_OF(doc, BESIDE);
        put(doc, "\":");
        put_space(doc);
        put_value(doc, 3);
        put_space(doc);
        put(doc, first ? "," : "");
    }
}

static inline void put_enveloped(struct plan *plan, unsigned envelopes)
{
    static const char *const WRAPPERS[] = {"data", "value", "items", "d\\u0061ta"};

    put_space(doc);
    if (envelopes == 0) {
        if (plan->shape == SHAPE_LIST)
            put_items(plan);
        else
            put_object(plan, false);
    } else {
        put(doc, "{");
        put_beside(true);
        put(doc, "\"");
        PUT_ONE_OF(doc, WRAPPERS);
        put(doc, "\" :");
        put_enveloped(plan, envelopes - 1);
        put_beside(false);
        put(doc, "}");
    }
    put_space(doc);
}

static inline void generate(struct plan *plan)
{
    memset(plan, 0, sizeof(*plan));
    printbuf_reset(doc);
    plan->shape = below(3) ? SHAPE_LIST : SHAPE_OBJECT;
    if (plan->shape == SHAPE_LIST)
        put_enveloped(plan, below(3));
    else if (below(2))
        put_enveloped(plan, 1);
    else
        put_object(plan, true);
}

#endif
