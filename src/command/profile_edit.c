/* SPDX-License-Identifier: MIT */
#include "command/profile_edit.h"

#include "base/secret.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A part of the text. */
struct part {
    const char *at;
    size_t len;
};

static const char spaces[] = " \t\r\n\f\v";

static struct part trimmed(struct part part)
{
    while (part.len > 0 && strchr(spaces, *part.at)) {
        part.at++;
        part.len--;
    }
    while (part.len > 0 && strchr(spaces, part.at[part.len - 1]))
        part.len--;
    return part;
}

static bool is(struct part part, const char *word)
{
    return part.len == strlen(word) && memcmp(part.at, word, part.len) == 0;
}

/* Whether the line is a section's head; *ret is its name. */
static bool is_head(struct part line, struct part *ret)
{
    line = trimmed(line);
    const char *end = line.len > 0 && *line.at == '[' ? memchr(line.at, ']', line.len) : NULL;
    if (!end)
        return false;
    *ret = (struct part){line.at + 1, (size_t)(end - line.at - 1)};
    return true;
}

/* Whether the line sets a key that the edit replaces. A comment that looks like such a line begins with # or ;. */
static bool is_replaced(struct part line, const struct profile_edit *edit)
{
    static const char *const keys[] = {"token", "token_file", "token_command"};
    size_t len = 0;
    while (len < line.len && line.at[len] != '=' && line.at[len] != ':')
        len++;
    if (len == line.len)
        return false;
    struct part key = trimmed((struct part){line.at, len});
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (is(key, keys[i]))
            return true;
    return edit->url && is(key, "url");
}

static void put_keys(FILE *out, const struct profile_edit *edit)
{
    if (edit->url)
        fprintf(out, "url = %s\n", edit->url);
    fprintf(out, "token_file = %s\n", edit->token_file);
}

/* Copies the lines. Returns whether the section has been found. */
static bool copy_lines(FILE *out, struct part rest, const struct profile_edit *edit)
{
    bool inside = false, found = false;
    while (rest.len > 0) {
        const char *newline = memchr(rest.at, '\n', rest.len);
        struct part line = {rest.at, newline ? (size_t)(newline + 1 - rest.at) : rest.len}, name;
        bool head = is_head(line, &name);
        if (head)
            inside = is(name, edit->section);
        if (head || !inside || !is_replaced(line, edit))
            (void)fwrite(line.at, 1, line.len, out);
        if (head && inside && !found) {
            if (!newline)
                fputc('\n', out);
            put_keys(out, edit);
            found = true;
        }
        rest = (struct part){line.at + line.len, rest.len - line.len};
    }
    return found;
}

int profile_edit(const char *text, size_t len, const struct profile_edit *edit, char **ret, size_t *ret_len)
{
    static const char mark[] = "\xEF\xBB\xBF";
    char *made = NULL;
    size_t made_len = 0, skip = len >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    FILE *out = open_memstream(&made, &made_len);
    if (!out)
        return -ENOMEM;
    (void)fwrite(text, 1, skip, out);
    if (!copy_lines(out, (struct part){text + skip, len - skip}, edit)) {
        if (len > skip)
            fputs(text[len - 1] == '\n' ? "\n" : "\n\n", out);
        fprintf(out, "[%s]\n", edit->section);
        put_keys(out, edit);
    }
    bool is_whole = !ferror(out);
    if (fclose(out) != 0 || !is_whole) {
        secret_wipe(&made);
        return -ENOMEM;
    }
    *ret = made;
    *ret_len = made_len;
    return 0;
}
