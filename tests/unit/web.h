/* SPDX-License-Identifier: MIT */
/*
 * A web server for tests, on 127.0.0.1 and a port that the kernel picks. It sends the answers of a script. Each
 * connection has a thread of its own.
 *
 * The n-th request gets the n-th answer of the script; further requests get the last answer. An answer is raw bytes, so
 * that a test can send any kind of broken answer. The bytes of all requests are kept in `requests`.
 *
 * Threads:   the test's thread calls web_start(), web_stop(), web_release(), web_rewind() and the counters; the rest is for the
 *            server's own threads.
 * Ownership: web_start() gives, web_stop() frees; scripts are borrowed until then.
 * Errors:    a failed system call aborts the test program.
 */
#ifndef MELBICOMFS_TESTS_WEB_H
#define MELBICOMFS_TESTS_WEB_H

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define WEB_REQUESTS    256
#define WEB_CONNECTIONS 64
#define WEB_TEXT        4096

#define WEB_ANSWER(status, headers, body) "HTTP/1.1 " status "\r\n" headers "\r\n" body
#define WEB_OK                            WEB_ANSWER("200 OK", "Content-Length: 2\r\n", "{}")
#define WEB_EMPTY(status, headers)        WEB_ANSWER(status, headers "Content-Length: 0\r\n", "")

/* What the server does with the connection after an answer. */
enum web_after {
    WEB_KEEP,  /* keeps it, and waits for the next request */
    WEB_CLOSE, /* closes it normally */
    WEB_RESET, /* closes it with a TCP reset */
    WEB_HANG   /* leaves it open and sends nothing more until web_release() or web_stop() */
};

struct web_answer {
    const char *bytes; /* NULL: no bytes are sent */
    size_t len;        /* 0: strlen(bytes) */
    enum web_after after;
    bool held;     /* the answer is not sent before web_release() */
    int pieces_ms; /* not 0: the answer is sent in ten pieces, with so many ms between them */
};

struct web {
    int listener;
    pthread_t acceptor;
    pthread_mutex_t lock;
    pthread_cond_t released;
    bool stopping, open; /* open: web_release() was called */
    const struct web_answer *script;
    size_t n_script;
    unsigned n_requests, n_connections, in_flight, in_flight_max;
    char requests[WEB_REQUESTS][WEB_TEXT];
    pthread_t threads[WEB_CONNECTIONS];
    int sockets[WEB_CONNECTIONS];
    bool reading[WEB_CONNECTIONS]; /* part of a request has been read, and the request is not in `requests` yet */
    char url[64];
};

struct web_connection {
    struct web *web;
    int fd;
    unsigned number;
};

/* Takes what has come, and notes under the server's lock that it has been taken: see web_settle(). */
static inline ssize_t web_receive(struct web_connection *c, char *bytes, size_t len)
{
    struct pollfd fd = {.fd = c->fd, .events = POLLIN};

    (void)poll(&fd, 1, -1);
    pthread_mutex_lock(&c->web->lock);
    ssize_t n = recv(c->fd, bytes, len, 0);
    c->web->reading[c->number] = n > 0;
    pthread_mutex_unlock(&c->web->lock);
    return n;
}

/* Reads one request, head and body, into `text`, of WEB_TEXT bytes. False when the peer has closed the connection. */
static inline bool web_read(struct web_connection *c, char *text)
{
    size_t have = 0, want = 0;

    for (;;) {
        ssize_t n = web_receive(c, text + have, WEB_TEXT - 1 - have);
        char *end, *length;

        if (n <= 0)
            return false;
        have += (size_t)n;
        text[have] = '\0';
        end = strstr(text, "\r\n\r\n");
        if (!end)
            continue;
        length = strcasestr(text, "\r\nContent-Length:");
        want = (size_t)(end + 4 - text) + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
        if (have >= want)
            return true;
    }
}

static inline void web_send(int fd, const struct web_answer *answer)
{
    size_t len = answer->len ? answer->len : strlen(answer->bytes), sent = 0;
    size_t piece = answer->pieces_ms ? len / 10 + 1 : len;

    while (sent < len) {
        size_t now = len - sent < piece ? len - sent : piece;
        ssize_t n = send(fd, answer->bytes + sent, now, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        sent += (size_t)n;
        if (answer->pieces_ms)
            (void)poll(NULL, 0, answer->pieces_ms);
    }
}

static inline struct web_answer web_next(struct web_connection *c, const char *text)
{
    struct web *web = c->web;
    struct web_answer answer;

    pthread_mutex_lock(&web->lock);
    assert(web->n_requests < WEB_REQUESTS);
    memcpy(web->requests[web->n_requests], text, WEB_TEXT);
    answer = web->script[web->n_requests < web->n_script ? web->n_requests : web->n_script - 1];
    web->n_requests++;
    web->reading[c->number] = false;
    if (++web->in_flight > web->in_flight_max)
        web->in_flight_max = web->in_flight;
    while (answer.held && !web->open && !web->stopping)
        pthread_cond_wait(&web->released, &web->lock);
    web->in_flight--;
    pthread_mutex_unlock(&web->lock);
    return answer;
}

static inline void *web_serve(void *data)
{
    struct web_connection connection = *(struct web_connection *)data;
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    struct web_answer answer = {.after = WEB_KEEP};
    char text[WEB_TEXT] = "";

    free(data);
    while (answer.after == WEB_KEEP && web_read(&connection, text)) {
        answer = web_next(&connection, text);
        if (answer.bytes)
            web_send(connection.fd, &answer);
    }
    pthread_mutex_lock(&connection.web->lock);
    while (answer.after == WEB_HANG && !connection.web->open && !connection.web->stopping)
        pthread_cond_wait(&connection.web->released, &connection.web->lock);
    if (answer.after == WEB_RESET)
        (void)setsockopt(connection.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    for (unsigned i = 0; i < connection.web->n_connections; i++)
        if (connection.web->sockets[i] == connection.fd)
            connection.web->sockets[i] = -1;
    (void)close(connection.fd);
    pthread_mutex_unlock(&connection.web->lock);
    return NULL;
}

static inline void *web_accept(void *data)
{
    struct web *web = data;

    for (;;) {
        struct web_connection *connection = malloc(sizeof(*connection));
        struct pollfd ready = {.fd = web->listener, .events = POLLIN};

        assert(connection);
        (void)poll(&ready, 1, -1);
        pthread_mutex_lock(&web->lock);
        int fd = accept(web->listener, NULL, NULL);
        if (fd < 0) {
            pthread_mutex_unlock(&web->lock);
            free(connection);
            return NULL;
        }
        assert(web->n_connections < WEB_CONNECTIONS);
        *connection = (struct web_connection){.web = web, .fd = fd, .number = web->n_connections};
        web->sockets[web->n_connections] = fd;
        (void)pthread_create(&web->threads[web->n_connections++], NULL, web_serve, connection);
        pthread_mutex_unlock(&web->lock);
    }
}

/* Returns a socket at 127.0.0.1 and a port that the kernel picks; the caller closes it. Until then, nobody else gets the
 * port, and whoever connects to it is refused. Writes its URL, without a path, to `url`. */
static inline int web_reserve(char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r = bind(fd, (struct sockaddr *)&address, len);

    r |= getsockname(fd, (struct sockaddr *)&address, &len);
    if (fd < 0 || r != 0)
        abort();
    (void)snprintf(url, size, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

/* The same with a socket that listens. */
static inline int web_listen(int backlog, char *url, size_t size)
{
    int fd = web_reserve(url, size);

    if (listen(fd, backlog) != 0)
        abort();
    return fd;
}

static inline struct web *web_start(const struct web_answer *script, size_t n)
{
    struct web *web = calloc(1, sizeof(*web));

    assert(web);
    web->script = script;
    web->n_script = n;
    (void)pthread_mutex_init(&web->lock, NULL);
    (void)pthread_cond_init(&web->released, NULL);
    web->listener = web_listen(64, web->url, sizeof(web->url));
    (void)pthread_create(&web->acceptor, NULL, web_accept, web);
    return web;
}

#define WEB_START(script) web_start(script, sizeof(script) / sizeof((script)[0]))

/* Sends the answers that are held and ends the connections that hang; later answers are neither held nor hang. */
static inline void web_release(struct web *web)
{
    pthread_mutex_lock(&web->lock);
    web->open = true;
    pthread_cond_broadcast(&web->released);
    pthread_mutex_unlock(&web->lock);
}

static inline void web_stop(struct web *web)
{
    (void)shutdown(web->listener, SHUT_RDWR);
    (void)pthread_join(web->acceptor, NULL);
    pthread_mutex_lock(&web->lock);
    web->stopping = true;
    pthread_cond_broadcast(&web->released);
    for (unsigned i = 0; i < web->n_connections; i++)
        if (web->sockets[i] >= 0)
            (void)shutdown(web->sockets[i], SHUT_RDWR);
    pthread_mutex_unlock(&web->lock);
    for (unsigned i = 0; i < web->n_connections; i++)
        (void)pthread_join(web->threads[i], NULL);
    (void)close(web->listener);
    (void)pthread_mutex_destroy(&web->lock);
    (void)pthread_cond_destroy(&web->released);
    free(web);
}

/* Reads a counter of the server (`which` points into `web`) under its lock. */
static inline unsigned web_count(struct web *web, const unsigned *which)
{
    unsigned n;

    pthread_mutex_lock(&web->lock);
    n = *which;
    pthread_mutex_unlock(&web->lock);
    return n;
}

/* Whether the server has no connection to accept and no byte of a request that it has not taken. */
static inline bool web_is_settled(struct web *web)
{
    struct pollfd ready = {.fd = web->listener, .events = POLLIN};
    bool settled = poll(&ready, 1, 0) == 0;
    int bytes = 0;

    for (unsigned i = 0; settled && i < web->n_connections; i++)
        if (web->sockets[i] >= 0)
            settled = !web->reading[i] && ioctl(web->sockets[i], FIONREAD, &bytes) == 0 && bytes == 0;
    return settled;
}

/* Waits (2 s at most) until each request that has been sent is in `requests`, those of a client that has given up
 * included. */
static inline void web_settle(struct web *web)
{
    bool settled = false;

    for (unsigned ms = 0; !settled && ms < 2000; ms++) {
        if (ms > 0)
            (void)poll(NULL, 0, 1);
        pthread_mutex_lock(&web->lock);
        settled = web_is_settled(web);
        pthread_mutex_unlock(&web->lock);
    }
    assert(settled);
}

/* Forgets the requests so far: the next one gets the first answer of the script. */
static inline void web_rewind(struct web *web)
{
    web_settle(web);
    pthread_mutex_lock(&web->lock);
    web->n_requests = 0;
    pthread_mutex_unlock(&web->lock);
}

static inline unsigned web_requests(struct web *web)
{
    return web_count(web, &web->n_requests);
}

static inline unsigned web_connections(struct web *web)
{
    return web_count(web, &web->n_connections);
}

#endif
