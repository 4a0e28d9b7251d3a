/* SPDX-License-Identifier: MIT */
#include "control.h"

#include "query.h"
#include "text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void answer_plain(struct answer *ret, struct text *text)
{
    answer_json(ret, 200, text);
    snprintf(ret->content_type, sizeof(ret->content_type), "text/plain");
}

static void answer_done(struct answer *ret)
{
    struct text text = {0};
    text_puts(&text, "{\"ok\":true}");
    answer_json(ret, 200, &text);
}

static void get_journal(struct sim *sim, const struct control_call *call, struct answer *ret)
{
    struct query query;
    struct text text = {0};

    query_parse(&query, call->query);
    journal_print(&sim->journal, query_get(&query, "operation"), &text);
    query_free(&query);
    answer_json(ret, 200, &text);
}

static void get_count(struct sim *sim, const struct control_call *call, struct answer *ret)
{
    struct query query;
    struct text text = {0};

    query_parse(&query, call->query);
    text_number(&text, (long)journal_count(&sim->journal, query_get(&query, "operation")));
    query_free(&query);
    answer_plain(ret, &text);
}

static void delete_journal(struct sim *sim, const struct control_call *call, struct answer *ret)
{
    (void)call;
    journal_clear(&sim->journal);
    answer_done(ret);
}

/* The posted object, or NULL with the answer made. */
static struct json_object *posted(const struct control_call *call, struct answer *ret)
{
    struct json_object *json = call->body->len ? json_tokener_parse(call->body->data) : NULL;
    if (json_object_is_type(json, json_type_object))
        return json;
    json_object_put(json);
    answer_message(ret, 400, "Post a JSON object here.");
    return NULL;
}

static void post_rule(struct sim *sim, const struct control_call *call, struct answer *ret)
{
    struct json_object *spec = posted(call, ret);
    struct text text = {0};

    if (!spec)
        return;
    size_t number = rules_add(&sim->rules, spec, &text);
    if (number) {
        text_number(&text, (long)number);
        answer_plain(ret, &text);
    } else {
        answer_message(ret, 400, text.data);
        text_free(&text);
    }
    json_object_put(spec);
}

static void delete_rules(struct sim *sim, const struct control_call *call, struct answer *ret)
{
    (void)call;
    rules_clear(&sim->rules);
    pthread_cond_broadcast(&sim->wake);
    answer_done(ret);
}

static void post_set(struct sim *sim, const struct control_call *call, struct answer *ret)
{
    struct json_object *changes = posted(call, ret), *latency;
    struct text error = {0};

    if (!changes)
        return;
    if (json_object_object_get_ex(changes, "latency_ms", &latency)) {
        sim->latency_ms = (long)json_object_get_int64(latency);
        json_object_object_del(changes, "latency_ms");
    }
    if (api_set(&sim->api, changes, &error))
        answer_done(ret);
    else
        answer_message(ret, 400, error.data);
    text_free(&error);
    json_object_put(changes);
}

void control_follow(const struct sim *sim)
{
    static const uint64_t one = 1;
    if (write(sim->event_fd, &one, sizeof(one)) != sizeof(one))
        abort();
}

static void move(struct sim *sim, const struct control_call *call, bool down, struct answer *ret)
{
    sim->want_down = down;
    sim->failed = false;
    if (!call->in_band)
        control_follow(sim);
    while (!call->in_band && sim->down != down && !sim->failed && !sim->quitting)
        pthread_cond_wait(&sim->wake, &sim->lock);
    if (sim->failed)
        answer_message(ret, 500, "The API cannot listen again: its port is in use.");
    else
        answer_done(ret);
}

static void go_down(struct sim *sim, const struct control_call *call, struct answer *ret)
{
    move(sim, call, true, ret);
}

static void come_up(struct sim *sim, const struct control_call *call, struct answer *ret)
{
    move(sim, call, false, ret);
}

void control_answer(struct sim *sim, const struct control_call *call, struct answer *ret)
{
    static const struct {
        const char *method, *path;
        void (*answer)(struct sim *sim, const struct control_call *call, struct answer *ret);
    } table[] = {
        {"GET", "/_sim/journal", get_journal}, {"DELETE", "/_sim/journal", delete_journal},
        {"GET", "/_sim/count", get_count},     {"POST", "/_sim/rules", post_rule},
        {"POST", "/_sim/set", post_set},       {"DELETE", "/_sim/rules", delete_rules},
        {"GET", "/_sim/down", go_down},        {"POST", "/_sim/down", go_down},
        {"POST", "/_sim/up", come_up},
    };

    *ret = (struct answer){0};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i].method, call->method) != 0 || strcmp(table[i].path, call->path) != 0)
            continue;
        pthread_mutex_lock(&sim->lock);
        table[i].answer(sim, call, ret);
        pthread_mutex_unlock(&sim->lock);
        return;
    }
    answer_message(ret, 404, "There is no such control; see the top of tests/simulator/main.c.");
}
