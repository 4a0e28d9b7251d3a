/* SPDX-License-Identifier: MIT */
/*
 * Replays a fuzzer's corpus without libFuzzer, and then mutations of it: cheap ones, always the same.
 *
 *      fuzz_NAME DIRECTORY [COUNT]     each file of the directory, then COUNT mutations (20,000)
 *      fuzz_NAME FILE                  this file
 *
 * FUZZ_SEED begins the mutations elsewhere. When an input fails, it is written to the file fuzz_NAME.found in the
 * working directory, and the command that repeats it is printed.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT     20000
#define SIZE_MAX_ 4096 /* of a mutation, in bytes */

struct input {
    uint8_t *bytes;
    size_t len;
};

static struct input *corpus;
static size_t n_corpus;
static uint64_t state = 20261127;
static const char *program;
static const uint8_t *trying; /* the input that is being tried */
static size_t trying_len;

/* splitmix64, below `limit`. */
static size_t below(size_t limit)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (size_t)((z ^ z >> 31) % limit);
}

/* ---- failures ---- */

static void keep_input(void)
{
    const char *slash = strrchr(program, '/');
    char path[200];

    if (!trying)
        return;
    snprintf(path, sizeof path, "%.150s.found", slash ? slash + 1 : program);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, trying, trying_len) < 0)
        perror(path);
    else
        fprintf(stderr, "repeat with: %s %s\n", program, path);
    close(fd);
    trying = NULL;
}

static void on_signal(int number)
{
    keep_input();
    signal(number, SIG_DFL);
    raise(number);
}

/* AddressSanitizer calls this function before it ends the program. */
void __asan_on_error(void);
void __asan_on_error(void)
{
    keep_input();
}

/* ---- inputs ---- */

/* Tries an input in a block of exactly its size. */
static void try(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = (uint8_t *)fuzz_copy(bytes, len);

    trying = copy;
    trying_len = len;
    (void)LLVMFuzzerTestOneInput(copy, len);
    trying = NULL;
    free(copy);
}

static struct input read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    struct stat st;
    struct input input;

    if (!file || fstat(fileno(file), &st) < 0) {
        perror(path);
        exit(1);
    }
    input.bytes = malloc((size_t)st.st_size + 1);
    if (!input.bytes)
        abort();
    input.len = fread(input.bytes, 1, (size_t)st.st_size, file);
    (void)fclose(file);
    return input;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void read_corpus(const char *directory)
{
    struct dirent **entries;
    int n = scandir(directory, &entries, is_visible, alphasort);

    if (n <= 0) {
        fprintf(stderr, "there is no corpus in %s\n", directory);
        exit(1);
    }
    corpus = calloc((size_t)n, sizeof *corpus);
    if (!corpus)
        abort();
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
        corpus[n_corpus++] = read_file(path);
        free(entries[i]);
    }
    free(entries);
}

/* ---- mutations ---- */

static void insert(struct input *input, size_t at, const uint8_t *bytes, size_t len)
{
    if (input->len + len > SIZE_MAX_)
        return;
    memmove(input->bytes + at + len, input->bytes + at, input->len - at);
    memcpy(input->bytes + at, bytes, len);
    input->len += len;
}

static void cut(struct input *input, size_t at, size_t len)
{
    memmove(input->bytes + at, input->bytes + at + len, input->len - at - len);
    input->len -= len;
}

/* Inserts a part of any input, this one too. */
static void insert_part(struct input *input, size_t at)
{
    uint8_t part[64];
    const struct input *from = below(2) ? &corpus[below(n_corpus)] : input;
    size_t first = below(from->len + 1), len = below(from->len - first + 1);

    len = len < sizeof part ? len : sizeof part;
    if (len > 0)
        memcpy(part, from->bytes + first, len);
    insert(input, at, part, len);
}

static void mutate(struct input *input)
{
    static const char marks[] = "\"\\{}[],:0-.eu'n\n\r\t /%~=;<>@?#&";
    size_t at = below(input->len + 1), left = input->len - at;
    uint8_t byte = (uint8_t)(below(2) ? (uint8_t)marks[below(sizeof marks)] : below(256));

    switch (below(6)) {
    case 0:
        insert(input, at, &byte, 1);
        break;
    case 1:
        insert_part(input, at);
        break;
    case 2:
        cut(input, at, left > 0 ? 1 + below(left < 16 ? left : 16) : 0);
        break;
    case 3:
        if (left > 0)
            input->bytes[at] = (uint8_t)(input->bytes[at] ^ 1 << below(8));
        break;
    case 4:
        if (below(8) == 0)
            input->len = at;
        break;
    default:
        if (left > 0)
            input->bytes[at] = byte;
        break;
    }
}

static void try_mutations(size_t count)
{
    struct input input = {malloc(SIZE_MAX_), 0};

    if (!input.bytes)
        abort();
    for (size_t i = 0; i < count; i++) {
        const struct input *seed = &corpus[i % n_corpus];
        input.len = seed->len < SIZE_MAX_ ? seed->len : SIZE_MAX_;
        memcpy(input.bytes, seed->bytes, input.len);
        for (size_t n = 1 + below(4); n > 0; n--)
            mutate(&input);
        try(input.bytes, input.len);
    }
    free(input.bytes);
}

int main(int argc, char **argv)
{
    const char *seed = getenv("FUZZ_SEED");
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : COUNT;
    struct stat st;

    program = argv[0];
    if (seed)
        state = strtoull(seed, NULL, 10);
    if (argc < 2 || stat(argv[1], &st) < 0) {
        fprintf(stderr, "usage: %s DIRECTORY [COUNT] | FILE\n", program);
        return 1;
    }
    signal(SIGABRT, on_signal);
    if (S_ISDIR(st.st_mode)) {
        read_corpus(argv[1]);
    } else {
        corpus = calloc(1, sizeof *corpus);
        if (!corpus)
            abort();
        corpus[n_corpus++] = read_file(argv[1]);
        count = 0;
    }
    for (size_t i = 0; i < n_corpus; i++)
        try(corpus[i].bytes, corpus[i].len);
    printf("ok 1 - %zu inputs of the corpus\n", n_corpus);
    try_mutations(count);
    printf("ok 2 - %zu mutations\n", count);
    for (size_t i = 0; i < n_corpus; i++)
        free(corpus[i].bytes);
    free(corpus);
    return 0;
}
