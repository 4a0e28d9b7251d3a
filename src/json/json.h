/* SPDX-License-Identifier: MIT */
/*
 * JSON: a stream walks through an answer while the answer arrives, and hands out the values that its visitor asks for;
 * json_indent() prints a value without changing its tokens; the other functions read members and values.
 *
 * All functions work on raw bytes; of json-c, only printbuf is used. Parsing and printing with json-c would lose
 * numbers (1e400, 30 digits, -0, 0.10) and duplicate keys. Making json-c objects of a list's items, only to find their
 * ids, takes five times as long as all other steps from the bytes to the indented text, and fragments the heap.
 *
 * Only json_indent() and json_check() tell whether a value is valid JSON. A stream only finds where values end.
 *
 * Threads:   nothing is shared. One thread at a time uses a stream or a printbuf.
 * Ownership: a slice points into the caller's bytes and owns nothing. A callback's slice is valid during the call only.
 *            Printbufs are the caller's.
 * Errors:    -EBADMSG: the bytes are not JSON, are cut short, are nested deeper than JSON_DEPTH, or do not have the
 *            shape asked for. -EFBIG: a value has 2 GiB or more, in the input or printed. -ENOMEM. On an error, `out`
 *            is as it was before the call.
 */
#ifndef MELBICOMFS_JSON_JSON_H
#define MELBICOMFS_JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct printbuf;
struct json_stream;

/* A value with more than this many levels of objects and arrays is refused. */
#define JSON_DEPTH 200

/* Borrowed bytes: `len` bytes at `at`, without a NUL at the end. */
struct json_slice {
    const char *at;
    size_t len;
};

/* Returns whether a value is a string, a number, true, false or null; false if its `at` is NULL. */
static inline bool json_is_scalar(struct json_slice value)
{
    return value.at && value.at[0] != '{' && value.at[0] != '[';
}

/* A stream enters at most this many containers (objects and arrays) inside one another; one more is -EBADMSG. */
#define JSON_LEVELS 6

/* The longest value that JSON_BRIEF delivers, in bytes. */
#define JSON_BRIEF_MAX 16384

/* The most bytes that JSON_ENTER_KEEP keeps. */
#define JSON_KEEP_MAX (8 << 20)

/* What a stream shall do with a value whose first byte has come. */
enum json_step {
    JSON_SKIP,  /* pass over the value; its brackets and quotes must be balanced */
    JSON_WHOLE, /* call value() when the value's last byte has come */
    JSON_BRIEF, /* the same; but if the value is longer than JSON_BRIEF_MAX, value() gets a slice whose `at` is NULL */
    JSON_ENTER, /* a container: call begin() for each member or element, and leave() at the end. A scalar: skip it */
    JSON_ENTER_KEEP /* the same, and leave() gets the bytes of the whole container */
};

/* Where a value stands in the answer. */
struct json_place {
    unsigned depth;  /* how many containers lie around the value; all of them have been entered */
    const char *key; /* the value's decoded key, borrowed for the call; NULL in an array and for the whole answer */
};

/*
 * What a stream calls while it walks through an answer.
 *
 * begin() is called for the whole answer, and for each member and element of an entered container, in order. `first` is
 * the value's first byte, which may be one that no JSON value begins with. Returns an enum json_step, or a negative
 * number.
 *
 * value() gets the raw bytes of a value that begin() has asked for, without surrounding white space, borrowed for the
 * call. An object or array has balanced brackets and quotes, but may still be invalid JSON; json_indent() or
 * json_check() tells. Any other value is valid.
 *
 * leave() is called at the end of each entered container, with the container's own place. `raw` is the container if it
 * was entered with JSON_ENTER_KEEP, borrowed for the call. raw.at is NULL if it was not, if json_stream_forget() was
 * called inside it, or if more than JSON_KEEP_MAX bytes have come since the beginning of the outermost container that
 * is kept.
 *
 * A negative number that begin(), value() or leave() returns ends the stream, and the stream returns that number.
 */
struct json_visitor {
    int (*begin)(void *data, const struct json_place *place, char first);
    int (*value)(void *data, const struct json_place *place, struct json_slice raw);
    int (*leave)(void *data, const struct json_place *place, struct json_slice raw);
};

/* Makes a stream. The visitor is borrowed until json_stream_free(). NULL when out of memory. json_stream_free(NULL) is
 * fine. */
struct json_stream *json_stream_new(const struct json_visitor *visitor, void *data);
void json_stream_free(struct json_stream *stream);

/* Feeds the next `len` bytes of the answer, which may be cut anywhere; calls the visitor for what they complete. A byte
 * order mark (U+FEFF) before the answer is passed over. Returns 0, one of the errors above, or the negative number that
 * the visitor returned. After an error, every later call returns it again. */
int json_stream_feed(struct json_stream *stream, const char *bytes, size_t len);

/* Tells the stream that the answer is complete. Returns 0; the error of an earlier json_stream_feed() or of the
 * visitor; or -EBADMSG if the answer was empty or cut short. */
int json_stream_end(struct json_stream *stream);

/* Stops keeping the bytes of all containers that are entered now: leave() will get none of them. May be called by the
 * visitor. */
void json_stream_forget(struct json_stream *stream);

/*
 * Appends `raw` (one JSON value, white space around it allowed) to `out`, laid out as `jq .` does: two spaces per
 * level, one member or element per line, `"key": value`, and `{}` and `[]` when empty. Every line after the first
 * begins with `indent` more spaces. There is no newline at the end.
 *
 * The tokens keep their order. Numbers, literals and keys are copied byte for byte. Strings keep their value: an escape
 * that need not be one (`\/`, `\u00e9`, a surrogate pair) is printed as its character. Escapes of `"`, of `\`, of
 * control characters (below U+0020, U+007F to U+009F) and of lone surrogates stay as they are, and so do bytes that are
 * not UTF-8.
 *
 * Returns 0, -EBADMSG if `raw` is not JSON as RFC 8259 defines it (so NaN and Infinity are refused), -EFBIG or -ENOMEM.
 */
int json_indent(struct json_slice raw, unsigned indent, struct printbuf *out);

/* Like json_indent(), but returns -EFBIG if the text would be longer than `max` bytes: a deeply nested value may print
 * as two hundred times its size. The limit is checked after every token, so `out` never grows much beyond `max`. */
int json_indent_max(struct json_slice raw, unsigned indent, size_t max, struct printbuf *out);

/* Checks that `raw` is one valid JSON value, as json_indent() does, but keeps no text. Returns 0 or json_indent()'s
 * error. `scratch` is overwritten. */
int json_check(struct json_slice raw, struct printbuf *scratch);

/* Makes room in `scratch`, which it empties: then to read any key or scalar of `raw` into it allocates nothing, and cannot
 * fail for want of memory. For readers that take what they cannot read for absent. Returns 0, -EFBIG or -ENOMEM. */
int json_make_room(struct json_slice raw, struct printbuf *scratch);

/*
 * Takes the next member of an object. Before the first call, *rest is the whole object; each call moves *rest past the
 * member that it returns. Returns 1 with the member's key (including its quotes) and its value, which point into the
 * object; 0 after the last member; -EBADMSG if the next bytes are not a member, with *rest unchanged.
 *
 * This function finds where a nested value ends but does not check the value: call json_check() on the object first.
 */
int json_next_member(struct json_slice *rest, struct json_slice *key, struct json_slice *value);

/* Takes the next element of an array, as json_next_member() does with the members of an object. Returns 1 with the
 * element, 0 after the last one, or -EBADMSG. */
int json_next_element(struct json_slice *rest, struct json_slice *element);

/* Returns the value of the object's member called `name`, or of the last one if there are several. `at` of the result
 * is NULL if there is none. In an object that is cut short, the members before the cut are found. `scratch` is
 * overwritten. A member whose key cannot be read, because memory runs out, is passed over: call json_make_room() first. */
struct json_slice json_find_member(struct json_slice object, const char *name, struct printbuf *scratch);

/*
 * Appends the text of a scalar to `out`: the value of a string, the bytes of a number, "true", "false", and nothing for
 * null. In a string, the escapes of U+0000 and of lone surrogates stay six bytes long, so that the text contains no
 * NUL. Returns 0, -EBADMSG if `value` is an object, an array or not JSON, -EFBIG or -ENOMEM.
 */
int json_scalar_text(struct json_slice value, struct printbuf *out);

/* Appends the value of a string to `out`: U+0000 becomes a NUL byte and a lone surrogate becomes U+FFFD. Returns 0,
 * -EBADMSG if `value` is not a string, -EFBIG or -ENOMEM. */
int json_string_bytes(struct json_slice value, struct printbuf *out);

/* Appends a text as a JSON string with its quotes. Only `"`, `\` and control characters below U+0020 are escaped. Returns 0,
 * -EFBIG or -ENOMEM. */
int json_quote(const char *text, struct printbuf *out);

/* Returns `raw` without the byte order mark that it begins with, and without the white space around it. */
struct json_slice json_trimmed(struct json_slice raw);

/* Returns a malloc'd copy of a text (`len` bytes) without its secrets, which the caller frees, and its length in bytes
 * in *ret_len; NULL when out of memory. */
typedef char *json_hide_fn(const char *text, size_t len, size_t *ret_len);

/*
 * Finds the API's own message in the body of an error. The members message, error, error.message, errors, detail, msg,
 * description, title, reason, warning and warnings are tried in this order; the first string that is not blank is the
 * message. `errors` may be a string, a list whose first element counts, or an object whose first member counts. If the
 * body is cut short, the members before the cut are tried. A byte order mark before the JSON is skipped.
 *
 * Returns a malloc'd string, which the caller frees: one line of valid UTF-8, at most 300 bytes. `hide`
 * (log_hidden(), or NULL) replaces secrets in the whole message before it is cut, because an API may repeat the token
 * ("Token abc is invalid"). Returns NULL if there is no message, if the body is not JSON, or when out of memory.
 */
char *json_api_message(const char *body, size_t len, json_hide_fn *hide);

#endif
