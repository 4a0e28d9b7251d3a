/* SPDX-License-Identifier: MIT */
#include "api/overrides.h"

#include "base/config.h"
#include "base/log.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_SIZE_NAME   "limitnum"
#define PAGE_OFFSET_NAME "limitstart"
#define PAGE_SIZE_MAX    1000000

/* ---- which operations have a key, and the names after its dot ---- */

static bool is_any(const struct endpoint *endpoint)
{
    return endpoint != NULL;
}

static bool is_list(const struct endpoint *endpoint)
{
    return endpoint->shape == SHAPE_LIST;
}

/* Nothing has to be found in the answer to a purge. */
static bool is_read(const struct endpoint *endpoint)
{
    return strcmp(endpoint->method, "GET") == 0;
}

static bool has_id(const struct endpoint *endpoint)
{
    return endpoint->ids[0] != NULL;
}

static const char *param_key(const struct endpoint *endpoint, unsigned i)
{
    return i < ENDPOINT_PARAMS ? endpoint->params[i].key : NULL;
}

static const char *param_name(const struct endpoint *endpoint, unsigned i)
{
    return endpoint->params[i].name;
}

/* The index of the i-th field that the row has, or ENDPOINT_FIELDS. A row may leave some of the kept fields out. */
static unsigned field_index(const struct endpoint *endpoint, unsigned i)
{
    unsigned index = 0;
    while (index < ENDPOINT_FIELDS && (!endpoint->fields[index].key || i-- > 0))
        index++;
    return index;
}

static const char *field_key(const struct endpoint *endpoint, unsigned i)
{
    unsigned index = field_index(endpoint, i);
    return index < ENDPOINT_FIELDS ? endpoint->fields[index].key : NULL;
}

/* ---- setting: each returns NULL, or what is wrong with the value, in words ---- */

/* A value for key number `i` of its kind. */
struct setting_of {
    struct overrides *overrides;
    const struct endpoint *endpoint;
    unsigned i;
    const char *value; /* not empty */
};

static const char *set_path(const struct setting_of *s)
{
    if (s->value[0] != '/')
        return "a path begins with / and follows the API's base URL";
    if (strstr(s->endpoint->paths[0], "{id}") && !strstr(s->value, "{id}"))
        return "this path needs {id}, which stands for the service's id";
    s->overrides->path = s->value;
    return NULL;
}

static const char *set_param(const struct setting_of *s)
{
    s->overrides->params[s->i] = s->value;
    return NULL;
}

static const char *set_query(const struct setting_of *s)
{
    s->overrides->query = s->value;
    return NULL;
}

static const char *set_list(const struct setting_of *s)
{
    if (s->value[0] == '.' || s->value[strlen(s->value) - 1] == '.' || strstr(s->value, ".."))
        return "write the names of the members with one dot between them, such as data.items";
    s->overrides->reading.list = s->value;
    return NULL;
}

static void set_only_name(const char *names[ENDPOINT_ALIASES], const char *name)
{
    memset(names, 0, ENDPOINT_ALIASES * sizeof *names);
    names[0] = name;
}

static const char *set_id(const struct setting_of *s)
{
    set_only_name(s->overrides->reading.ids, s->value);
    return NULL;
}

static const char *set_field(const struct setting_of *s)
{
    set_only_name(s->overrides->reading.fields[field_index(s->endpoint, s->i)].names, s->value);
    return NULL;
}

static const char *set_page_size(const struct setting_of *s)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(s->value, &end, 10);
    if (errno || *end || *s->value < '0' || *s->value > '9' || n == 0 || n > PAGE_SIZE_MAX)
        return "the size of a page is a whole number from 1 to 1000000";
    s->overrides->paging.size = (unsigned)n;
    return NULL;
}

static const char *set_page_size_name(const struct setting_of *s)
{
    s->overrides->paging.size_name = s->value;
    return NULL;
}

static const char *set_page_offset(const struct setting_of *s)
{
    s->overrides->paging.offset_name = s->value;
    return NULL;
}

static const char *set_page_number(const struct setting_of *s)
{
    s->overrides->paging.number_name = s->value;
    return NULL;
}

/* ---- what is built in ---- */

static const char *built_in_path(const struct endpoint *endpoint, unsigned i)
{
    return endpoint->paths[i];
}

static const char *built_in_id(const struct endpoint *endpoint, unsigned i)
{
    return endpoint->ids[i];
}

static const char *built_in_field(const struct endpoint *endpoint, unsigned i)
{
    return endpoint->fields[field_index(endpoint, i)].names[0];
}

static const char *built_in_size_name(const struct endpoint *endpoint, unsigned i)
{
    (void)endpoint;
    (void)i;
    return PAGE_SIZE_NAME;
}

static const char *built_in_offset_name(const struct endpoint *endpoint, unsigned i)
{
    (void)endpoint;
    (void)i;
    return PAGE_OFFSET_NAME;
}

static void note_path(const struct endpoint *endpoint, unsigned i, FILE *out)
{
    fprintf(out, "# %s", endpoint->evidence);
    for (i++; i < ENDPOINT_PATHS && endpoint->paths[i]; i++)
        fprintf(out, "%s%s", i == 1 ? "; other candidates: " : ", ", endpoint->paths[i]);
    fputc('\n', out);
}

static void note_param(const struct endpoint *endpoint, unsigned i, FILE *out)
{
    if (endpoint->params[i].fixed)
        fprintf(out, "# sent with every call, its value is %s\n", endpoint->params[i].fixed);
}

static void note_names(const char *const names[ENDPOINT_ALIASES], FILE *out)
{
    if (!names[1])
        return;
    fputs("# the first of these names that is there: ", out);
    for (unsigned i = 0; i < ENDPOINT_ALIASES && names[i]; i++)
        fprintf(out, "%s%s", i ? ", " : "", names[i]);
    fputc('\n', out);
}

static void note_id(const struct endpoint *endpoint, unsigned i, FILE *out)
{
    (void)i;
    note_names(endpoint->ids, out);
}

static void note_field(const struct endpoint *endpoint, unsigned i, FILE *out)
{
    const struct endpoint_field *field = &endpoint->fields[field_index(endpoint, i)];
    const char *const *known = field->known;
    note_names(field->names, out);
    for (unsigned k = 0; known && known[k]; k++)
        fprintf(out, "%s%s%s", k ? ", " : "# known values, in any letters: ", known[k], known[k + 1] ? "" : "\n");
}

/* ---- keys ---- */

/* A kind of keys. All keys of a kind begin alike; a kind that ends with a dot has a key for each name after it. */
struct override_kind {
    const char *key, *argument; /* argument: what stands for the name in the help, or "" */
    bool (*fits)(const struct endpoint *endpoint);
    const char *(*nth)(const struct endpoint *endpoint, unsigned i);  /* name i after the dot, or NULL; NULL: no dot */
    const char *(*also)(const struct endpoint *endpoint, unsigned i); /* another name for name i; or NULL */
    const char *(*set)(const struct setting_of *s);
    const char *(*built_in)(const struct endpoint *endpoint, unsigned i); /* the value without a line, or NULL */
    void (*note)(const struct endpoint *endpoint, unsigned i, FILE *out); /* prints a comment on it; or NULL */
    const char *help;
};

/* clang-format off */
static const struct override_kind kinds[] = {
    {"path", "", is_any, NULL, NULL, set_path, built_in_path, note_path,
     "the path below the API's base URL"},
    {"param.", "NAME", is_any, param_key, param_name, set_param, param_name, note_param,
     "what the API calls a parameter of the query"},
    {"query", "", is_any, NULL, NULL, set_query, NULL, NULL,
     "parameters for every call, percent-encoded, such as limitnum=100000"},
    {"list", "", is_read, NULL, NULL, set_list, NULL, NULL,
     "where in the answer the list or the object is, such as data.invoices"},
    {"id", "", has_id, NULL, NULL, set_id, built_in_id, note_id,
     "what the API calls the id of an item"},
    {"field.", "NAME", is_any, field_key, NULL, set_field, built_in_field, note_field,
     "what the API calls a field of an item"},
    {"page_size", "", is_list, NULL, NULL, set_page_size, NULL, NULL,
     "fetch the list in pages of so many items, such as 100"},
    {"page_size_name", "", is_list, NULL, NULL, set_page_size_name, built_in_size_name, NULL,
     "the parameter for the size of a page"},
    {"page_offset", "", is_list, NULL, NULL, set_page_offset, built_in_offset_name, NULL,
     "the parameter for the number of items to skip"},
    {"page_number", "", is_list, NULL, NULL, set_page_number, NULL, NULL,
     "the parameter for the number of the page, the first is 1, in place of page_offset"},
};
/* clang-format on */
#define KINDS (sizeof kinds / sizeof *kinds)

/* What follows kind->key in the operation's key number i of this kind; NULL: there is no such key. */
static const char *name_at(const struct override_kind *kind, const struct endpoint *endpoint, unsigned i)
{
    if (!kind->fits(endpoint))
        return NULL;
    if (kind->nth)
        return kind->nth(endpoint, i);
    return i == 0 ? "" : NULL;
}

/* The kind of the operation's key `key`, with its number in *ret_i; NULL: the operation has no such key. */
static const struct override_kind *find_key(const struct endpoint *endpoint, const char *key, unsigned *ret_i)
{
    for (const struct override_kind *kind = kinds; kind < kinds + KINDS; kind++) {
        size_t len = strlen(kind->key);
        const char *name;
        if (strncmp(key, kind->key, len) != 0)
            continue;
        for (unsigned i = 0; (name = name_at(kind, endpoint, i)); i++)
            if (strcmp(key + len, name) == 0 || (kind->also && strcmp(key + len, kind->also(endpoint, i)) == 0)) {
                *ret_i = i;
                return kind;
            }
    }
    return NULL;
}

/* ---- applying ---- */

void overrides_init(struct overrides *overrides, const struct endpoint *endpoint)
{
    *overrides = (struct overrides){.paging = {0, PAGE_SIZE_NAME, PAGE_OFFSET_NAME, NULL}};
    for (unsigned i = 0; i < ENDPOINT_PARAMS; i++)
        overrides->params[i] = endpoint->params[i].name;
    memcpy(overrides->reading.ids, endpoint->ids, sizeof endpoint->ids);
    memcpy(overrides->reading.fields, endpoint->fields, sizeof endpoint->fields);
}

static void log_refused(const struct endpoint *endpoint, const struct config_override *line, const char *fault)
{
    struct printbuf *keys = printbuf_new();
    const char *name;
    if (!keys)
        return;
    for (const struct override_kind *kind = kinds; kind < kinds + KINDS; kind++)
        for (unsigned i = 0; (name = name_at(kind, endpoint, i)); i++)
            sprintbuf(keys, "%s%s%s", printbuf_length(keys) ? ", " : "", kind->key, name);
    log_error("%s: %s.%s = %s: %s; the keys of %s are %s", line->origin, line->operation, line->key, line->value, fault,
              endpoint->name, keys->buf);
    printbuf_free(keys);
}

bool overrides_apply(struct overrides *overrides, const struct endpoint *endpoint, const struct config_override *line)
{
    struct setting_of setting = {.overrides = overrides, .endpoint = endpoint, .value = line->value};
    const struct override_kind *kind = find_key(endpoint, line->key, &setting.i);
    const char *fault = "there is no such key";
    if (kind)
        fault = *line->value ? kind->set(&setting) : "the value is missing";
    if (fault)
        log_refused(endpoint, line, fault);
    return !fault;
}

/* ---- printing ---- */

void overrides_print_keys(FILE *out)
{
    for (const struct override_kind *kind = kinds; kind < kinds + KINDS; kind++) {
        char key[64];
        snprintf(key, sizeof key, "OPERATION.%s%s", kind->key, kind->argument);
        fprintf(out, "#   %-25s %s\n", key, kind->help);
    }
}

/* The line that counts for key number i of this kind, or NULL. */
static const struct config_override *line_of(const struct override_kind *kind, const struct endpoint *endpoint,
                                             unsigned i, const struct config *config)
{
    for (size_t k = config->n_overrides; k-- > 0;) {
        const struct config_override *line = &config->overrides[k];
        unsigned number;
        if (strcmp(line->operation, endpoint->name) == 0 && find_key(endpoint, line->key, &number) == kind &&
            number == i)
            return line;
    }
    return NULL;
}

static void print_key(const struct override_kind *kind, const struct endpoint *endpoint, unsigned i,
                      const struct config *config, FILE *out)
{
    const struct config_override *line = line_of(kind, endpoint, i, config);
    const char *name = name_at(kind, endpoint, i);
    if (line) {
        /* A line break in the file's name must not end the comment. */
        fprintf(out, "# from %.*s\n", (int)strcspn(line->origin, "\n"), line->origin);
        fprintf(out, "%s.%s%s = %s\n", endpoint->name, kind->key, name, line->value);
    } else if (kind->built_in) {
        if (kind->note)
            kind->note(endpoint, i, out);
        fprintf(out, "# %s.%s%s = %s\n", endpoint->name, kind->key, name, kind->built_in(endpoint, i));
    }
}

void overrides_print(const struct endpoint *endpoint, const struct config *config, FILE *out)
{
    fprintf(out, "\n# ---- %s (%s) ----\n", endpoint->name, endpoint->method);
    for (const struct override_kind *kind = kinds; kind < kinds + KINDS; kind++)
        for (unsigned i = 0; name_at(kind, endpoint, i); i++)
            print_key(kind, endpoint, i, config, out);

    const char *before = "# not set: ";
    for (const struct override_kind *kind = kinds; kind < kinds + KINDS; kind++)
        if (!kind->built_in && name_at(kind, endpoint, 0) && !line_of(kind, endpoint, 0, config)) {
            fprintf(out, "%s%s.%s", before, endpoint->name, kind->key);
            before = ", ";
        }
    if (*before == ',')
        fputc('\n', out);
}
