/*
 * Every setting there is, once: its name, what values it takes, where it may be said, and the help's line about it.
 * The command line, the configuration file and the help all go by this table; a new setting is a row.
 *
 * Threads:   main thread, before the fork.
 * Ownership: settings_apply() replaces strings in the structs it fills and frees what was there.
 * Errors:    -EINVAL with the reason in words; the caller knows where it was said and adds that.
 */
#ifndef MELBICOMFS_COMMAND_SETTINGS_H
#define MELBICOMFS_COMMAND_SETTINGS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct config;
struct token_source;

/* Room for a reason in words. */
enum { SETTINGS_REASON = 200 };

enum setting_type {
    SETTING_FLAG,    /* bool: true when bare, or 0 or 1 */
    SETTING_NUMBER,  /* unsigned */
    SETTING_ID,      /* uid_t or gid_t */
    SETTING_OCTAL,   /* mode_t */
    SETTING_SECONDS, /* unsigned milliseconds, said in seconds with decimals */
    SETTING_SIZE,    /* uint64_t */
    SETTING_TEXT,    /* char * */
    SETTING_PATH,    /* char *, absolute */
    SETTING_URL      /* char *, checked */
};

/* Which of the structs in settings_target the offset counts in. */
enum setting_home { SETTING_IN_CONFIG, SETTING_IN_TOKEN, SETTING_IN_TARGET };

enum setting_place { SETTING_ANYWHERE, SETTING_FILE_ONLY, SETTING_OPTION_ONLY };

struct setting {
    const char *name;
    const char *argument; /* for the help; NULL: a flag */
    enum setting_type type;
    enum setting_place place;
    enum setting_home home;
    size_t offset;
    uint64_t min, max;
    const char *initial; /* the default, as one would write it; NULL: none */
    const char *help;
};

/* What a place that was read (command line, file) fills. */
struct settings_target {
    struct config *config;
    struct token_source *token;
    char *url;         /* url=, or NULL; freed by the caller, as is config_path */
    char *config_path; /* config=, or NULL */
};

/* The row called `name`, or NULL. */
const struct setting *settings_find(const char *name);

/* The i-th row; NULL after the last. */
const struct setting *settings_at(size_t i);

/*
 * Checks `value` (NULL: the setting was named without one) and stores it. Relative paths are below `directory`, or the
 * working directory if that is NULL. On failure `reason` (SETTINGS_REASON bytes) tells what the value must be, as in
 * "must be a whole number from 1 to 256", without repeating it.
 */
int settings_apply(const struct setting *setting, const char *value, const char *directory,
                   struct settings_target *target, char *reason);

/* Says on stderr what is wrong: "melbicomfs: …" and a newline. */
void settings_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a line of help for each setting. */
void settings_print(FILE *out);

#endif
