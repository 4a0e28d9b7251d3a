/* SPDX-License-Identifier: MIT */
/*
 * A text that grows, and JSON as PHP's json_encode() writes it: `/` as `\/`, and characters beyond ASCII as `\uXXXX`.
 *
 * Threads:   any; no shared state.
 * Ownership: a zeroed struct text is empty. text_free() frees its bytes and leaves it empty.
 * Errors:    none; running out of memory ends the program.
 */
#ifndef SIMULATOR_TEXT_H
#define SIMULATOR_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;

struct text {
    char *data; /* `len` bytes and a NUL, or NULL while empty */
    size_t len, room;
};

void text_free(struct text *text);

/* Appends bytes, a C string, one byte, a number, or what printf would print. */
void text_add(struct text *text, const char *bytes, size_t len);
void text_puts(struct text *text, const char *string);
void text_char(struct text *text, char c);
void text_number(struct text *text, long number);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void text_json_string(struct text *text, const char *bytes, size_t len);

/* Like text_json_string(), but writes `/` as it is, for output that people and scripts read. */
void text_json_readable(struct text *text, const char *bytes, size_t len);

/* Appends a JSON value, compactly. NULL is null. */
void text_json(struct text *text, struct json_object *value);

/* Appends the comma that the next element or member needs, if it needs one. */
void text_comma(struct text *text);

/* Appends `"key":`, after a comma if one is needed. Keys are plain ASCII. */
void text_key(struct text *text, const char *key);

/* Appends whole members. Money is in cents; an id is a number, or a string when `as_string`. */
void text_member(struct text *text, const char *key, const char *value);
void text_number_member(struct text *text, const char *key, long value);
void text_money_member(struct text *text, const char *key, long cents);
void text_id_member(struct text *text, const char *key, long id, bool as_string);

#endif
