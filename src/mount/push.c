/* SPDX-License-Identifier: MIT */
#define FUSE_USE_VERSION 314

#include "mount/push.h"

#include "api/snapshot.h"
#include "base/loop.h"
#include "base/metrics.h"

#include <errno.h>
#include <fuse3/fuse_lowlevel.h>
#include <linux/fuse.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

enum job_kind { DROP_ENTRY, EXPIRE_ENTRY, DROP_INODE, DROP_ATTRIBUTES, SIZE, BYTES };

struct job {
    struct job *next;
    enum job_kind kind;
    uint64_t nodeid;
    struct snapshot *snapshot;
    uint64_t size; /* of a job of kind SIZE: the new size; `name` is the last byte */
    void (*done)(void *data);
    void *data;
    char name[];
};

struct queue {
    struct job *first, **last;
};

/* A thread and its two queues: jobs in `urgent` run before those in `waiting`. The pusher's mutex guards all fields but
 * `thread` and `running`, which only the loop's thread uses. */
struct lane {
    struct push *push;
    pthread_t thread;
    bool running;
    pthread_cond_t wake;
    struct queue urgent, waiting;
    bool ended;
};

enum { NAMES, PAGES, LANES };

struct push {
    struct loop *loop;
    struct metrics *metrics;
    struct fuse_session *session;
    int done_fd; /* an eventfd, readable when `answered` holds jobs */

    pthread_mutex_t mutex; /* guards the fields below */
    struct lane lanes[LANES];
    struct queue answered; /* jobs that have run and whose done() the loop must call */
    unsigned n;            /* jobs that wait in the lanes */
    bool stop;
};

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void append(struct queue *queue, struct job *job)
{
    job->next = NULL;
    *queue->last = job;
    queue->last = &job->next;
}

static struct job *take(struct queue *queue)
{
    struct job *job = queue->first;
    if (job) {
        queue->first = job->next;
        if (!queue->first)
            queue->last = &queue->first;
    }
    return job;
}

static void job_free(struct job *job)
{
    snapshot_unref(job->snapshot);
    free(job);
}

static void on_done(void *data, short revents)
{
    (void)revents;
    struct push *push = data;
    uint64_t n;
    if (read(push->done_fd, &n, sizeof n) < 0)
        return;
    for (;;) {
        pthread_mutex_lock(&push->mutex);
        struct job *job = take(&push->answered);
        pthread_mutex_unlock(&push->mutex);
        if (!job)
            return;
        job->done(job->data);
        job_free(job);
    }
}

struct push *push_new(struct loop *loop, struct metrics *metrics)
{
    struct push *push = calloc(1, sizeof *push);
    if (!push)
        return NULL;
    push->loop = loop;
    push->metrics = metrics;
    pthread_mutex_init(&push->mutex, NULL);
    queue_init(&push->answered);
    for (unsigned i = 0; i < LANES; i++) {
        struct lane *lane = &push->lanes[i];
        lane->push = push;
        queue_init(&lane->urgent);
        queue_init(&lane->waiting);
        pthread_cond_init(&lane->wake, NULL);
    }
    push->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (push->done_fd < 0 || loop_watch(loop, push->done_fd, POLLIN, on_done, push) < 0) {
        push_free(push);
        return NULL;
    }
    return push;
}

void push_stop(struct push *push)
{
    pthread_mutex_lock(&push->mutex);
    push->stop = true;
    for (unsigned i = 0; i < LANES; i++)
        pthread_cond_signal(&push->lanes[i].wake);
    pthread_mutex_unlock(&push->mutex);
}

bool push_ended(struct push *push)
{
    pthread_mutex_lock(&push->mutex);
    bool ended = true;
    for (unsigned i = 0; i < LANES; i++)
        ended = ended && (push->lanes[i].ended || !push->lanes[i].running);
    pthread_mutex_unlock(&push->mutex);
    return ended;
}

static void drop_jobs(struct queue *queue)
{
    for (struct job *job; (job = take(queue));) {
        if (job->done)
            job->done(job->data);
        job_free(job);
    }
}

void push_free(struct push *push)
{
    if (!push)
        return;
    push_stop(push);
    for (unsigned i = 0; i < LANES; i++)
        if (push->lanes[i].running)
            pthread_join(push->lanes[i].thread, NULL);
    for (unsigned i = 0; i < LANES; i++) {
        drop_jobs(&push->lanes[i].urgent);
        drop_jobs(&push->lanes[i].waiting);
        pthread_cond_destroy(&push->lanes[i].wake);
    }
    drop_jobs(&push->answered);
    if (push->done_fd >= 0) {
        loop_unwatch(push->loop, push->done_fd);
        close(push->done_fd);
    }
    pthread_mutex_destroy(&push->mutex);
    free(push);
}

/*
 * FUSE_NOTIFY_INVAL_ENTRY with the flag FUSE_EXPIRE_ONLY, which Linux knows since 6.2. An older kernel ignores the flag
 * and drops the entry. The message is written here, because the arguments of libfuse's function for it have changed
 * since 3.14.
 */
#define EXPIRE_ONLY 1u /* FUSE_EXPIRE_ONLY */

static void expire_entry(struct push *push, uint64_t dir, char *name)
{
    struct fuse_notify_inval_entry_out entry = {.parent = dir, .namelen = (uint32_t)strlen(name)};
    struct fuse_out_header head = {.error = FUSE_NOTIFY_INVAL_ENTRY};
    uint32_t flags = EXPIRE_ONLY;
    struct iovec parts[] = {{&head, sizeof head}, {&entry, sizeof entry}, {name, strlen(name) + 1}};

    memcpy((char *)&entry + 12, &flags, sizeof flags); /* this field is named padding in headers before Linux 6.2 */
    head.len = (uint32_t)(sizeof head + sizeof entry + strlen(name) + 1);
    (void)!writev(fuse_session_fd(push->session), parts, 3);
}

static void run(struct push *push, struct job *job)
{
    switch (job->kind) {
    case EXPIRE_ENTRY:
        expire_entry(push, job->nodeid, job->name);
        break;
    case DROP_ENTRY:
        fuse_lowlevel_notify_inval_entry(push->session, job->nodeid, job->name, strlen(job->name));
        break;
    case DROP_INODE:
        fuse_lowlevel_notify_inval_inode(push->session, job->nodeid, 0, 0);
        break;
    case DROP_ATTRIBUTES:
        fuse_lowlevel_notify_inval_inode(push->session, job->nodeid, -1, 0);
        break;
    case SIZE: {
        struct fuse_bufvec last = FUSE_BUFVEC_INIT(1);
        last.buf[0].mem = job->name;
        fuse_lowlevel_notify_store(push->session, job->nodeid, (off_t)job->size - 1, &last, 0);
        break;
    }
    case BYTES: {
        struct fuse_bufvec bytes = FUSE_BUFVEC_INIT(job->snapshot->len);
        bytes.buf[0].mem = job->snapshot->data;
        if (fuse_lowlevel_notify_store(push->session, job->nodeid, 0, &bytes, 0) == 0)
            metrics_pushed(push->metrics, job->snapshot->len);
        break;
    }
    }
}

/* To be called with the mutex held. NULL when the lane has no job. */
static struct job *next_job(struct lane *lane)
{
    struct job *job = take(&lane->urgent);
    return job ? job : take(&lane->waiting);
}

/* Runs a job. The mutex is held on entry and on return, and released while the job runs. A job with a done() then goes
 * back to the loop; any other is freed. */
static void run_job(struct push *push, struct job *job)
{
    uint64_t one = 1;

    push->n--;
    pthread_mutex_unlock(&push->mutex);
    run(push, job);
    pthread_mutex_lock(&push->mutex);
    if (!job->done) {
        job_free(job);
        return;
    }
    append(&push->answered, job);
    (void)!write(push->done_fd, &one, sizeof one);
}

static void *work(void *data)
{
    struct lane *lane = data;
    struct push *push = lane->push;

    pthread_mutex_lock(&push->mutex);
    while (!push->stop) {
        struct job *job = next_job(lane);
        if (job)
            run_job(push, job);
        else
            pthread_cond_wait(&lane->wake, &push->mutex);
    }
    lane->ended = true;
    pthread_mutex_unlock(&push->mutex);
    return NULL;
}

int push_start(struct push *push, struct fuse_session *session)
{
    sigset_t all, old;
    int r = 0;

    push->session = session;
    sigfillset(&all); /* the threads block all signals, so that the loop's thread gets them */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (unsigned i = 0; r == 0 && i < LANES; i++) {
        r = -pthread_create(&push->lanes[i].thread, NULL, work, &push->lanes[i]);
        push->lanes[i].running = r == 0;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return r;
}

static struct job *job_new(enum job_kind kind, uint64_t nodeid, const char *name)
{
    size_t len = name ? strlen(name) + 1 : 0;
    struct job *job = calloc(1, sizeof *job + len);
    if (!job)
        return NULL;
    job->kind = kind;
    job->nodeid = nodeid;
    if (name)
        memcpy(job->name, name, len);
    return job;
}

static void queue_job(struct push *push, struct job *job)
{
    bool of_names = job->kind == DROP_ENTRY || job->kind == EXPIRE_ENTRY;
    struct lane *lane = &push->lanes[of_names ? NAMES : PAGES];

    pthread_mutex_lock(&push->mutex);
    append(of_names || job->kind == BYTES ? &lane->waiting : &lane->urgent, job);
    push->n++;
    pthread_cond_signal(&lane->wake);
    pthread_mutex_unlock(&push->mutex);
}

/* Queues a job with a done() (or NULL). If `job` is NULL, for want of memory, calls done() at once, without a
 * notification. */
static void queue_awaited(struct push *push, struct job *job, void (*done)(void *data), void *data)
{
    if (!job) {
        if (done)
            done(data);
        return;
    }
    job->done = done;
    job->data = data;
    queue_job(push, job);
}

void push_drop_entry(struct push *push, uint64_t dir, const char *name)
{
    struct job *job = job_new(DROP_ENTRY, dir, name);
    if (job)
        queue_job(push, job);
}

void push_expire_entry(struct push *push, uint64_t dir, const char *name, void (*done)(void *data), void *data)
{
    queue_awaited(push, job_new(EXPIRE_ENTRY, dir, name), done, data);
}

void push_drop_inode(struct push *push, uint64_t nodeid, void (*done)(void *data), void *data)
{
    queue_awaited(push, job_new(DROP_INODE, nodeid, NULL), done, data);
}

void push_size(struct push *push, uint64_t nodeid, uint64_t size, char last, void (*done)(void *data), void *data)
{
    struct job *job = job_new(SIZE, nodeid, (const char[]){last, '\0'});
    if (job)
        job->size = size;
    queue_awaited(push, job, done, data);
}

void push_drop_attributes(struct push *push, uint64_t nodeid)
{
    struct job *job = job_new(DROP_ATTRIBUTES, nodeid, NULL);
    if (job)
        queue_job(push, job);
}

void push_bytes(struct push *push, uint64_t nodeid, struct snapshot *snapshot)
{
    struct job *job = job_new(BYTES, nodeid, NULL);
    if (!job)
        return;
    job->snapshot = snapshot_ref(snapshot);
    queue_job(push, job);
}

unsigned push_queued(struct push *push)
{
    pthread_mutex_lock(&push->mutex);
    unsigned n = push->n;
    pthread_mutex_unlock(&push->mutex);
    return n;
}
