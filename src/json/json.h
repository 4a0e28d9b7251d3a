/*
 * JSON as the API sends it: taken apart while it arrives, and printed again without losing a token.
 *
 * All of it works on raw bytes. Parsing and printing with json-c would lose numbers (1e400, 30 digits, -0, 0.10) and
 * duplicate keys, and to make its objects of a list's items only to look for an id in them takes five times as long as
 * all the rest of the way from bytes to indented text, and leaves a heap full of holes. json-c reads what is small and
 * rare: the bodies of errors, and a purge's answer.
 *
 * Validity has one judge, json_indent(), which json_check() is without the text. A stream only finds where items end.
 *
 * Threads:   none shared; a stream belongs to whoever feeds it.
 * Ownership: slices point into the caller's bytes; callbacks borrow for the call.
 * Errors:    -EBADMSG for what is not JSON, is cut short, is nested deeper than JSON_DEPTH or has not the shape asked
 *            for; -EFBIG for one value of 2 GiB, as it comes or printed; -ENOMEM; whatever negative number an item callback returned.
 */
#ifndef MELBICOMFS_JSON_JSON_H
#define MELBICOMFS_JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct printbuf;
struct json_stream;

/* Nesting beyond this many levels is refused. */
#define JSON_DEPTH 200

struct json_slice {
    const char *at;
    size_t len;
};

enum json_shape {
    JSON_LIST,   /* an array of items; each element, whatever its type, is one call of `item` */
    JSON_OBJECT, /* one object: one call of `item` */
    JSON_MAP     /* the same; but an empty array, which is how PHP writes an empty map, is delivered as {} */
};

/*
 * One item: its raw bytes, without surrounding white space, borrowed. An object or array has its brackets and quotes in
 * balance, and that is all that is known of it: whoever wants it valid gives it to json_indent(). Any other item is
 * valid, and so is the one object. Returns 0, or a negative number that ends the stream with it.
 */
typedef int (*json_item_fn)(void *data, struct json_slice raw);

/*
 * A stream takes the envelope off. A list is bare, or an object's member called `data`, `value`, or one of `names`
 * (NULL-terminated array of the collection's names, borrowed until json_stream_free(); may be NULL), at most two such
 * objects deep ({"data":{"services":[…]}}); the first such array counts. Everything beside it is skipped: it must be in
 * balance too, and numbers and words valid. One object is bare, or under `data`, `value` or one of `names` in an object
 * all of whose other members are called summary, status, success, message, messages, code, result, error, errors, meta,
 * pagination, total or count (any case). Items of a list are delivered as soon as their last byte has been fed, in
 * order; memory is one item's and not the answer's.
 *
 * Returns NULL when out of memory. json_stream_free(NULL) is fine.
 */
struct json_stream *json_stream_new(enum json_shape shape, const char *const *names, json_item_fn item, void *data);
void json_stream_free(struct json_stream *stream);

/* Feeds the next bytes, cut anywhere. 0 or an error, which every later call repeats. */
int json_stream_feed(struct json_stream *stream, const char *bytes, size_t len);

/* Says that the answer is complete. -EBADMSG when it was cut, empty, followed by anything but white space, or held no
 * list or object of the shape asked for. */
int json_stream_end(struct json_stream *stream);

/*
 * Appends `raw` (one JSON value) to `out` as people want to read and grep it: as `jq .` lays it out (two spaces a
 * level, one member or element a line, `"key": value`, `{}` and `[]` when empty), every line after the first indented
 * by `indent` spaces more, no newline at the end.
 *
 * Tokens come through in order. Numbers, literals and keys byte for byte. Strings keep their value: escapes that JSON
 * does not require are written plainly (`\/`, `\u00e9`, surrogate pairs), those it requires (`\"`, `\\`, and control
 * characters: below U+0020, U+007F to U+009F) and lone surrogates stay as they were. Bytes that are not UTF-8 pass
 * unchanged. -EBADMSG, with `out` as it was before, when `raw` is not JSON as RFC 8259 has it (json-c lets NaN and
 * Infinity pass; this does not).
 */
int json_indent(struct json_slice raw, unsigned indent, struct printbuf *out);

/* The same, but -EFBIG when the text would be longer than `max` bytes: what is nested deep prints as two hundred times
 * its size. Hardly more than that is ever allocated. */
int json_indent_max(struct json_slice raw, unsigned indent, size_t max, struct printbuf *out);

/* Whether json_indent() would accept `raw`: 0, -EBADMSG or -ENOMEM. */
int json_check(struct json_slice raw, struct printbuf *scratch);

/*
 * Walks the members of an object that json_indent() accepted or printed: 1 and the next member's key (with its quotes)
 * and value, 0 at the end, -EBADMSG where it meets what is no member. Start with `rest` the whole object; it is moved
 * on by each call. Of what is nested in a value only the balance is seen.
 */
int json_next_member(struct json_slice *rest, struct json_slice *key, struct json_slice *value);

/* The member of `object` with that name, the last of several; its `at` is NULL when there is none. In an object that
 * is cut, finds members that are whole. `scratch` is overwritten. */
struct json_slice json_find_member(struct json_slice object, const char *name, struct printbuf *scratch);

/*
 * The text of a scalar: a string's value as UTF-8 (U+0000 and lone surrogates stay as their six-byte escapes, so that
 * the result is a C string), any other scalar's own bytes, "" for null. Appends to `out`. -EBADMSG for an object or
 * array.
 */
int json_scalar_text(struct json_slice value, struct printbuf *out);

/* The bytes of a string's value: U+0000 is a NUL byte, a lone surrogate U+FFFD. Appends to `out`. -EBADMSG for what is
 * not a string. */
int json_string_bytes(struct json_slice value, struct printbuf *out);

/*
 * What an API says of itself in an error body: the first string found under message, error, error.message, errors (a
 * string, the first element, or the first member's first string), detail, msg, description, title, reason. The body is
 * JSON as json_check() has it, or an object that is cut: of that one, the members before the cut are looked at. Returns
 * a malloc'd string of at most 300 bytes on one line, or NULL when the body is not such JSON (or no memory). An API may
 * repeat the token in it ("Token abc is invalid"); it is hidden as in the log, since messages are shown in purge.log
 * too.
 */
char *json_api_message(const char *body, size_t len);

#endif
