/* SPDX-License-Identifier: MIT */
/*
 * Names from the API as file names; the rule is in names.h.
 *
 * The encoder reads a name as a sequence of units. A unit is a UTF-8 character, or a byte that is not part of one. It
 * copies a unit unchanged, or escapes each of its bytes. A cut falls between two units, so the text before `%~` is
 * itself the encoding of the beginning of the name.
 *
 * The decoder first undoes every escape, needed or not. Then it encodes the result again and accepts the file name only
 * if the two are equal.
 */
#include "tree/names.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define UNIT_MAX    6  /* longest encoding of a unit, in bytes: U+0080 to U+009F become two escapes */
#define ESCAPED_MAX 12 /* four bytes, each escaped; never needed, but the compiler cannot know */
#define HASH_CHARS  16
#define CUT_LEN     (2 + HASH_CHARS)

uint64_t names_hash(const char *bytes, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Whether the byte is a unit that is copied unchanged wherever it stands. */
static bool is_plain_anywhere(char c)
{
    return c >= 0x20 && c < 0x7f && c != '/' && c != '%' && c != '.';
}

/* Encodes the unit at name[*pos] into `out` and moves *pos behind the unit. Returns the length of the encoding. */
static size_t encode_unit(const char *name, size_t len, size_t *pos, char out[ESCAPED_MAX])
{
    static const char digits[] = "0123456789ABCDEF";
    const char *unit = name + *pos;
    if (is_plain_anywhere(*unit)) {
        out[0] = *unit;
        ++*pos;
        return 1;
    }
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

/* Encodes as much of the name as fits into `max` bytes of buf, without a NUL. Returns the length of the encoding.
 * *cut_at is max + 1 if the whole name fits. Otherwise it is the length at which the encoding must be cut to leave room
 * for `%~` and the hash. */
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

/* Undoes the escapes in `len` bytes. Returns false if a `%` does not begin an escape. */
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

/* Decodes a stem (a file name without its suffix) that is not cut. Returns false if it is not the encoding of any
 * name. */
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

/* Returns whether a stem is a cut name: as much of an encoded name as fits into `max` bytes, `%~` and a hash. */
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
