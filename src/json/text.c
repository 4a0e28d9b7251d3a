/* SPDX-License-Identifier: MIT */
/*
 * JSON's text: printing it indented, walking an object's members, reading scalars.
 *
 * All functions work on raw bytes, with one small reader that accepts exactly RFC 8259's tokens. (json-c 0.16 in strict
 * mode also accepts NaN, Infinity, -01, 1., control characters in strings and keys in single quotes.) The reader never
 * reads the byte at `end` or any byte after it. Most bytes of a string do not change, so they are copied in long runs.
 */
#include "json/json.h"
#include "json/scan.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#define PRINTBUF_MAX ((size_t)INT_MAX - 64)

struct reader {
    const char *at;
    const char *end;
};

static struct reader read_slice(struct json_slice raw)
{
    const char *at = raw.at ? raw.at : "";

    return (struct reader){at, at + raw.len};
}

static bool at_end(const struct reader *in)
{
    return in->at == in->end;
}

static bool sees(const struct reader *in, char c)
{
    return in->at < in->end && *in->at == c;
}

static bool take(struct reader *in, char c)
{
    if (!sees(in, c))
        return false;
    in->at++;
    return true;
}

static void skip_space(struct reader *in)
{
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\n' || *in->at == '\r' || *in->at == '\t'))
        in->at++;
}

/* printbuf_memappend() with an errno, and without the call when there is room. A printbuf counts bytes in an int. */
static inline int append(struct printbuf *out, const char *at, size_t len)
{
    if (len < (size_t)(out->size - out->bpos)) {
        memcpy(out->buf + out->bpos, at, len);
        out->bpos += (int)len;
        return 0;
    }
    if (len >= PRINTBUF_MAX - (size_t)out->bpos)
        return -EFBIG;
    return printbuf_memappend(out, at, (int)len) < 0 ? -ENOMEM : 0;
}

/* Ends the text in `out` with a NUL; on an error, first cuts `out` back to the length `before`. */
static int finish(struct printbuf *out, int before, int r)
{
    if (r < 0)
        out->bpos = before;
    out->buf[out->bpos] = '\0';
    return r;
}

static bool take_digits(struct reader *in)
{
    const char *first = in->at;

    while (in->at < in->end && *in->at >= '0' && *in->at <= '9')
        in->at++;
    return in->at > first;
}

static bool take_number(struct reader *in)
{
    take(in, '-');
    if (!take(in, '0') && !take_digits(in))
        return false;
    if (take(in, '.') && !take_digits(in))
        return false;
    if (take(in, 'e') || take(in, 'E')) {
        if (!take(in, '+'))
            take(in, '-');
        return take_digits(in);
    }
    return true;
}

static bool take_word(struct reader *in, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0)
        return false;
    in->at += len;
    return true;
}

/* Takes a number, true, false or null. The caller checks what follows. */
static bool take_bare(struct reader *in)
{
    if (at_end(in))
        return false;
    switch (*in->at) {
    case 't':
        return take_word(in, "true");
    case 'f':
        return take_word(in, "false");
    case 'n':
        return take_word(in, "null");
    default:
        return take_number(in);
    }
}

static bool take_hex4(struct reader *in, uint32_t *ret)
{
    uint32_t value = 0;

    if (in->end - in->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = in->at[i];

        if (c >= '0' && c <= '9')
            value = value << 4 | (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            value = value << 4 | (uint32_t)(c - 'A' + 10);
        else
            return false;
    }
    in->at += 4;
    *ret = value;
    return true;
}

/* Takes the escape of a low surrogate if it comes next. */
static bool take_low_surrogate(struct reader *in, uint32_t *ret)
{
    struct reader ahead = *in;
    uint32_t low;

    if (!take(&ahead, '\\') || !take(&ahead, 'u') || !take_hex4(&ahead, &low) || low < 0xdc00 || low > 0xdfff)
        return false;
    *in = ahead;
    *ret = low;
    return true;
}

/* Takes an escape and returns its character. A lone surrogate is returned as it is. */
static bool take_escape(struct reader *in, uint32_t *ret)
{
    static const char LETTERS[] = "\"\\/bfnrt", VALUES[] = "\"\\/\b\f\n\r\t";
    const char *letter;
    uint32_t value, low;

    in->at++;
    if (at_end(in))
        return false;
    if (take(in, 'u')) {
        if (!take_hex4(in, &value))
            return false;
        if (value >= 0xd800 && value <= 0xdbff && take_low_surrogate(in, &low))
            value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
        *ret = value;
        return true;
    }
    letter = memchr(LETTERS, *in->at, sizeof(LETTERS) - 1);
    if (!letter)
        return false;
    in->at++;
    *ret = (unsigned char)VALUES[letter - LETTERS];
    return true;
}

static bool is_surrogate(uint32_t value)
{
    return value >= 0xd800 && value <= 0xdfff;
}

/* A surrogate becomes U+FFFD, because UTF-8 cannot express it. */
static int append_utf8(struct printbuf *out, uint32_t value)
{
    static const unsigned LEAD[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t len;
    char bytes[4];

    if (is_surrogate(value))
        value = 0xfffd;
    len = value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, value >>= 6)
        bytes[i] = (char)(0x80 | (value & 0x3f));
    bytes[0] = (char)(LEAD[len] | value);
    return append(out, bytes, len);
}

/* Whether the escape of this character is copied as it is. */
typedef bool (*stays_fn)(uint32_t value);

static bool stays_always(uint32_t value)
{
    (void)value;
    return true;
}

static bool stays_never(uint32_t value)
{
    (void)value;
    return false;
}

static bool stays_in_json(uint32_t value)
{
    return value < 0x20 || value == '"' || value == '\\' || (value >= 0x7f && value <= 0x9f) || is_surrogate(value);
}

static bool stays_in_text(uint32_t value)
{
    return value == 0 || is_surrogate(value);
}

/* Appends the text between the quotes of the string at `in`, and moves `in` past the string. */
static int take_string(struct reader *in, stays_fn stays, struct printbuf *out)
{
    const char *run;

    if (!take(in, '"'))
        return -EBADMSG;
    for (run = in->at;;) {
        const char *escape;
        uint32_t value;

        in->at = json_skip_plain(in->at, in->end);
        if (sees(in, '"'))
            break;
        escape = in->at;
        if (!sees(in, '\\') || !take_escape(in, &value))
            return -EBADMSG;
        if (stays(value))
            continue;
        if (append(out, run, (size_t)(escape - run)) < 0 || append_utf8(out, value) < 0)
            return -ENOMEM;
        run = in->at;
    }
    in->at++;
    return append(out, run, (size_t)(in->at - 1 - run));
}

/*
 * The printer. Either a value is expected, or a value has just been printed and the next byte tells whether another one
 * follows. `open` holds the brackets that are still open, so that the printer need not recurse.
 */
struct printer {
    struct reader in;
    struct printbuf *out;
    unsigned indent;
    unsigned depth;
    char open[JSON_DEPTH];
};

/* Ends the line, with a comma if `comma`, and indents the next line. */
static int print_break(struct printer *p, bool comma)
{
    static const char BREAK[] = ",\n                                                              ";
    static const size_t SPACES = sizeof(BREAK) - 3;
    size_t indent = (size_t)p->indent + 2 * (size_t)p->depth;
    size_t first = indent < SPACES ? indent : SPACES;
    int r = append(p->out, comma ? BREAK : BREAK + 1, first + (comma ? 2 : 1));

    while (r == 0 && (indent -= first) > 0) {
        first = indent < SPACES ? indent : SPACES;
        r = append(p->out, BREAK + 2, first);
    }
    return r;
}

static int print_string(struct printer *p, stays_fn stays)
{
    int r = append(p->out, "\"", 1);

    if (r == 0)
        r = take_string(&p->in, stays, p->out);
    return r < 0 ? r : append(p->out, "\"", 1);
}

static int print_key(struct printer *p)
{
    int r;

    skip_space(&p->in);
    r = print_string(p, stays_always);
    if (r < 0)
        return r;
    skip_space(&p->in);
    if (!take(&p->in, ':'))
        return -EBADMSG;
    return append(p->out, ": ", 2);
}

static int print_scalar(struct printer *p)
{
    const char *first = p->in.at;

    if (sees(&p->in, '"'))
        return print_string(p, stays_in_json);
    if (!take_bare(&p->in))
        return -EBADMSG;
    return append(p->out, first, (size_t)(p->in.at - first));
}

static char closing(char bracket)
{
    return bracket == '{' ? '}' : ']';
}

/* Returns 1 if a value has to follow, 0 if the object or array was empty and is complete. */
static int print_open(struct printer *p, char bracket)
{
    const char empty[2] = {bracket, closing(bracket)};
    int r;

    p->in.at++;
    if (p->depth == JSON_DEPTH)
        return -EBADMSG;
    skip_space(&p->in);
    if (take(&p->in, closing(bracket)))
        return append(p->out, empty, 2);

    r = append(p->out, &bracket, 1);
    if (r < 0)
        return r;
    p->open[p->depth++] = bracket;
    r = print_break(p, false);
    if (r == 0 && bracket == '{')
        r = print_key(p);
    return r < 0 ? r : 1;
}

static int print_value(struct printer *p)
{
    skip_space(&p->in);
    if (sees(&p->in, '{') || sees(&p->in, '['))
        return print_open(p, *p->in.at);
    return print_scalar(p);
}

/* Prints what follows a value. Returns 1 if another value has to follow, 0 at the end of the outermost value. */
static int print_next(struct printer *p)
{
    while (p->depth > 0) {
        char bracket = p->open[p->depth - 1], end = closing(bracket);
        int r;

        skip_space(&p->in);
        if (take(&p->in, ',')) {
            r = print_break(p, true);
            if (r == 0 && bracket == '{')
                r = print_key(p);
            return r < 0 ? r : 1;
        }
        if (!take(&p->in, end))
            return -EBADMSG;
        p->depth--;
        r = print_break(p, false);
        if (r == 0)
            r = append(p->out, &end, 1);
        if (r < 0)
            return r;
    }
    skip_space(&p->in);
    return at_end(&p->in) ? 0 : -EBADMSG;
}

/* Allocates room for `len` bytes and a quarter more at once, instead of by repeated doubling. */
static int make_room(struct printbuf *out, size_t len)
{
    int before = out->bpos;

    if (len > INT_MAX / 2)
        return 0;
    len += len / 4;
    if (len < (size_t)(out->size - out->bpos))
        return 0;
    if (printbuf_memset(out, -1, 0, (int)len) < 0)
        return -ENOMEM;
    out->bpos = before;
    return 0;
}

static struct printer new_printer(struct json_slice raw, unsigned indent, struct printbuf *out)
{
    struct printer p;

    p.in = read_slice(raw);
    p.out = out;
    p.indent = indent;
    p.depth = 0;
    return p;
}

/* Prints a value and what follows it. Returns 1 if another value has to follow, 0 at the end of the outermost value. */
static int print_step(struct printer *p)
{
    int r = print_value(p);

    return r == 0 ? print_next(p) : r;
}

int json_indent_max(struct json_slice raw, unsigned indent, size_t max, struct printbuf *out)
{
    struct printer p = new_printer(raw, indent, out);
    int before = out->bpos;
    int r = make_room(out, raw.len < max ? raw.len : max);

    if (r < 0)
        return r;
    do {
        r = print_step(&p);
        if (r >= 0 && (size_t)(out->bpos - before) > max)
            r = -EFBIG;
    } while (r > 0);
    return finish(out, before, r);
}

int json_indent(struct json_slice raw, unsigned indent, struct printbuf *out)
{
    return json_indent_max(raw, indent, SIZE_MAX, out);
}

int json_make_room(struct json_slice raw, struct printbuf *scratch)
{
    printbuf_reset(scratch);
    if (raw.len < (size_t)scratch->size)
        return 0;
    if (raw.len >= PRINTBUF_MAX)
        return -EFBIG;
    if (printbuf_memset(scratch, 0, 0, (int)raw.len + 1) < 0)
        return -ENOMEM;
    printbuf_reset(scratch);
    return 0;
}

int json_check(struct json_slice raw, struct printbuf *scratch)
{
    struct printer p = new_printer(raw, 0, scratch);
    int r;

    do {
        printbuf_reset(scratch);
        r = print_step(&p);
    } while (r > 0);
    return finish(scratch, 0, r);
}

/* Moves past a value. What is inside quotes or brackets is not checked. */
static bool skip_value(struct reader *in)
{
    struct json_scan scan;
    size_t used;

    if (!sees(in, '"') && !sees(in, '{') && !sees(in, '['))
        return take_bare(in);
    json_scan_start(&scan);
    if (json_scan(&scan, in->at, (size_t)(in->end - in->at), &used) <= 0)
        return false;
    in->at += used;
    return true;
}

static struct json_slice slice_from(const char *first, const struct reader *in)
{
    return (struct json_slice){first, (size_t)(in->at - first)};
}

/* Moves from the beginning of a container, or from the end of a member or element, to the next member or element.
 * Returns 1; 0 at the bracket that closes the container, with *rest on it, so that another call returns 0 again; or
 * -EBADMSG. */
static int next_part(struct reader *in, char open, struct json_slice *rest)
{
    bool opened;

    skip_space(in);
    opened = take(in, open);
    skip_space(in);
    if (sees(in, closing(open))) {
        *rest = (struct json_slice){in->at, (size_t)(in->end - in->at)};
        return 0;
    }
    if (!opened && !take(in, ','))
        return -EBADMSG;
    skip_space(in);
    return 1;
}

int json_next_element(struct json_slice *rest, struct json_slice *element)
{
    struct reader in = read_slice(*rest);
    int r = next_part(&in, '[', rest);

    if (r <= 0)
        return r;
    const char *first = in.at;
    if (!skip_value(&in))
        return -EBADMSG;
    *element = slice_from(first, &in);
    *rest = (struct json_slice){in.at, (size_t)(in.end - in.at)};
    return 1;
}

int json_next_member(struct json_slice *rest, struct json_slice *key, struct json_slice *value)
{
    struct reader in = read_slice(*rest);
    struct json_slice found;
    const char *first;
    int r = next_part(&in, '{', rest);

    if (r <= 0)
        return r;
    first = in.at;
    if (!sees(&in, '"') || !skip_value(&in))
        return -EBADMSG;
    found = slice_from(first, &in);
    skip_space(&in);
    if (!take(&in, ':'))
        return -EBADMSG;
    skip_space(&in);
    first = in.at;
    if (!skip_value(&in))
        return -EBADMSG;

    *key = found;
    *value = slice_from(first, &in);
    *rest = (struct json_slice){in.at, (size_t)(in.end - in.at)};
    return 1;
}

/* True if a key, with its quotes, is `name`. Only a key with an escape in it is decoded. */
static bool key_is(struct json_slice key, const char *name, size_t len, struct printbuf *scratch)
{
    if (!memchr(key.at, '\\', key.len))
        return key.len == len + 2 && memcmp(key.at + 1, name, len) == 0;
    printbuf_reset(scratch);
    return json_scalar_text(key, scratch) == 0 && strcmp(scratch->buf, name) == 0;
}

struct json_slice json_find_member(struct json_slice object, const char *name, struct printbuf *scratch)
{
    struct json_slice found = {NULL, 0}, key, value;
    size_t len = strlen(name);

    while (json_next_member(&object, &key, &value) > 0)
        if (key_is(key, name, len, scratch))
            found = value;
    return found;
}

int json_scalar_text(struct json_slice value, struct printbuf *out)
{
    struct reader in = read_slice(value);
    const char *first = in.at;
    int before = out->bpos, r = 0;

    if (sees(&in, '"'))
        r = take_string(&in, stays_in_text, out);
    else if (!take_bare(&in))
        r = -EBADMSG;
    else if (*first != 'n')
        r = append(out, first, (size_t)(in.at - first));
    if (r == 0 && !at_end(&in))
        r = -EBADMSG;
    return finish(out, before, r);
}

/* Appends the escape of a character. */
static int append_escape(struct printbuf *out, unsigned char c)
{
    static const char VALUES[] = "\"\\\b\f\n\r\t", LETTERS[] = "\"\\bfnrt", HEX[] = "0123456789abcdef";
    const char *value = memchr(VALUES, c, sizeof(VALUES) - 1);
    const char two[] = {'\\', value ? LETTERS[value - VALUES] : 'u'}, four[] = {'0', '0', HEX[c >> 4], HEX[c & 0xf]};
    int r = append(out, two, sizeof(two));

    return r < 0 || value ? r : append(out, four, sizeof(four));
}

int json_quote(const char *text, struct printbuf *out)
{
    int before = out->bpos, r = append(out, "\"", 1);
    const char *run = text;

    for (; r == 0 && *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        r = append(out, run, (size_t)(text - run));
        if (r == 0)
            r = append_escape(out, c);
        run = text + 1;
    }
    if (r == 0)
        r = append(out, run, (size_t)(text - run));
    return finish(out, before, r == 0 ? append(out, "\"", 1) : r);
}

int json_string_bytes(struct json_slice value, struct printbuf *out)
{
    struct reader in = read_slice(value);
    int before = out->bpos, r = take_string(&in, stays_never, out);

    if (r == 0 && !at_end(&in))
        r = -EBADMSG;
    return finish(out, before, r);
}
