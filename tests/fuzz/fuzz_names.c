/* SPDX-License-Identifier: MIT */
/*
 * File names: the rule is applied a second time, one byte at a time. Whatever the API calls a thing, its file name is
 * fit to be one, leads back to the name, and belongs to no other name. What is decoded is encoded to the same again.
 *
 * The input: a byte that chooses the suffix, and two names with a byte 0x1e between them.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "tree/names.h"

#include <errno.h>
#include <inttypes.h>

#define LONGEST (6 * 4096)

static const char *const suffixes[] = {"", ".json", ".log"};

/* Encodes a name of any length. Returns the length. */
static size_t encode(const char *name, size_t len, char *out)
{
    size_t used = 0;

    if (len == 0)
        out[used++] = '%';
    for (size_t i = 0, n; i < len; i += n) {
        size_t valid = utf8_length(name + i, len - i);
        unsigned char first = (unsigned char)name[i], second = valid > 1 ? (unsigned char)name[i + 1] : 0;
        bool escaped = valid == 0 || first < 0x20 || first == '/' || first == '%' || first == 0x7f ||
                       (first == '.' && i == 0) || (first == 0xc2 && second < 0xa0);
        n = valid ? valid : 1;
        for (size_t k = i; k < i + n; k++)
            used += escaped ? (size_t)sprintf(out + used, "%%%02X", (unsigned char)name[k])
                            : (size_t)sprintf(out + used, "%c", name[k]);
    }
    return used;
}

static void check_fit(const char *file, size_t len)
{
    CHECK(len > 0 && len <= NAMES_MAX && strlen(file) == len, "%zu bytes", len);
    CHECK(*file != '.' && !strchr(file, '/'), "%s", file);
    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_length(file + i, len - i);
        CHECK(n > 0 && !utf8_is_control(file + i, n), "byte %zu of %s", i, file);
    }
}

/* Encodes a name, and checks the result and the way back. */
static void check_name(const char *name, size_t len, const char *suffix, char file[NAMES_MAX + 1])
{
    static char whole[LONGEST];
    char back[NAMES_MAX + 1];
    size_t n = encode(name, len, whole), suffix_len = strlen(suffix), back_len = 0;
    bool fits = n + suffix_len <= NAMES_MAX;

    size_t used = names_encode(name, len, suffix, file);
    check_fit(file, used);
    CHECK(strcmp(file + used - suffix_len, suffix) == 0, "%s", file);
    if (fits)
        CHECK(used == n + suffix_len && memcmp(file, whole, n) == 0, "%s", file);
    int r = names_decode(file, suffix, back, &back_len);
    CHECK(r == (fits ? 0 : -E2BIG), "%s: %d", file, r);
    CHECK(!fits || (back_len == len && memcmp(back, name, len) == 0), "%s", file);
    if (!fits) {
        char hash[20];
        snprintf(hash, sizeof hash, "%%~%016" PRIx64, names_hash(name, len));
        size_t stem = used - suffix_len - 18;
        CHECK(memcmp(file + stem, hash, 18) == 0 && memcmp(file, whole, stem) == 0, "%s", file);
        CHECK(used + 6 > NAMES_MAX, "%s is cut too short", file);
    }
}

/* Any text as a file name. */
static void check_file(const char *file, const char *suffix)
{
    char name[NAMES_MAX + 1], again[NAMES_MAX + 1];
    size_t len = 0;
    int r = names_decode(file, suffix, name, &len);

    CHECK(r == 0 || r == -ENOENT || r == -E2BIG, "%s: %d", file, r);
    if (r != 0)
        return;
    (void)names_encode(name, len, suffix, again);
    CHECK(strcmp(again, file) == 0, "%s is read as what is written as %s", file, again);
}

static void check_shared(const char *name, const char *suffix)
{
    uint64_t id = names_hash(name, strlen(name)) >> 1, back = 0;
    char shared[NAMES_MAX + 1], plain[NAMES_MAX + 1];

    id %= UINT64_C(10000000000000000000);
    names_shared(name, id, suffix, shared);
    CHECK(strlen(shared) <= NAMES_MAX && !strchr(shared, '/') && *shared != '.', "%s", shared);
    CHECK(names_shared_id(shared, suffix, &back) && back == id, "%s: %ju", shared, (uintmax_t)back);
    (void)names_encode(name, strlen(name), suffix, plain);
    CHECK(strcmp(plain, shared) != 0, "%s", shared);
    size_t len;
    CHECK(names_decode(shared, suffix, plain, &len) == -ENOENT, "%s is read as a name that is not shared", shared);
}

static void check_id(const char *file, const char *suffix)
{
    size_t digits = strspn(file, "0123456789");
    bool valid = digits > 0 && digits <= 19 && (digits == 1 || *file != '0') && strcmp(file + digits, suffix) == 0;
    uint64_t id = 7;
    char text[32];

    CHECK((names_id(file, suffix, &id) == 0) == valid, "%s", file);
    snprintf(text, sizeof text, "%" PRIu64, id);
    CHECK(valid ? strncmp(text, file, digits) == 0 : id == 7, "%s: %s", file, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *suffix = suffixes[fuzz_number(&data, &size, LENGTH(suffixes))];
    const uint8_t *mark = size > 0 ? memchr(data, 0x1e, size) : NULL;
    size_t first = mark ? (size_t)(mark - data) : size, second = mark ? size - first - 1 : 0;
    char files[2][NAMES_MAX + 1];

    if (size > 4096)
        return 0;
    char *a = fuzz_copy(data, first), *b = fuzz_copy(data + size - second, second);
    check_name(a, first, suffix, files[0]);
    check_name(b, second, suffix, files[1]);
    bool same = first == second && memcmp(a, b, first) == 0;
    CHECK((strcmp(files[0], files[1]) == 0) == same, "two names as one: %s", files[0]);
    free(a);
    free(b);

    char *text = fuzz_string(data, size);
    check_file(text, suffix);
    check_shared(text, suffix);
    check_id(text, suffix);
    free(text);
    return 0;
}
