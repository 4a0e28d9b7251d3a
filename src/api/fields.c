/* SPDX-License-Identifier: MIT */
#include "api/fields.h"

#include "api/documents.h"
#include "api/endpoints.h"
#include "api/members.h"

#include <json-c/printbuf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The targets: the id, and the fields from FIRST_FIELD on. */
enum { ID, FIRST_FIELD };

struct fields {
    const struct endpoint_reading *reading;
    struct members *members;
    struct printbuf *id, *texts[SNAPSHOT_FIELDS];
};

struct fields *fields_new(const struct endpoint_reading *reading)
{
    struct fields *fields = calloc(1, sizeof *fields);
    if (!fields)
        return NULL;
    fields->reading = reading;
    fields->members = members_new();
    bool ok = (fields->id = printbuf_new()) && fields->members;
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        ok = (fields->texts[i] = printbuf_new()) && ok;
    if (!ok) {
        fields_free(fields);
        return NULL;
    }
    members_want(fields->members, ID, reading->ids);
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        members_want(fields->members, FIRST_FIELD + i, reading->fields[i].names);
    return fields;
}

void fields_free(struct fields *fields)
{
    if (!fields)
        return;
    members_free(fields->members);
    printbuf_free(fields->id);
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        printbuf_free(fields->texts[i]);
    free(fields);
}

static int read_text(struct json_slice value, struct printbuf *text, char **ret)
{
    *ret = NULL;
    if (!value.at || value.at[0] == 'n' || value.at[0] == '{' || value.at[0] == '[')
        return 0;
    printbuf_reset(text);
    int r = json_scalar_text(value, text);
    if (r == 0)
        *ret = text->buf;
    return r;
}

/* Returns one spelling for all that differ in the case of letters only: the known value if `text` is one, else `text`
 * with a capital letter at the beginning of each word. Changes `text`. */
static const char *one_spelling(const char *const *known, char *text)
{
    for (; *known; known++)
        if (strcasecmp(*known, text) == 0)
            return *known;
    for (char *p = text; *p; p++) {
        bool inside = p > text && p[-1] != ' ';
        if (inside && *p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
        else if (!inside && *p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    }
    return text;
}

static uint64_t id_of(const char *text)
{
    if (!text || *text < '0' || *text > '9' || (*text == '0' && text[1]))
        return ITEM_NO_ID;
    char *end;
    uint64_t id = strtoull(text, &end, 10); /* UINT64_MAX when the number is too large */
    return *end || id > ITEM_ID_MAX ? ITEM_NO_ID : id;
}

int fields_read(struct fields *fields, struct json_slice printed, uint64_t *ret_id,
                const char *ret_texts[SNAPSHOT_FIELDS])
{
    struct json_slice found[MEMBERS_TARGETS];
    char *id = NULL;

    int r = members_find_in_text(fields->members, printed, found);
    if (r == 0)
        r = read_text(found[ID], fields->id, &id);
    if (r < 0)
        return r;
    *ret_id = id_of(id);
    for (unsigned i = 0; r == 0 && i < SNAPSHOT_FIELDS; i++) {
        char *text;
        const char *const *known = fields->reading->fields[i].known;
        r = read_text(found[FIRST_FIELD + i], fields->texts[i], &text);
        if (r == 0)
            ret_texts[i] = text && known ? one_spelling(known, text) : text;
    }
    return r;
}
