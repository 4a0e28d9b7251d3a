/* SPDX-License-Identifier: MIT */
/*
 * The table of all settings. A row has the setting's name, its allowed values, the places where it may be given, and
 * its line of the help. The command line, the configuration file and the help all use this table; a new setting is a
 * new row.
 *
 * Threads:   main thread, before the fork.
 * Ownership: rows are constants. settings_apply() frees the string that it replaces; the caller frees the strings in a
 *            struct settings_target in the end.
 * Errors:    a negative errno and the reason in words, to which the caller adds where the setting was given.
 *            The caller reports the fault with settings_complain().
 */
#ifndef MELBICOMFS_COMMAND_SETTINGS_H
#define MELBICOMFS_COMMAND_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct closest;
struct config;
struct token_source;

/* The size of a buffer for a reason, in bytes. */
enum { SETTINGS_REASON = 200 };

/* The type of the field that a setting is stored in, and of the value as text. */
enum setting_type {
    SETTING_FLAG,    /* bool: 0 or 1; without a value it is true */
    SETTING_NUMBER,  /* unsigned */
    SETTING_ID,      /* uid_t or gid_t */
    SETTING_OCTAL,   /* mode_t */
    SETTING_TIME,    /* unsigned, in seconds; the text may end in s, m, h or d */
    SETTING_SECONDS, /* unsigned, in milliseconds; the text is in seconds, or ends so, and may have decimals */
    SETTING_LEVEL,   /* int, an enum log_level: error, warning, info or debug */
    SETTING_SIZE,    /* uint64_t, in bytes; the text may end in K, M, G or T */
    SETTING_TEXT,    /* char * */
    SETTING_PATH,    /* char *, an absolute path */
    SETTING_URL,     /* char *, checked by value_url() */
    SETTING_PROXY    /* char *, checked by value_proxy() */
};

/* Which struct the field is in: target->config, target->token or the target itself. */
enum setting_home { SETTING_IN_CONFIG, SETTING_IN_TOKEN, SETTING_IN_TARGET };

/* Where a setting may be given: in both places, only in the configuration file, or only as -o. */
enum setting_place { SETTING_ANYWHERE, SETTING_FILE_ONLY, SETTING_OPTION_ONLY };

struct setting {
    const char *name;
    const char *argument; /* the name of the value in the help, such as TIME; NULL: a flag without value */
    enum setting_type type;
    enum setting_place place;
    enum setting_home home;
    size_t offset;       /* of the field, in the struct that `home` names */
    uint64_t min, max;   /* the limits of a number, in the unit of the field */
    const char *initial; /* the default as text, for the help; NULL: none */
    const char *help;
};

/* Where the settings of one place (command line, profile, top of the file) are stored. */
struct settings_target {
    struct config *config;
    struct token_source *token;
    char *url;         /* the value of url=, or NULL */
    char *config_path; /* the value of config=, or NULL */
};

/* Returns the row of the setting called `name`, or NULL. */
const struct setting *settings_find(const char *name);

/* Takes the names of the settings for "did you mean" (base/closest.h): those that may be given as -o, or those that may
 * stand in the configuration file. */
void settings_try(struct closest *closest, bool as_option);

/* Returns row i, counted from 0; NULL after the last row. */
const struct setting *settings_at(size_t i);

/*
 * Checks `value` and stores it in `target`. `value` is NULL if the setting was given without a value. A relative path
 * is relative to `directory`, or to the working directory if `directory` is NULL. Returns 0, -EINVAL or another
 * negative errno of values.h; then `target` is unchanged, and `reason` (a buffer of SETTINGS_REASON bytes) says what
 * the value must be, as in "must be a whole number from 1 to 256". The reason repeats only the value of a time, and only
 * if it is short and begins with a digit: other values may be secrets.
 */
int settings_apply(const struct setting *setting, const char *value, const char *directory,
                   struct settings_target *target, char *reason);

/* Reports a fault of the settings: prints "melbicomfs: ", the message and a newline on stderr, or gives the message to
 * the function that settings_divert() has set. */
void settings_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Gives later complaints to `fn` instead of stderr; `complaint` is borrowed for the call. With NULL as `fn`, complaints
 * go to stderr again. */
void settings_divert(void (*fn)(void *data, const char *complaint), void *data);

/* Prints the help on all settings, one line per setting. */
void settings_print(FILE *out);

#endif
