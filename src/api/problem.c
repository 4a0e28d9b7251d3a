/* SPDX-License-Identifier: MIT */
#include "api/problem.h"

#include "api/document.h"
#include "api/endpoints.h"
#include "api/envelope.h"
#include "api/envelope_names.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/utf8.h"
#include "http/said.h"
#include "http/verdict.h"
#include "json/json.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEE_DOCTOR "`melbicomfs --doctor` shows what the API answers"

static struct problem *problem_new(int error, int status, const char *text, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static struct problem *problem_new(int error, int status, const char *text, const char *format, ...)
{
    struct problem *problem = calloc(1, sizeof *problem);
    va_list args;

    if (!problem)
        return NULL;
    problem->error = error;
    problem->status = status;
    problem->text = text ? strdup(text) : NULL;
    va_start(args, format);
    if (vasprintf(&problem->advice, format, args) < 0)
        problem->advice = NULL;
    va_end(args);
    if (!problem->text || !problem->advice) {
        problem_free(problem);
        return NULL;
    }
    return problem;
}

void problem_free(struct problem *problem)
{
    if (!problem)
        return;
    free(problem->text);
    free(problem->advice);
    free(problem);
}

static void append_expected(const struct document *document, struct printbuf *out)
{
    const struct endpoint *endpoint = endpoint_of(document->query.operation);

    switch (endpoint->shape) {
    case SHAPE_LIST:
        sprintbuf(out, "expected a list of %s", endpoint->name);
        break;
    case SHAPE_OBJECT:
        if (document->query.operation == OP_SERVICE)
            sprintbuf(out, "expected the service %" PRIu64, document->query.id);
        else
            sprintbuf(out, "expected the %s", endpoint->name);
        break;
    case SHAPE_PRICES:
        sprintbuf(out, "expected prices");
        break;
    }
}

/* Makes a problem of a text that is in `out`, which it frees. */
static struct problem *problem_of(struct printbuf *out, const char *advice)
{
    size_t len = (size_t)printbuf_length(out);
    _cleanup_(freep) char *hidden = log_hidden(out->buf, len, &len);
    struct problem *problem = problem_new(-EIO, 0, hidden, "%s", advice);

    printbuf_free(out);
    return problem;
}

static struct printbuf *expected(const struct document *document)
{
    struct printbuf *out = printbuf_new();

    if (out) {
        append_expected(document, out);
        printbuf_strappend(out, "; got ");
    }
    return out;
}

struct problem *problem_no_json(const struct document *document, const char *head, size_t len)
{
    _cleanup_(freep) char *excerpt = said_excerpt(head, len);
    size_t mark = utf8_mark(head, len);
    bool empty = json_trimmed((struct json_slice){head + mark, len - mark}).len == 0;
    char first = excerpt ? excerpt[1] : '\0';
    struct printbuf *out = expected(document);
    if (!out)
        return NULL;

    if (!excerpt)
        sprintbuf(out, "%s", empty ? "an empty answer" : "text that is not JSON: \"\"");
    else if (first == '<')
        sprintbuf(out, "a web page: %s", excerpt);
    else
        sprintbuf(out, "%s: %s",
                  strchr("{[\"", first) ? "JSON that is cut short or not valid" : "text that is not JSON", excerpt);
    return problem_of(out, first == '<' ? "check that the URL is the API's; " SEE_DOCTOR
                                        : "the fault is on the API's side; " SEE_DOCTOR);
}

struct problem *problem_reported(struct json_slice answer, int status)
{
    _cleanup_(freep) char *message = json_api_message(answer.at, answer.len, log_hidden);
    _cleanup_(freep) char *text = NULL;
    char code[32] = "";

    if (status)
        snprintf(code, sizeof code, " (status %d in the answer)", status);
    if (asprintf(&text, "the answer reports a failure%s: %s", code, message ? message : "it gives no reason") < 0) {
        text = NULL;
        return NULL;
    }
    struct client_verdict verdict = client_judge_status(status ? status : 500);
    return problem_new(verdict.error ? verdict.error : -EIO, status, text, "%s",
                       status ? verdict.advice : "act on the API's message, if there is one; " SEE_DOCTOR);
}

struct problem *problem_not_found(const struct document *document, const struct endpoint_reading *reading,
                                  const struct envelope *envelope)
{
    const struct endpoint *endpoint = endpoint_of(document->query.operation);
    struct printbuf *out = expected(document);
    _cleanup_(freep) char *advice = NULL;
    if (!out)
        return NULL;

    envelope_describe(envelope, out);
    if (reading->list)
        sprintbuf(out, ", and nothing at %s", reading->list);
    if (asprintf(&advice, "set %s.list in [endpoints] to its place in the answer, such as data.%s; " SEE_DOCTOR,
                 endpoint->name, endpoint->name) < 0)
        advice = NULL;
    struct problem *problem = problem_of(out, advice ? advice : SEE_DOCTOR);
    return problem;
}

struct problem *problem_other_id(const struct document *document, uint64_t id)
{
    struct printbuf *out = expected(document);
    if (!out)
        return NULL;
    sprintbuf(out, "the service %" PRIu64, id);
    return problem_of(out, "check service.path and service.id in [endpoints]; " SEE_DOCTOR);
}

struct problem *problem_no_prices(const struct document *document, struct json_slice answer)
{
    struct printbuf *out = expected(document), *scratch = printbuf_new();
    if (out && scratch)
        append_kind(out, answer, scratch);
    if (scratch)
        printbuf_free(scratch);
    return out ? problem_of(out,
                            "check pricing.path in [endpoints], or set pricing.list there to the place of the prices "
                            "in the answer; " SEE_DOCTOR)
               : NULL;
}

struct problem *problem_too_large(const struct document *document, size_t max)
{
    struct printbuf *out = expected(document);
    if (!out)
        return NULL;
    sprintbuf(out, "an answer of more than %zu bytes", max);
    return problem_of(out, "check that the path in [endpoints] is the right one; " SEE_DOCTOR);
}
