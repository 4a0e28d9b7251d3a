/*
 * Names from the API as file names; the rule is in names.h.
 *
 * A name is read as a row of units: a character, or a byte that isn't part of one. Each unit comes out plain or with
 * each of its bytes escaped, and a cut falls between two of them, so that whatever stands before a `%~` is itself
 * what the rule makes of the start of the name. Decoding leans on this: it undoes the escapes without asking whether
 * they were needed, encodes the result again and accepts only what it was given.
 */
#include "tree/names.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define UNIT_MAX    6  /* bytes of a unit's encoding: U+0080 to U+009F are two escapes */
#define ESCAPED_MAX 12 /* of four bytes, each escaped: none is, but the compiler can't know */
#define HASH_CHARS  16
#define CUT_LEN     (2 + HASH_CHARS)

uint64_t names_hash(const char *bytes, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Encodes the unit at name[*pos], moves *pos behind it and returns the length of what is in out. */
static size_t encode_unit(const char *name, size_t len, size_t *pos, char out[ESCAPED_MAX])
{
    static const char digits[] = "0123456789ABCDEF";
    const char *unit = name + *pos;
    size_t n = utf8_length(unit, len - *pos), used = 0;
    bool plain = n > 0 && !utf8_is_control(unit, n) && *unit != '/' && *unit != '%' && !(*unit == '.' && *pos == 0);

    if (n == 0)
        n = 1;
    *pos += n;
    if (plain) {
        memcpy(out, unit, n);
        return n;
    }
    for (size_t i = 0; i < n; i++) {
        out[used++] = '%';
        out[used++] = digits[(unsigned char)unit[i] >> 4];
        out[used++] = digits[(unsigned char)unit[i] & 15];
    }
    return used;
}

/* Encodes what fits in max bytes of buf, which gets no NUL. Returns the length, and in *cut_at how much of it stays if
 * it did not all fit, or max + 1 if it did. */
static size_t encode_stem(const char *name, size_t len, size_t max, char *buf, size_t *cut_at)
{
    size_t used = 0, mark = 0, pos = 0;

    while (pos < len) {
        char unit[ESCAPED_MAX];
        size_t n = encode_unit(name, len, &pos, unit);

        if (used + n > max) {
            *cut_at = mark;
            return used;
        }
        memcpy(buf + used, unit, n);
        used += n;
        if (used + CUT_LEN <= max)
            mark = used;
    }
    if (len == 0)
        buf[used++] = '%';
    *cut_at = max + 1;
    return used;
}

size_t names_encode(const char *name, size_t len, const char *suffix, char buf[NAMES_MAX + 1])
{
    size_t suffix_len = strlen(suffix), max = NAMES_MAX - suffix_len, used, cut_at;

    assert(suffix_len + CUT_LEN + UNIT_MAX <= NAMES_MAX);
    used = encode_stem(name, len, max, buf, &cut_at);
    if (cut_at <= max)
        used = cut_at + (size_t)snprintf(buf + cut_at, CUT_LEN + 1, "%%~%016" PRIx64, names_hash(name, len));
    memcpy(buf + used, suffix, suffix_len + 1);
    return used + suffix_len;
}

/* The value of an upper-case hexadecimal digit, or -1. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes the escapes of `len` bytes; false for a `%` that starts none. */
static bool unescape(const char *stem, size_t len, char *out, size_t *ret)
{
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        int high, low;

        if (stem[i] != '%') {
            out[used++] = stem[i];
            continue;
        }
        if (len - i < 3)
            return false;
        high = hex_value(stem[i + 1]);
        low = hex_value(stem[i + 2]);
        if (high < 0 || low < 0)
            return false;
        out[used++] = (char)(high << 4 | low);
        i += 2;
    }
    *ret = used;
    return true;
}

/* Decodes a stem that isn't cut; false when the rule makes it of no name. */
static bool decode_stem(const char *stem, size_t len, char *out, size_t *ret)
{
    char again[NAMES_MAX];
    size_t decoded = 0, cut_at, n;

    if (len == 0 || len > NAMES_MAX)
        return false;
    if ((len != 1 || *stem != '%') && !unescape(stem, len, out, &decoded))
        return false;
    n = encode_stem(out, decoded, NAMES_MAX, again, &cut_at);
    if (n != len || memcmp(again, stem, len) != 0)
        return false;
    *ret = decoded;
    return true;
}

/* Whether a stem is what a cut leaves: as much of a name as fits in max bytes, `%~` and the hash. */
static bool is_cut(const char *stem, size_t len, size_t max)
{
    char out[NAMES_MAX];
    const char *mark;
    size_t decoded;

    if (len < CUT_LEN || len > max || len + UNIT_MAX <= max)
        return false;
    mark = stem + len - CUT_LEN;
    if (mark[0] != '%' || mark[1] != '~')
        return false;
    if (strspn(mark + 2, "0123456789abcdef") < HASH_CHARS)
        return false;
    return decode_stem(stem, len - CUT_LEN, out, &decoded);
}

int names_decode(const char *name, const char *suffix, char buf[NAMES_MAX + 1], size_t *len)
{
    size_t name_len = strlen(name), suffix_len = strlen(suffix), stem_len, decoded;
    char out[NAMES_MAX];

    if (name_len > NAMES_MAX || name_len <= suffix_len || strcmp(name + name_len - suffix_len, suffix) != 0)
        return -ENOENT;
    stem_len = name_len - suffix_len;
    if (is_cut(name, stem_len, NAMES_MAX - suffix_len))
        return -E2BIG;
    if (!decode_stem(name, stem_len, out, &decoded))
        return -ENOENT;
    memcpy(buf, out, decoded);
    buf[decoded] = '\0';
    *len = decoded;
    return 0;
}

int names_id(const char *name, const char *suffix, uint64_t *ret)
{
    uint64_t id = 0;
    size_t n = 0;

    for (; name[n] >= '0' && name[n] <= '9'; n++) {
        if (n == 19)
            return -ENOENT;
        id = id * 10 + (uint64_t)(name[n] - '0');
    }
    if (n == 0 || (n > 1 && name[0] == '0') || strcmp(name + n, suffix) != 0)
        return -ENOENT;
    *ret = id;
    return 0;
}

void names_shared(const char *text, uint64_t id, const char *suffix, char name[NAMES_MAX + 1])
{
    char mark[64], encoded[NAMES_MAX + 1];
    int n = snprintf(mark, sizeof mark, "%%=%" PRIu64 "%s", id, suffix);
    size_t len = names_encode(text, strlen(text), "", encoded);
    if (len + (size_t)n > NAMES_MAX)
        len = NAMES_MAX - (size_t)n;
    memcpy(name, encoded, len);
    memcpy(name + len, mark, (size_t)n + 1);
}

bool names_shared_id(const char *name, const char *suffix, uint64_t *ret)
{
    const char *mark = NULL;
    for (const char *p = strstr(name, "%="); p; p = strstr(p + 1, "%="))
        mark = p;
    return mark && names_id(mark + 2, suffix, ret) == 0;
}
