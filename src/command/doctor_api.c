/* SPDX-License-Identifier: MIT */
#include "command/doctor_api.h"

#include "base/cleanup.h"
#include "base/config.h"
#include "command/report.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

/* The most bytes of an answer that are kept, whatever max_body says. */
#define KEEP_MAX ((size_t)1 << 30)

static int keep_body(void *data, const char *bytes, size_t len)
{
    struct printbuf *body = data;
    if ((size_t)printbuf_length(body) + len > KEEP_MAX)
        return -EFBIG;
    return printbuf_memappend(body, bytes, (int)len) < 0 ? -ENOMEM : 0;
}

static void keep_strings(struct doctor_answer *answer)
{
    struct http_result *result = &answer->result;
    const char **strings[] = {&result->detail,    &result->content_type, &result->location,
                              &result->link_next, &result->ip,           &result->certificate_issuer};
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        answer->kept[i] = *strings[i] ? report_text("%s", *strings[i]) : NULL;
        *strings[i] = answer->kept[i];
    }
    result->etag = result->last_modified = NULL;
}

void doctor_ask(const struct doctor_api *api, const char *path, struct doctor_answer *answer)
{
    _cleanup_(freep) char *url = report_text("%s%s", api->config->base_url, path);
    char *copy = report_text("%s", path); /* `path` may be the path of the answer before */
    struct printbuf *body = report_owned(printbuf_new());
    struct http_request request = {
        .method = "GET", .url = url, .token = api->token, .want_certificate = true, .on_body = keep_body, .data = body};
    doctor_answer_clear(answer);
    answer->path = copy;
    (void)http_perform(api->config, &request, &answer->result);
    keep_strings(answer);
    answer->len = (size_t)printbuf_length(body);
    answer->body = report_owned(malloc(answer->len + 1));
    memcpy(answer->body, body->buf, answer->len);
    answer->body[answer->len] = '\0';
    printbuf_free(body);
    answer->said = said_of(&answer->result, answer->body, answer->len, &answer->words);
    if (!answer->words)
        answer->words = report_text("nothing");
}

void doctor_answer_clear(struct doctor_answer *answer)
{
    for (size_t i = 0; i < sizeof(answer->kept) / sizeof(answer->kept[0]); i++)
        free(answer->kept[i]);
    free(answer->path);
    free(answer->body);
    free(answer->words);
    *answer = (struct doctor_answer){.body = NULL};
}
