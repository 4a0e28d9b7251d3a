/* SPDX-License-Identifier: MIT */
#include "mount/session.h"
#include "mount/mountpoint.h"

#include "mount/context.h"
#include "mount/directories.h"
#include "mount/growth.h"
#include "mount/guard.h"
#include "mount/links.h"
#include "mount/pending.h"
#include "mount/requests.h"
#include "mount/trace.h"
#include "mount/wake.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "tree/purge.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/* The most requests that are received in one turn of the loop, so that answers of the API are read even if the kernel
 * sends requests all the time. */
#define REQUESTS_A_TURN 512

/* While unmounting: the time between two looks at whether the pusher has ended. */
#define END_LOOK_MS 10

/* After the cache has dropped a document, nodes may keep its bytes for this long. All nodes are looked at once in this
 * time at most. */
#define RELEASE_MS 250

/* ---- when the cache is full ---- */

/* If only the node holds a file's snapshot, the cache has dropped the document. Then the file's entry is dropped too,
 * so that the kernel forgets the node and the bytes are freed. */
static void release_node(void *data, struct node *node)
{
    struct session *session = data;
    if (!node->current || !node->nlookup || !node_snapshot(node) || atomic_load(&node->snapshot->refs) > 1)
        return;
    push_drop_entry(session->push, node->parent->nodeid, node->name);
    nodes_lose_current(session->nodes, node); /* the node stays if the file is open: see resume_lookup() */
}

static void on_release(void *data)
{
    struct session *session = data;
    nodes_each(session->nodes, release_node, session);
}

static void on_evict(void *data, struct document *document)
{
    (void)document;
    struct session *session = data;
    if (!timer_is_set(&session->release))
        timer_set(session->loop, &session->release, clock_ms() + RELEASE_MS);
}

/* ---- life ---- */

struct session *session_new(struct loop *loop, struct tree *tree, const struct config *config, struct metrics *metrics)
{
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    session->loop = loop;
    session->tree = tree;
    session->config = config;
    session->metrics = metrics;
    session->interrupts = (struct timer){.fn = pendings_check_interrupts, .data = session};
    session->release = (struct timer){.fn = on_release, .data = session};
    session->ahead_task = (struct task){.fn = page_ahead_write, .data = session};
    session->ahead_expiry = (struct timer){.fn = page_ahead_drop, .data = session};
    session->nodes = nodes_new(tree);
    session->push = push_new(loop, metrics);
    session->trace = session->nodes && log_takes(LOG_LEVEL_DEBUG) ? trace_new(session->nodes) : NULL;
    session->wake = wake_new(session);
    if (!session->nodes || !session->push || !session->wake) {
        session_free(session);
        return NULL;
    }
    documents_on_evict(tree_documents(tree), on_evict, session);
    purges_on_growth(tree_purges(tree), growth_of_log, session);
    return session;
}

static void forget_drop(void *data, struct node *node)
{
    (void)data;
    if (node_dir(node))
        links_drop_forget(node);
}

void session_free(struct session *session)
{
    if (!session)
        return;
    session_unmount(session);
    documents_on_evict(tree_documents(session->tree), NULL, NULL);
    purges_on_growth(tree_purges(session->tree), NULL, NULL);
    wake_free(session->wake);
    timer_clear(&session->release);
    task_cancel(&session->ahead_task);
    timer_clear(&session->ahead_expiry);
    page_ahead_drop(session);
    if (session->nodes)
        nodes_each(session->nodes, forget_drop, session);
    push_free(session->push);
    if (session->fuse)
        fuse_session_destroy(session->fuse);
    trace_free(session->trace);
    nodes_free(session->nodes);
    timer_clear(&session->interrupts);
    free(session->buffer.mem);
    free(session);
}

/* ---- mounting ---- */

static ssize_t read_device(int fd, void *buf, size_t len, void *userdata)
{
    (void)userdata;
    return read(fd, buf, len);
}

/*
 * libfuse before 3.17 never asks for FUSE_PARALLEL_DIROPS, although the kernel offers it. So the flag is added here to
 * the reply to INIT, which is the first reply of a session. The payload of that reply is a struct fuse_init_out.
 */
static ssize_t write_device(int fd, struct iovec *iov, int count, void *userdata)
{
    struct session *session = userdata;
    if (!session->greeted) {
        session->greeted = true;
        if (count >= 2 && iov[1].iov_len >= offsetof(struct fuse_init_out, max_background)) {
            struct fuse_init_out *out = iov[1].iov_base;
            out->flags |= FUSE_PARALLEL_DIROPS;
        }
    }
    trace_reply(session->trace, iov, count);
    return writev(fd, iov, count);
}

static const struct fuse_custom_io device = {.read = read_device, .writev = write_device};

/* While mounting, libfuse's messages come in pieces; they are collected in fuse_said, for session_mount()'s own
 * message. Later each message of libfuse is a line of the log. */
static char fuse_said[256];
static bool fuse_mounting;

static void __attribute__((format(printf, 2, 0)))
on_fuse_message(enum fuse_log_level level, const char *format, va_list arguments)
{
    char text[sizeof fuse_said];
    size_t len = strlen(fuse_said);

    (void)vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    if (fuse_mounting)
        (void)snprintf(fuse_said + len, sizeof fuse_said - len, "%s", text);
    else
        log_line(level > FUSE_LOG_WARNING ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING, "libfuse: %s", text);
}

/* A copy of a text for -o, with a backslash before each comma and backslash; for free(). NULL when out of memory. */
static char *escaped(const char *text)
{
    char *copy = malloc(2 * strlen(text) + 1), *to = copy;
    if (!copy)
        return NULL;
    for (; *text; text++) {
        if (*text == ',' || *text == '\\')
            *to++ = '\\';
        *to++ = *text;
    }
    *to = '\0';
    return copy;
}

/* What findmnt, df and /proc/self/mounts show as the source: the account's profile, or the URL, which holds no user
 * and no password (url.h). With the profile it is what /etc/fstab says, so `mount -a` does not mount twice. A user's
 * -o fsname= comes after it, and libfuse uses the last one. */
static const char *source_of(const struct config *config)
{
    return config->source && !strstr(config->source, "://") ? config->source : config->base_url;
}

static struct fuse_session *fuse_new(struct session *session)
{
    const struct config *config = session->config;
    char program[] = "melbicomfs", o[] = "-o";
    _cleanup_(freep) char *name = escaped(source_of(config)), *options = NULL;
    if (!name || asprintf(&options, "subtype=melbicomfs,default_permissions,fsname=%s%s%s%s", name,
                          config->read_only ? ",ro" : "", config->mount_options ? "," : "",
                          config->mount_options ? config->mount_options : "") < 0) {
        options = NULL;
        snprintf(fuse_said, sizeof fuse_said, "out of memory");
        return NULL;
    }
    char *argv[] = {program, o, options, NULL};
    struct fuse_args args = FUSE_ARGS_INIT(3, argv);
    struct fuse_session *fuse = fuse_session_new(&args, &session_ops, sizeof session_ops, session);
    fuse_opt_free_args(&args);
    return fuse;
}

/* Puts into fuse_said the first line of what fusermount3 has written into `file`, if it has written anything. */
static void keep_said(int file)
{
    static const char helper[] = "fusermount3: ";
    char text[sizeof fuse_said];
    ssize_t n = pread(file, text, sizeof text - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    const char *said = strncmp(text, helper, sizeof helper - 1) == 0 ? text + sizeof helper - 1 : text;
    if (*said)
        (void)memcpy(fuse_said, said, strlen(said) + 1);
}

/* fuse_session_mount(), with the messages of fusermount3 in fuse_said: it writes them to stderr, where they would be a
 * second line beside the program's own. */
static int mount_quietly(struct fuse_session *fuse, const char *path)
{
    _cleanup_(closep) int file = memfd_create("fusermount3", MFD_CLOEXEC);
    _cleanup_(closep) int kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    bool quiet = file >= 0 && kept >= 0 && dup2(file, STDERR_FILENO) >= 0;
    int r = fuse_session_mount(fuse, path);

    if (quiet) {
        (void)dup2(kept, STDERR_FILENO);
        keep_said(file);
    }
    return r;
}

/* Says why libfuse or fusermount3 did not mount, and what to do about it. */
static void log_refused(const char *path)
{
    static const char *const advice[][2] = {
        {"Operation not permitted",
         "start a container with --device /dev/fuse --cap-add SYS_ADMIN; elsewhere, check that "
         "fusermount3 is setuid root"},
        {"too many", "unmount another FUSE file system, or raise mount_max in /etc/fuse.conf as root"},
        {"filesystem type", "choose a directory on an ordinary file system, such as in your home directory"},
        {"", "melbicomfs --doctor tells more"},
    };
    unsigned i = 0;

    if (strstr(fuse_said, "mount failed: Permission denied")) {
        log_error("%s: cannot mount: %s", path, mountpoint_forbidden_advice());
        return;
    }
    while (!strstr(fuse_said, advice[i][0]))
        i++;
    log_error("%s: cannot mount: %s; %s", path, fuse_said[0] ? fuse_said : "fusermount3 failed", advice[i][1]);
}

int session_mount(struct session *session)
{
    const char *path = session->config->mountpoint;
    int r = mountpoint_check(path, false); /* again: others may have mounted there while the API was asked */
    if (r == 0)
        r = mountpoint_make(path);
    if (r < 0)
        return r;
    fuse_mounting = true;
    fuse_set_log_func(on_fuse_message);
    session->fuse = fuse_new(session);
    if (!session->fuse) {
        log_error("%s: cannot mount: %s; melbicomfs -h lists the options", path, fuse_said);
        return -EINVAL;
    }
    if (mount_quietly(session->fuse, path) < 0) {
        log_refused(path);
        return -EIO;
    }
    fuse_mounting = false;
    session->mounted = true;
    int fd = fuse_session_fd(session->fuse);
    r = fuse_session_custom_io(session->fuse, &device, fd);
    if (r < 0 || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0) {
        r = r < 0 ? r : -errno;
        log_error("%s: cannot set up the FUSE device: %s", path, strerror(-r));
        return r;
    }
    return 0;
}

/* Ends the loop: the mount has been taken away, or (if it failed before it served INIT) has never begun. */
static void end_session(struct session *session, bool failed)
{
    failed = failed && !session->served;
    if (failed)
        log_error("the mount could not begin: out of memory, or the kernel ended it");
    session->served = true; /* said once: end_pusher() reads on */
    loop_quit(session->loop, failed ? -EIO : 0);
}

static void on_device(void *data, short revents)
{
    (void)revents;
    struct session *session = data;

    wake_used(session->wake);
    for (unsigned i = 0; i < REQUESTS_A_TURN; i++) {
        int r = fuse_session_receive_buf(session->fuse, &session->buffer);
        if (r == -EINTR)
            continue;
        if (r == -EAGAIN)
            return;
        if (r == -ENOMEM) { /* for the buffer of the first request; the next turn of the loop tries again */
            (void)poll(NULL, 0, END_LOOK_MS);
            return;
        }
        if (r <= 0 || fuse_session_exited(session->fuse)) {
            end_session(session, r < 0);
            return;
        }
        trace_request(session->trace, session->buffer.mem, (size_t)r);
        fuse_session_process_buf(session->fuse, &session->buffer);
        trace_handled(session->trace);
        /* The first request is INIT. If it could not be taken, the kernel refuses all others. */
        if (!session->served) {
            end_session(session, true);
            return;
        }
    }
}

int session_start(struct session *session)
{
    session->guard = guard_start(session->config->mountpoint);
    int r = push_start(session->push, session->fuse);
    if (r == 0)
        r = loop_watch(session->loop, fuse_session_fd(session->fuse), POLLIN, on_device, session);
    return r;
}

/* Ends the pusher's threads. A notification under way may wait for a lock whose holder waits for the answer to a
 * request that is still unread. To close the device would not end that wait. So requests are received and answered
 * until the threads have ended, and those that would have to wait are answered EIO. */
static void end_pusher(struct session *session)
{
    struct pollfd device_fd = {.fd = fuse_session_fd(session->fuse), .events = POLLIN};

    push_stop(session->push);
    while (!push_ended(session->push)) {
        pendings_fail(session, -EIO);
        growth_end(session);
        (void)poll(&device_fd, 1, END_LOOK_MS);
        on_device(session, 0);
    }
}

void session_unmount(struct session *session)
{
    if (!session->mounted)
        return;
    session->mounted = false;
    loop_unwatch(session->loop, fuse_session_fd(session->fuse));
    end_pusher(session);
    pendings_fail(session, -EIO);
    growth_end(session);
    guard_end(session->guard);
    fuse_session_unmount(session->fuse);
}
