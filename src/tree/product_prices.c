/* SPDX-License-Identifier: MIT */
#include "tree/product_prices.h"

#include <ctype.h>
#include <errno.h>
#include <json-c/printbuf.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct walk {
    int (*fn)(void *data, const struct product_price *price);
    void *data;
    struct printbuf *currency, *cycle, *text;
};

static bool is_one_of(struct json_slice key, const char *const *names)
{
    for (; *names; names++)
        if (strlen(*names) == key.len - 2 && strncasecmp(*names, key.at + 1, key.len - 2) == 0)
            return true;
    return false;
}

static bool is_currency(struct json_slice key)
{
    return is_one_of(key, (const char *const[]){"currency", "currencyCode", "currency_code", "code", NULL});
}

static bool is_details(struct json_slice key)
{
    return is_one_of(key, (const char *const[]){"details", "prices", "pricing", "price", NULL});
}

/* Scalars beside prices that are no prices: what WHMCS puts around an amount. */
static bool is_decoration(struct json_slice key)
{
    return is_one_of(key, (const char *const[]){"prefix", "suffix", "id", NULL});
}

/* Whether a value says that something is offered at this price. */
static bool is_offered(struct walk *walk, struct json_slice value)
{
    if (!json_is_scalar(value) || value.at[0] == 'n' || value.at[0] == 't' || value.at[0] == 'f')
        return false;
    printbuf_reset(walk->text);
    return json_scalar_text(value, walk->text) == 0 && *walk->text->buf && *walk->text->buf != '-';
}

/* The letter before "setup" in the name of a setup fee; 0 if there is none; -1 if the name is of something else. */
static int setup_letter(struct json_slice key)
{
    for (size_t i = 1; i + 5 < key.len; i++)
        if (strncasecmp(key.at + i, "setup", 5) == 0)
            return i == 1 ? 0 : tolower((unsigned char)key.at[1]);
    return -1;
}

/* The setup fees of a currency: by the letter that they begin with, and the one for every other cycle. */
struct setups {
    struct json_slice by_letter['z' - 'a' + 1], other;
};

static void find_setups(struct walk *walk, struct json_slice details, struct setups *ret)
{
    struct json_slice key, value;
    *ret = (struct setups){.other = {NULL, 0}};
    while (json_next_member(&details, &key, &value) > 0) {
        int letter = setup_letter(key);
        if (letter < 0 || !is_offered(walk, value))
            continue;
        if (letter >= 'a' && letter <= 'z')
            ret->by_letter[letter - 'a'] = value;
        else
            ret->other = value;
    }
}

static struct json_slice setup_of(const struct setups *setups, const char *cycle)
{
    int letter = tolower((unsigned char)*cycle);
    bool own = letter >= 'a' && letter <= 'z' && setups->by_letter[letter - 'a'].at;
    return own ? setups->by_letter[letter - 'a'] : setups->other;
}

static int each_cycle(struct walk *walk, struct json_slice details)
{
    struct json_slice key, value;
    struct setups setups;
    int r = 0;
    find_setups(walk, details, &setups);
    while (r >= 0 && json_next_member(&details, &key, &value) > 0) {
        if (is_currency(key) || is_decoration(key) || setup_letter(key) >= 0 || !is_offered(walk, value))
            continue;
        printbuf_reset(walk->cycle);
        if (json_scalar_text(key, walk->cycle) < 0)
            return -ENOMEM;
        const char *cycle = walk->cycle->buf;
        r = walk->fn(walk->data, &(struct product_price){walk->currency->buf, cycle, value, setup_of(&setups, cycle)});
    }
    return r < 0 ? r : 0;
}

/* The prices of one currency: walk->currency, if the object does not name another one. */
static int each_of_currency(struct walk *walk, struct json_slice object)
{
    struct json_slice details = object, rest = object, key, value;
    while (json_next_member(&rest, &key, &value) > 0) {
        if (is_currency(key) && json_is_scalar(value)) {
            printbuf_reset(walk->currency);
            if (json_scalar_text(value, walk->currency) < 0)
                return -ENOMEM;
        } else if (is_details(key) && value.at[0] == '{') {
            details = value;
        }
    }
    return each_cycle(walk, details);
}

/* Whether an object is the prices of one currency: it names the currency, or has scalars that may be prices. An object of
 * objects has the currencies as its keys; null and false stand for a currency without prices. */
static bool is_of_one_currency(struct json_slice object)
{
    struct json_slice key, value;
    bool scalars = false;
    while (json_next_member(&object, &key, &value) > 0)
        scalars = scalars || is_currency(key) || (json_is_scalar(value) && value.at[0] != 'n' && value.at[0] != 'f');
    return scalars;
}

static int each_in(struct walk *walk, struct json_slice prices);

/* Makes `key` the currency of the prices that follow. It is a member's name; if its `at` is NULL, none is known yet. */
static int set_currency(struct walk *walk, struct json_slice key)
{
    printbuf_reset(walk->currency);
    return key.at && json_scalar_text(key, walk->currency) < 0 ? -ENOMEM : 0;
}

static int each_in_array(struct walk *walk, struct json_slice key, struct json_slice array)
{
    struct json_slice element;
    int r = 0;
    while (r >= 0 && json_next_element(&array, &element) > 0) {
        r = set_currency(walk, key);
        if (r == 0 && element.at[0] == '{')
            r = each_in(walk, element);
    }
    return r;
}

static int each_in(struct walk *walk, struct json_slice prices)
{
    struct json_slice key, value;
    int r = 0;
    if (is_of_one_currency(prices))
        return each_of_currency(walk, prices);
    while (r >= 0 && json_next_member(&prices, &key, &value) > 0) {
        struct json_slice currency = is_details(key) ? (struct json_slice){NULL, 0} : key;
        r = set_currency(walk, currency);
        if (r == 0 && value.at[0] == '[')
            r = each_in_array(walk, currency, value);
        else if (r == 0 && value.at[0] == '{')
            r = each_of_currency(walk, value);
    }
    return r;
}

int product_prices_each(struct json_slice prices, int (*fn)(void *data, const struct product_price *price), void *data)
{
    struct walk walk = {fn, data, printbuf_new(), printbuf_new(), printbuf_new()};
    int r = walk.currency && walk.cycle && walk.text ? 0 : -ENOMEM;
    if (r == 0 && prices.len > 0 && prices.at[0] == '[')
        r = each_in_array(&walk, (struct json_slice){NULL, 0}, prices);
    else if (r == 0 && prices.len > 0 && prices.at[0] == '{')
        r = each_in(&walk, prices);
    printbuf_free(walk.currency);
    printbuf_free(walk.cycle);
    printbuf_free(walk.text);
    return r;
}
