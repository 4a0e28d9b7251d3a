/* SPDX-License-Identifier: MIT */
/*
 * The random walk over the mount that test_model.c takes: its state, and the steps that only read.
 *
 * The steps check that
 *  - what is read from a file is, as a whole, one of the versions that the account had between the earliest moment at
 *    which the document can have been fetched (one life ago, or when the path was last touched) and now;
 *  - a path never shows an older version than it has shown before;
 *  - an open descriptor always shows the version that was opened;
 *  - a directory lists each name that existed in that time once, and no other.
 *
 * The walk goes through calm times and troubled times, in which requests to the API fail or answers come slowly, cut or
 * garbled. In troubled times a step may also end with an error that such a failure explains, and a copy of any age may
 * be shown; but still nothing that never was, nothing older than before, nothing torn, and no "not there" for what was
 * there all the time. When the API works again, the walk waits until all answers have been asked for again, and then
 * everything must hold as before.
 *
 * Threads:   the test's only.
 * Ownership: the walk is one static struct; walk_let_go() closes and frees a held file.
 * Errors:    a failed check fails the test, and prints the seed and the step.
 */
#ifndef MELBICOMFS_TESTS_MODEL_WALK_H
#define MELBICOMFS_TESTS_MODEL_WALK_H

#include "model.h"

#include <sys/stat.h>

#define HELD_MAX  8
#define PATHS_MAX 512
#define INODES    4096

/* A path that the walk has used. */
struct path {
    char name[128];
    enum thing thing;
    long id;
    unsigned least;  /* the number of the version last seen */
    int64_t touched; /* when the path was last touched, on now_ms() */
};

/* A file that the walk keeps open. */
struct held {
    int fd;
    struct path *path;
    int64_t since, opened; /* the version existed at some time between these two */
    struct stat st;
    char *bytes; /* what has been read so far */
    bool *known; /* which of the bytes have been read */
};

struct walk {
    struct fixture fixture;
    struct model model;
    struct path paths[PATHS_MAX];
    unsigned n_paths;
    struct held held[HELD_MAX];
    struct {
        uint64_t ino, hash;
    } inodes[INODES]; /* a hash of the content that each inode has shown */
    unsigned n_inodes;
    int64_t life_ms, begun;
    bool troubled;
    int64_t recovered; /* when all was touched after the last trouble, on now_ms(); 0: there was none */
    unsigned dice, seed, step;
    unsigned purged, tried;       /* purges that succeeded, and all */
    unsigned explained, troubles; /* steps that ended with an error that a failure explains, and failures ordered */
    const char *doing, *options;
};

extern struct walk walk;

/* Fails the test with a message, and prints the options, seed and step that reproduce it. */
#define wrong(...)                                                                                                     \
    do {                                                                                                               \
        print_error("-o %s, MODEL_SEED=%u, step %u (%s):\n", walk.options, walk.seed, walk.step, walk.doing);          \
        fail_msg(__VA_ARGS__);                                                                                         \
    } while (0)

/* Whether a step may end with this errno now. Counts it. */
bool is_explained(int error);

/* A random number from 0 to n - 1. */
unsigned below(unsigned n);

/* The path with this name; added to the walk's paths if it is new. */
struct path *path_of(enum thing thing, long id, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* any_invoice() and any_service() return a random id that exists or has existed, and now and then one that never
 * existed. any_file() returns the path of a random file. */
long any_invoice(void);
long any_service(void);
struct path *any_file(void);

/* The steps that only read. */
void read_file(void);
void stat_file(void);
void follow_link(void);
void list_directory(void);
void use_held(void);

/* Reads and checks the rest of a held file, and closes it. */
void walk_let_go(struct held *held);

#endif
