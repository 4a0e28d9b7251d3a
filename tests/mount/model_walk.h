/*
 * The walk over the mount that test_model.c takes: where it is, and the steps that only look.
 *
 * Whatever is read must be, whole, one of the versions that the account had between the earliest moment that the
 * document behind it can have been fetched (its life ago, or when its path was touched) and now; for one path never an
 * older one than was seen before; and through a descriptor that is held, always the version that was opened. What a
 * directory lists is what was there, once each.
 *
 * Threads:   the test's.
 * Ownership: the walk is one static struct; walk_let_go() closes and frees what it holds.
 * Errors:    whatever is not as it must be fails the test, with the seed and the step.
 */
#ifndef MELBICOMFS_TESTS_MODEL_WALK_H
#define MELBICOMFS_TESTS_MODEL_WALK_H

#include "model.h"

#include <sys/stat.h>

#define HELD_MAX  8
#define PATHS_MAX 512
#define INODES    4096

/* A path that has been looked at. */
struct path {
    char name[128];
    enum thing thing;
    long id;
    unsigned least; /* the version last seen */
    int64_t touched;
};

struct held {
    int fd;
    struct path *path;
    int64_t since, opened; /* between which its version was there */
    struct stat st;
    char *bytes;
    bool *known;
};

struct walk {
    struct fixture fixture;
    struct model model;
    struct path paths[PATHS_MAX];
    unsigned n_paths;
    struct held held[HELD_MAX];
    struct {
        uint64_t ino, hash;
    } inodes[INODES]; /* what each inode has shown */
    unsigned n_inodes;
    int64_t life_ms, begun;
    unsigned dice, seed, step, purges;
    const char *doing, *options;
};

extern struct walk walk;

/* Ends the test with what is wrong, and how to come here again. */
#define wrong(...)                                                                                                     \
    do {                                                                                                               \
        print_error("-o %s, MODEL_SEED=%u, step %u (%s):\n", walk.options, walk.seed, walk.step, walk.doing);          \
        fail_msg(__VA_ARGS__);                                                                                         \
    } while (0)

/* A number below n. */
unsigned below(unsigned n);

/* The path of that name, noted when it is new. */
struct path *path_of(enum thing thing, long id, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* An id that is or was, or now and then one that never was; a file that shows any thing. */
long any_invoice(void);
long any_service(void);
struct path *any_file(void);

/* The steps that only look. */
void read_file(void);
void stat_file(void);
void follow_link(void);
void list_directory(void);
void use_held(void);

/* Reads the rest of what is held, and closes it. */
void walk_let_go(struct held *held);

#endif
