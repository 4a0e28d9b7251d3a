/* SPDX-License-Identifier: MIT */
/*
 * A member is a candidate if each of its values has the look that the rule asks for, and no word in its name says that it
 * is something else. Of several candidates, words in the name decide, and then the order in which they stand.
 */
#include "command/doctor_guess.h"

#include "command/report.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The look of a value. `known` is the endpoint's list of values, or NULL. */
typedef bool look_fn(const char *text, const char *const *known);

struct word {
    const char *part; /* a part of the member's name, in any case; a `$` at its end stands for the name's end */
    int weight;
};

#define WORDS_MAX 14

struct rule {
    look_fn *look;
    bool distinct; /* each item must have a value, and no two items the same */
    bool by_texts; /* a member counts more if all its values occur in the list of products */
    bool most;     /* it is enough that half of the values have the look */
    struct word words[WORDS_MAX];
};

/* ---- looks ---- */

static bool is_id(const char *text, const char *const *known)
{
    (void)known;
    size_t n = strspn(text, "0123456789");
    return n > 0 && n < 20 && !text[n] && (*text != '0' || n == 1);
}

static bool is_amount(const char *text, const char *const *known)
{
    (void)known;
    text += *text == '-';
    size_t n = strspn(text, "0123456789");
    return n > 0 && text[n] == '.' && text[n + 1] && !text[n + 1 + strspn(text + n + 1, "0123456789")];
}

static bool is_number(const char *text, const char *const *known)
{
    return is_amount(text, known) || is_id(text + (*text == '-'), known);
}

static bool is_date(const char *text, const char *const *known)
{
    (void)known;
    static const char form[] = "dddd-dd-dd";
    for (size_t i = 0; form[i]; i++)
        if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    return true;
}

static bool is_currency(const char *text, const char *const *known)
{
    (void)known;
    return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static bool is_known(const char *text, const char *const *known)
{
    for (; known && *known; known++)
        if (strcasecmp(text, *known) == 0)
            return true;
    return false;
}

static bool is_version(const char *text, const char *const *known)
{
    (void)known;
    text += *text == 'v';
    return isdigit((unsigned char)*text) && strchr(text, '.') && isdigit((unsigned char)strchr(text, '.')[1]);
}

/* Words for people: at least one letter, and neither a date nor a status. */
static bool is_name(const char *text, const char *const *known)
{
    bool letter = false;
    for (const char *p = text; *p; p++)
        letter = letter || isalpha((unsigned char)*p) || (unsigned char)*p >= 0x80;
    (void)known;
    return letter && !is_date(text, NULL) && !is_known(text, endpoint_service_statuses);
}

static bool is_host(const char *text, const char *const *known)
{
    const char *dot = strchr(text, '.');
    return dot && dot != text && dot[1] && !strpbrk(text, " /@:") && !is_amount(text, known) && is_name(text, known);
}

/* The number on an invoice: digits, with letters or dashes around them, and no date. */
static bool is_label(const char *text, const char *const *known)
{
    return strpbrk(text, "0123456789") && !strpbrk(text, " .:@") && !is_date(text, known);
}

/* ---- rules ---- */

static const struct rule id_rule = {
    .look = is_id,
    .distinct = true,
    .words = {{"id$", 8}, {"id", 4}, {"no$", 2}, {"num", 2}, {"key", 2}, {"year", -9}, {"phone", -9}},
};
static const struct rule amount_rule = {
    .look = is_amount,
    .words = {{"balance", 8}, {"credit", 4}, {"amount", 4}, {"fund", 4}, {"avail", 2}, {"debt", -9}},
};
static const struct rule whole_amount_rule = {
    .look = is_number,
    .words = {{"balance", 8}, {"credit", 4}, {"amount", 4}, {"fund", 4}, {"avail", 2}, {"id$", -99}},
};
static const struct rule currency_rule = {.look = is_currency, .words = {{"curr", 8}, {"code", 2}}};
static const struct rule version_rule = {.look = is_version, .words = {{"api", 4}, {"ver", 8}}};
static const struct rule status_rule = {.look = is_known, .most = true, .words = {{"stat", 8}}};
static const struct rule date_rule = {
    .look = is_date,
    .words =
        {{"date", 4}, {"issue", 4}, {"creat", 2}, {"due", -9}, {"paid", -9}, {"next", -9}, {"end", -9}, {"upd", -9}},
};
static const struct rule label_rule = {
    .look = is_label,
    .distinct = true,
    .words = {{"num", 8}, {"inv", 2}, {"no$", 4}, {"ref", 4}, {"date", -9}, {"id$", -4}},
};
static const struct rule product_rule = {
    .look = is_name,
    .by_texts = true,
    .words = {{"product", 8},
              {"package", 8},
              {"plan", 8},
              {"name", 4},
              {"title", 4},
              {"group", -6},
              {"type", -9},
              {"cycle", -9},
              {"domain", -9},
              {"host", -9},
              {"curr", -9},
              {"method", -9},
              {"status", -9}},
};
static const struct rule host_rule = {.look = is_host,
                                      .words = {{"domain", 8}, {"host", 8}, {"name", 2}, {"mail", -9}}};
static const struct rule group_rule = {
    .look = is_name,
    .distinct = true,
    .words = {{"name", 8}, {"title", 8}, {"group", 4}, {"descr", -4}, {"url", -9}},
};

/* The rule for a field of an operation, or NULL. */
static const struct rule *rule_for(enum operation operation, unsigned field)
{
    static const struct rule *const services[] = {
        [SERVICE_PRODUCT] = &product_rule, [SERVICE_STATUS] = &status_rule, [SERVICE_NAME] = &host_rule};
    static const struct rule *const invoices[] = {
        [INVOICE_NUMBER] = &label_rule, [INVOICE_STATUS] = &status_rule, [INVOICE_DATE] = &date_rule};
    static const struct rule *const balance[] = {[BALANCE_AMOUNT] = &amount_rule, [BALANCE_CURRENCY] = &currency_rule};
    switch (operation) {
    case OP_VERSION:
        return &version_rule;
    case OP_GROUPS:
        return &group_rule;
    case OP_SERVICES:
    case OP_SERVICE:
        return services[field];
    case OP_INVOICES:
        return invoices[field];
    case OP_BALANCE:
        return balance[field];
    default:
        return NULL;
    }
}

/* ---- the choice ---- */

static int weight_of(const struct rule *rule, const char *name)
{
    int weight = 0;
    for (size_t i = 0; i < WORDS_MAX && rule->words[i].part; i++) {
        const char *part = rule->words[i].part;
        size_t len = strcspn(part, "$"), n = strlen(name);
        bool has = part[len] ? n >= len && strncasecmp(name + n - len, part, len) == 0 : strcasestr(name, part) != NULL;
        if (has)
            weight += rule->words[i].weight;
    }
    return weight;
}

/* The text of a scalar; NULL for anything else, and for an empty text. Borrowed from the value. */
static const char *text_of(struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_string:
    case json_type_int:
    case json_type_double:
        return *json_object_get_string(value) ? json_object_get_string(value) : NULL;
    default:
        return NULL;
    }
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool are_distinct(const char **texts, size_t n)
{
    qsort(texts, n, sizeof(*texts), compare_texts);
    for (size_t i = 1; i < n; i++)
        if (strcmp(texts[i - 1], texts[i]) == 0)
            return false;
    return true;
}

/* Returns how well the member fits the rule; 0: it is not a candidate. `texts` is scratch with room for a text of each
 * item. */
static int fitness(const struct doctor_clues *clues, const struct rule *rule, const char *const *known,
                   const char *name, const char **texts)
{
    size_t n = 0, right = 0, in_texts = 0;
    struct json_object *value = NULL;
    for (size_t i = 0; i < clues->n; i++) {
        const char *text = json_object_object_get_ex(clues->items[i], name, &value) ? text_of(value) : NULL;
        if (!text)
            continue;
        texts[n++] = text;
        right += rule->look(text, known);
        in_texts += rule->by_texts && clues->texts && json_object_object_get_ex(clues->texts, text, NULL);
    }
    if (n == 0 || (rule->most ? right * 2 < n : right < n))
        return 0;
    /* A member that tells the items apart is in each of them. */
    if (rule->distinct && (n < clues->n || !are_distinct(texts, n)))
        return 0;
    int weight = weight_of(rule, name) + (in_texts == n ? 10 : 0);
    return weight < 0 ? 0 : 1000 + weight;
}

static const char *choose(const struct doctor_clues *clues, const struct rule *rule, const char *const *known)
{
    const char **texts = report_owned(calloc(clues->n + 1, sizeof(*texts)));
    const char *best = NULL;
    int best_fitness = 0;
    /* A member that none of the first three items has is too rare to be the id or a field. */
    for (size_t i = 0; i < clues->n && i < 3; i++) {
        json_object_object_foreach(clues->items[i], name, value)
        {
            (void)value;
            int fit =
                json_object_object_get_ex(clues->taken, name, NULL) ? 0 : fitness(clues, rule, known, name, texts);
            if (fit > best_fitness) {
                best = name;
                best_fitness = fit;
            }
        }
    }
    free(texts);
    return best;
}

const char *doctor_guess_id(const struct doctor_clues *clues)
{
    return choose(clues, &id_rule, NULL);
}

const char *doctor_guess_field(const struct doctor_clues *clues, enum operation operation, unsigned field)
{
    const struct rule *rule = rule_for(operation, field);
    const char *name = rule ? choose(clues, rule, endpoint_of(operation)->fields[field].known) : NULL;
    /* The balance may be written without decimals, such as 100. */
    if (!name && rule == &amount_rule)
        name = choose(clues, &whole_amount_rule, NULL);
    return name;
}
