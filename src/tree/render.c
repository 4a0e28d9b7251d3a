/* SPDX-License-Identifier: MIT */
#include "tree/render.h"

#include "api/documents.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/log.h"
#include "base/loop.h"
#include "tree/forms.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdlib.h>

#define SLICE_MS     2 /* how long one slice may hold up the loop */
#define STEPS_A_LOOK 8 /* steps between two looks at the clock */

/* Where a job is among the calls of its form; see forms.h. */
enum pass { PASS_OPEN, PASS_SCAN, PASS_ITEMS, PASS_ROWS };

/* A text that is being printed. */
struct job {
    struct renderer *renderer;
    const struct form *form;
    struct print print;  /* its document is referenced */
    uint64_t generation; /* the document's generation that is being printed */
    enum pass pass;
    size_t position; /* in the pass: the next item or row */
    struct task task;
    struct render_wait *waits;
    struct job *next, **link;
};

struct renderer {
    struct loop *loop;
    const struct endpoints *endpoints;
    struct job *jobs;
    size_t max; /* longest text, in bytes */
};

/* The day on which a text is printed, for forms that depend on it; otherwise 0. */
static int64_t day_of(const struct form *form)
{
    return form->daily ? date_today() : 0;
}

/* Begins again, with the document's present content. */
static void job_reset(struct job *job)
{
    if (job->pass != PASS_OPEN && job->form->close)
        job->form->close(&job->print);
    printbuf_reset(job->print.out);
    job->print.today = day_of(job->form);
    job->print.tally = 0;
    job->print.state = NULL;
    job->pass = PASS_OPEN;
    job->generation = job->print.document->generation;
}

static void job_free(struct job *job)
{
    task_cancel(&job->task);
    if (job->link) {
        *job->link = job->next;
        if (job->next)
            job->next->link = job->link;
    }
    if (job->pass != PASS_OPEN && job->form->close)
        job->form->close(&job->print);
    document_unref(job->print.document);
    printbuf_free(job->print.out);
    printbuf_free(job->print.scratch);
    free(job);
}

static int next_pass(struct job *job, enum pass pass, int (*fn)(struct print *print))
{
    job->pass = pass;
    job->position = 0;
    return fn ? fn(&job->print) : 0;
}

/* Calls the next function of the form. Returns 1 when the text is complete, 0 when there is more to do, or -errno. */
static int step(struct job *job)
{
    const struct form *form = job->form;
    const struct document *document = job->print.document;
    int r;

    switch (job->pass) {
    case PASS_OPEN:
        return next_pass(job, PASS_SCAN, form->open);
    case PASS_SCAN:
        if (form->scan && job->position < document->n_items)
            return form->scan(&job->print, &document->items[job->position++]);
        return next_pass(job, PASS_ITEMS, form->begin);
    case PASS_ITEMS:
        if (form->item && job->position < document->n_items)
            return form->item(&job->print, &document->items[job->position++]);
        return next_pass(job, PASS_ROWS, NULL);
    case PASS_ROWS:
        r = form->row ? form->row(&job->print, job->position++) : 0;
        if (r != 0)
            return r < 0 ? r : 0;
        r = form->end ? form->end(&job->print) : 0;
        return r < 0 ? r : 1;
    }
    return -EINVAL;
}

/* Prints for SLICE_MS at most. Returns 1 when the text is complete, 0 when there is more to print, or -errno. */
static int work(struct job *job)
{
    int64_t end = clock_ms() + SLICE_MS;
    int r = 0;

    if (!job->print.document->loaded)
        return -EIO;
    if (job->generation != job->print.document->generation)
        job_reset(job);
    for (unsigned n = 1; r == 0; n++) {
        if (n % STEPS_A_LOOK == 0 && clock_ms() >= end)
            return 0;
        r = step(job);
        if (r >= 0 && (size_t)job->print.out->bpos > job->renderer->max)
            r = -EFBIG;
    }
    return r;
}

/* The time at which the text last changed: with its document, or because a day began. */
static struct timespec changed(const struct job *job)
{
    struct timespec time = job->print.document->changed;
    int64_t midnight = job->print.today * 86400;
    if (midnight > time.tv_sec)
        time = (struct timespec){.tv_sec = (time_t)midnight};
    return time;
}

/* Gives the finished text to the document and lends it in *ret. Returns 1 or -ENOMEM. */
static int publish(struct job *job, struct snapshot **ret)
{
    const struct print *print = &job->print;
    struct snapshot *text = snapshot_new(print->out->buf, (size_t)print->out->bpos, NULL);
    if (!text)
        return -ENOMEM;
    text->mtime = changed(job);
    *ret = document_rendered(print->document, job->form->slot, text);
    print->document->renditions[job->form->slot].day = print->today;
    print->document->renditions[job->form->slot].tally = print->tally;
    return 1;
}

/* Returns the directory in which the items of a document can be read one by one. */
static const char *single_files(enum operation operation)
{
    static const char *const places[OPERATIONS] = {
        [OP_GROUPS] = "products/groups/",  [OP_PRODUCTS] = "products/groups/",  [OP_SERVICES] = "services/",
        [OP_PRICING] = "domains/pricing/", [OP_INVOICES] = "billing/invoices/",
    };
    return places[operation] ? places[operation] : "the other directories";
}

/* Turns an error of work() into the caller's. A text that is too long is logged once, and the document remembers not to
 * try again. */
static int refuse(struct job *job, int r)
{
    struct document *document = job->print.document;
    if (r != -EFBIG)
        return r;
    document->renditions[job->form->slot].too_long = job->generation;
    log_error("%s: the text of %zu entries is longer than %zu bytes; read the single files in %s instead",
              document->key, document->n_items, job->renderer->max, single_files(document->query.operation));
    return -EIO;
}

static void on_task(void *data)
{
    struct job *job = data;
    struct snapshot *text;
    int r = work(job);
    if (r == 0) {
        task_defer(job->renderer->loop, &job->task);
        return;
    }
    r = r == 1 ? publish(job, &text) : refuse(job, r);
    struct render_wait *waits = steal(&job->waits);
    if (waits)
        waits->link = &waits;
    /* The document may have expired while it was being printed. Those who wait get this text all the same. */
    struct document *document = document_ref(job->print.document);
    job_free(job);
    document_answering(document, true);
    while (waits) {
        struct render_wait *wait = waits;
        render_wait_cancel(wait);
        wait->fn(wait->data, r < 0 ? r : 0);
    }
    document_answering(document, false);
    document_unref(document);
}

static struct job *job_new(struct renderer *renderer, struct document *document, const struct form *form)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->renderer = renderer;
    job->form = form;
    job->task = (struct task){.fn = on_task, .data = job};
    job->print.document = document_ref(document);
    job->print.reading = endpoints_reading(renderer->endpoints, document->query.operation);
    job->print.out = printbuf_new();
    job->print.scratch = printbuf_new();
    if (!job->print.out || !job->print.scratch) {
        job_free(job);
        return NULL;
    }
    job_reset(job);
    return job;
}

static struct job *job_of(struct renderer *renderer, const struct document *document, const struct form *form)
{
    struct job *job = renderer->jobs;
    while (job && (job->print.document != document || job->form != form))
        job = job->next;
    return job;
}

struct renderer *renderer_new(struct loop *loop, const struct endpoints *endpoints)
{
    struct renderer *renderer = calloc(1, sizeof *renderer);
    if (!renderer)
        return NULL;
    renderer->loop = loop;
    renderer->endpoints = endpoints;
    renderer->max = TEXT_MAX;
    return renderer;
}

void renderer_set_max(struct renderer *renderer, size_t max)
{
    renderer->max = max;
}

void renderer_free(struct renderer *renderer)
{
    while (renderer && renderer->jobs)
        job_free(renderer->jobs);
    free(renderer);
}

/* Begins to print. Returns 1 with the text in *ret if one slice was enough, 0 if a job goes on, or -errno. */
static int start(struct renderer *renderer, struct document *document, const struct form *form, struct snapshot **ret)
{
    struct job *job = job_new(renderer, document, form);
    if (!job)
        return -ENOMEM;
    int r = work(job);
    if (r != 0) {
        r = r == 1 ? publish(job, ret) : refuse(job, r);
        job_free(job);
        return r;
    }
    job->next = renderer->jobs;
    job->link = &renderer->jobs;
    if (job->next)
        job->next->link = &job->next;
    renderer->jobs = job;
    task_defer(renderer->loop, &job->task);
    return 0;
}

/* Texts that are there already: of one item, or of the whole answer. */
static int get_made(const struct document *document, enum route_render how, struct snapshot **ret)
{
    struct snapshot *item = document->n_items > 0 ? document->items[0].snapshot : NULL;
    struct snapshot *text = how == RENDER_WHOLE ? document->whole : how == RENDER_ITEM ? item : NULL;
    if (!text)
        return -EIO;
    *ret = text;
    return 1;
}

int renderer_get(struct renderer *renderer, struct document *document, enum route_render how, struct snapshot **ret)
{
    const struct form *form = form_of(how);
    if (!form)
        return get_made(document, how, ret);
    const struct rendition *rendition = &document->renditions[form->slot];
    if (rendition->text && rendition->generation == document->generation && rendition->day == day_of(form)) {
        *ret = rendition->text;
        return 1;
    }
    if (rendition->too_long == document->generation)
        return -EIO;
    return job_of(renderer, document, form) ? 0 : start(renderer, document, form, ret);
}

const struct rendition *render_last(const struct document *document, enum route_render how)
{
    return &document->renditions[form_of(how)->slot];
}

int64_t render_until(enum route_render how)
{
    const struct form *form = form_of(how);
    return form && form->daily ? date_midnight() : CLOCK_NEVER;
}

int renderer_wait(struct renderer *renderer, struct document *document, enum route_render how, struct render_wait *wait)
{
    const struct form *form = form_of(how);
    struct job *job = form ? job_of(renderer, document, form) : NULL;
    if (!job)
        return 1;
    wait->next = job->waits;
    wait->link = &job->waits;
    if (wait->next)
        wait->next->link = &wait->next;
    job->waits = wait;
    return 0;
}

void render_wait_cancel(struct render_wait *wait)
{
    if (!wait->link)
        return;
    *wait->link = wait->next;
    if (wait->next)
        wait->next->link = wait->link;
    wait->link = NULL;
    wait->next = NULL;
}
