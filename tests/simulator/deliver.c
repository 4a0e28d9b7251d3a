/* SPDX-License-Identifier: MIT */
#include "deliver.h"

#include "stream.h"
#include "text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static const char garbage[] =
    "<!DOCTYPE html>\n<html><body>{\"id\": 10421, nothing here is JSON\xff\xfe</body></html>\n";

void deliver_reset(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

    /* Dissolving the association sends the reset now; a later close would be preceded by an orderly shutdown. */
    setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    connect(info->connect_fd, &nowhere, sizeof(nowhere));
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value ? value : "";
}

/* Replaces an answer's body. Takes the text's bytes and leaves it empty. */
static void replace_body(struct answer *answer, struct text *text)
{
    body_unref(answer->body);
    answer->body = body_new(text);
}

static void replace_with_message(struct answer *answer, long status)
{
    body_unref(answer->body);
    answer_message(answer, (unsigned)status, MHD_get_reason_phrase_for((unsigned)status));
}

/* Puts what the rule says in place of what the account says. */
static void apply(const struct api *api, struct answer *answer, const struct rule *rule)
{
    struct text text = {0};

    if (rule->url)
        replace_with_message(answer, rule->status ? rule->status : MHD_HTTP_FOUND);
    else if (rule->status)
        replace_with_message(answer, rule->status);
    if (rule->garbage || rule->body || rule->in_band || rule->huge >= 0)
        answer->status = rule->status ? (unsigned)rule->status : MHD_HTTP_OK;
    if (rule->garbage)
        text_add(&text, garbage, sizeof(garbage) - 1);
    else if (rule->in_band)
        rule_print_in_band(rule, &text);
    else if (rule->body)
        api_expand(api, rule->body, rule->body_len, &text);
    if (rule->garbage || rule->in_band || rule->body)
        replace_body(answer, &text);
}

static bool rule_has_header(const struct rule *rule, const char *name)
{
    if (!rule || !rule->headers)
        return false;
    json_object_object_foreach(rule->headers, key, value)
    {
        (void)value;
        if (!strcasecmp(key, name))
            return true;
    }
    return false;
}

static void add_rule_headers(struct MHD_Response *response, const struct api *api, const struct rule *rule)
{
    if (rule && rule->url)
        MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, rule->url);
    if (!rule || !rule->headers)
        return;
    json_object_object_foreach(rule->headers, key, value)
    {
        struct text text = {0};
        api_expand(api, json_object_get_string(value), (size_t)json_object_get_string_len(value), &text);
        MHD_add_response_header(response, key, text.data);
        text_free(&text);
    }
}

/* Adds the headers of an answer, which are lines; the lines are cut up. NULL: none. */
static void add_lines(struct MHD_Response *response, char *lines)
{
    for (char *line; (line = strsep(&lines, "\n"));) {
        char *value = strstr(line, ": ");
        if (!value)
            continue;
        *value = '\0';
        MHD_add_response_header(response, line, value + 2);
    }
}

/* libmicrohttpd adds a Date header that is right, unless there is one. */
static void add_date(struct MHD_Response *response, long skew)
{
    time_t now = time(NULL) + skew;
    struct tm tm;
    char date[64];

    if (skew && gmtime_r(&now, &tm) && strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm))
        MHD_add_response_header(response, MHD_HTTP_HEADER_DATE, date);
}

static void free_body(void *body)
{
    body_unref(body);
}

/* A response of bytes that are the body's own; takes the reference. */
static struct MHD_Response *respond(struct body *body, char *bytes, size_t len)
{
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(len, bytes, free_body, body);
    if (!response)
        body_unref(body);
    return response;
}

static struct MHD_Response *respond_streamed(struct delivery *d, bool gzip)
{
    const struct rule *rule = d->rule;
    bool is_junk = rule->huge >= 0;
    struct stream stream = {
        .sim = d->sim,
        .ticket = d->ticket,
        .connection = d->connection,
        .body = is_junk ? NULL : d->answer.body,
        .bytes = gzip ? d->answer.body->gzip : d->answer.body->data,
        .total = is_junk ? (uint64_t)rule->huge
                 : gzip  ? d->answer.body->gzip_len
                         : d->answer.body->len,
        .end = rule->truncate >= 0 ? (uint64_t)rule->truncate : UINT64_MAX,
        .slow = rule->slow,
        .reset = rule->reset,
        .compress = is_junk && gzip,
    };
    if (is_junk)
        body_unref(d->answer.body);
    return stream_response(&stream);
}

static bool is_streamed(const struct rule *rule)
{
    return rule && (rule->huge >= 0 || rule->truncate >= 0 || rule->slow > 0);
}

/* The account's own good answers have an ETag; a rule's have not, unless the rule gives them one. */
static bool has_etag(const struct delivery *d)
{
    const struct rule *rule = d->rule;
    if (rule && rule_replaces(rule))
        return false;
    return d->sim->options->etag && d->answer.status == MHD_HTTP_OK;
}

static struct MHD_Response *make_response(struct delivery *d, bool gzip)
{
    struct body *body = d->answer.body;

    if (gzip && (!d->rule || d->rule->huge < 0)) {
        pthread_mutex_lock(&d->sim->lock);
        body_compress(body);
        pthread_mutex_unlock(&d->sim->lock);
    }
    if (is_streamed(d->rule))
        return respond_streamed(d, gzip);
    return gzip ? respond(body, body->gzip, body->gzip_len) : respond(body, body->data, body->len);
}

static void note(struct delivery *d, uint64_t bytes)
{
    pthread_mutex_lock(&d->sim->lock);
    journal_note_status(&d->sim->journal, d->ticket, d->answer.status);
    journal_note_bytes(&d->sim->journal, d->ticket, bytes);
    pthread_mutex_unlock(&d->sim->lock);
}

static enum MHD_Result queue(struct delivery *d, struct MHD_Response *response)
{
    if (!response) {
        text_free(&d->answer.headers);
        return MHD_NO;
    }
    /* The headers of an answer that a rule replaces are not sent. */
    if (!d->rule || !rule_replaces(d->rule))
        add_lines(response, d->answer.headers.data);
    text_free(&d->answer.headers);
    add_date(response, d->sim->options->date_skew);
    add_rule_headers(response, &d->sim->api, d->rule);
    enum MHD_Result result = MHD_queue_response(d->connection, d->answer.status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result deliver_not_modified(struct delivery *d, const char *etag)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

    body_unref(d->answer.body);
    d->answer.status = MHD_HTTP_NOT_MODIFIED;
    if (response)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
    note(d, 0);
    return queue(d, response);
}

/* Compressed and plain are two representations, so their strong ETags differ. */
static void name_etag(const struct body *body, bool gzip, char etag[32])
{
    snprintf(etag, 32, gzip ? "%.17s-gz\"" : "%s", body->etag);
}

enum MHD_Result deliver(struct delivery *d)
{
    char etag[32] = "";

    if (d->rule)
        apply(&d->sim->api, &d->answer, d->rule);
    bool gzip = d->sim->options->gzip && strstr(header(d->connection, MHD_HTTP_HEADER_ACCEPT_ENCODING), "gzip");
    if (has_etag(d))
        name_etag(d->answer.body, gzip, etag);
    if (*etag && strstr(header(d->connection, MHD_HTTP_HEADER_IF_NONE_MATCH), etag))
        return deliver_not_modified(d, etag);

    char type[CONTENT_TYPE_MAX];
    snprintf(type, sizeof(type), "%s", d->answer.content_type);
    struct MHD_Response *response = make_response(d, gzip);
    if (!response)
        return MHD_NO;
    if (!rule_has_header(d->rule, MHD_HTTP_HEADER_CONTENT_TYPE))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (*etag && !rule_has_header(d->rule, MHD_HTTP_HEADER_ETAG))
        MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
    if (gzip)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    if (d->sim->options->gzip)
        MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    /* A stream counts its own bytes, when it is through. */
    note(d, is_streamed(d->rule) ? 0 : gzip ? d->answer.body->gzip_len : d->answer.body->len);
    return queue(d, response);
}

enum MHD_Result deliver_plain(struct MHD_Connection *connection, const struct answer *answer)
{
    struct MHD_Response *response = respond(answer->body, answer->body->data, answer->body->len);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
    enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}
