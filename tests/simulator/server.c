/* SPDX-License-Identifier: MIT */
/*
 * How a request goes: MHD announces it (remember_uri), calls handle() once with its header, once a piece of body, and
 * once at its end, where it is answered; forget() comes last in any case.
 *
 *      header -> journal -> body -> rule? -> latency, stall or reset -> account's answer -> delivery
 */
#include "server.h"

#include "control.h"
#include "deliver.h"
#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_REQUEST (256U << 20)

struct request {
    char *uri;         /* as it came */
    char *path;        /* as it came, without the query */
    const char *query; /* within uri, or NULL */
    bool started, is_control;
    struct text body;
    struct journal_ticket ticket;
    struct call call;
};

static void *remember_uri(void *data, const char *uri, struct MHD_Connection *connection)
{
    struct request *request = calloc(1, sizeof(*request));
    (void)data;
    (void)connection;
    if (!request || !(request->uri = strdup(uri)) || !(request->path = strndup(uri, strcspn(uri, "?"))))
        abort();
    const char *mark = strchr(request->uri, '?');
    request->query = mark ? mark + 1 : NULL;
    return request;
}

static void forget(void *data, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode why)
{
    const struct port *port = data;
    struct request *request = *context;
    (void)connection;
    (void)why;
    if (!request)
        return;
    if (request->is_control && !port->control)
        control_follow(port->sim);
    free(request->uri);
    free(request->path);
    text_free(&request->body);
    free(request);
    *context = NULL;
}

static bool is_authorized(const struct sim *sim, struct MHD_Connection *connection)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    return value && !strncasecmp(value, "Bearer ", 7) && !strcmp(value + 7, sim->api.token);
}

static bool is_conditional(struct MHD_Connection *connection)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH) ||
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_MODIFIED_SINCE);
}

/* Finds out whom the request is for, and puts it into the journal if that is the API. */
static void begin(const struct port *port, struct MHD_Connection *connection, const char *method,
                  struct request *request)
{
    struct sim *sim = port->sim;
    const struct options *options = sim->options;
    struct call *call = &request->call;

    request->started = true;
    request->is_control = port->control || !strncmp(request->path, "/_sim/", 6);
    if (request->is_control)
        return;
    call->operation = OP_UNKNOWN;
    call->path = request->path;
    call->query = request->query;
    call->body = &request->body;
    if (!strncmp(request->path, options->prefix, options->prefix_len)) {
        const char *below = request->path + options->prefix_len;
        call->operation = operation_at(&options->placement, below, strlen(below), &call->exists, &call->id);
    }
    pthread_mutex_lock(&sim->lock);
    call->authorized = is_authorized(sim, connection);
    request->ticket = journal_arrive(&sim->journal, &(struct journal_arrival){
                                                        .ms = (long)(sim_now() - sim->started),
                                                        .operation = call->operation,
                                                        .method = method,
                                                        .path = request->uri,
                                                        .authorized = call->authorized,
                                                        .conditional = is_conditional(connection),
                                                    });
    pthread_mutex_unlock(&sim->lock);
}

static bool has_hung_up(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd fd = {.fd = info->connect_fd, .events = POLLRDHUP};
    return poll(&fd, 1, 0) > 0 && fd.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

/* Stalls until the rules are cleared; false when there is nobody left to answer. The lock is held. */
static bool stall(struct sim *sim, struct MHD_Connection *connection)
{
    unsigned cleared = sim->rules.cleared;
    while (sim->rules.cleared == cleared) {
        /* A peer that goes away wakes nobody, so that is looked for now and then. */
        if (sim->closing || has_hung_up(connection))
            return false;
        sim_wait(sim, sim_now() + 50);
    }
    return true;
}

/* Makes the request wait as the rule or the account's latency says. False when it is not to be answered. */
static bool delay(struct sim *sim, struct MHD_Connection *connection, const struct rule *rule, bool *stalled)
{
    long latency = rule && rule->latency >= 0 ? rule->latency : sim->latency_ms;
    int64_t until = sim_now() + latency;

    while (latency > 0 && !sim->closing && sim_wait(sim, until))
        continue;
    *stalled = rule && rule->stall;
    if (*stalled && !stall(sim, connection))
        return false;
    return !sim->closing;
}

/* A rule without truncation resets before any answer, one with it in the middle of the answer. */
static bool resets_at_once(const struct rule *rule)
{
    return rule && rule->reset && rule->truncate < 0;
}

static enum MHD_Result answer_api(struct sim *sim, struct MHD_Connection *connection, struct request *request)
{
    struct delivery delivery = {.sim = sim, .connection = connection, .ticket = request->ticket};
    bool stalled = false;

    pthread_mutex_lock(&sim->lock);
    journal_note_body(&sim->journal, request->ticket, &request->body);
    struct rule *rule = rules_match(&sim->rules, request->call.operation, request->call.method, request->uri);
    bool go_on = delay(sim, connection, rule, &stalled);
    if (go_on && stalled)
        answer_message(&delivery.answer, MHD_HTTP_SERVICE_UNAVAILABLE, "Service Unavailable");
    else if (go_on && !resets_at_once(rule))
        api_answer(&sim->api, &request->call, &delivery.answer);
    pthread_mutex_unlock(&sim->lock);

    enum MHD_Result result = MHD_NO;
    if (go_on && !stalled && resets_at_once(rule)) {
        deliver_reset(connection);
    } else if (go_on) {
        delivery.rule = stalled ? NULL : rule;
        result = deliver(&delivery);
    }
    rule_unref(rule);
    return result;
}

static enum MHD_Result answer_control(const struct port *port, struct MHD_Connection *connection, const char *method,
                                      const struct request *request)
{
    const struct control_call call = {.method = method,
                                      .path = request->path,
                                      .query = request->query,
                                      .body = &request->body,
                                      .in_band = !port->control};
    struct answer answer;
    control_answer(port->sim, &call, &answer);
    return deliver_plain(connection, &answer);
}

static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_len, void **context)
{
    const struct port *port = data;
    struct request *request = *context;
    (void)url;
    (void)version;

    if (!request->started) {
        begin(port, connection, method, request);
        return MHD_YES;
    }
    if (*upload_len) {
        if (*upload_len > MAX_REQUEST - request->body.len)
            return MHD_NO;
        text_add(&request->body, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    if (request->is_control)
        return answer_control(port, connection, method, request);
    request->call.method = method;
    return answer_api(port->sim, connection, request);
}

/* A socket at a port of 127.0.0.1. Another one at the same port can begin to listen meanwhile. */
static int bind_to(uint16_t *number)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(*number), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    /* Accepted connections inherit TCP_NODELAY. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) || getsockname(fd, (struct sockaddr *)&address, &len)) {
        int error = -errno;
        close(fd);
        return error;
    }
    *number = ntohs(address.sin_port);
    return fd;
}

int port_open(struct port *port)
{
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC;
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)port->cert},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)port->key},
                                   {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem *more = port->cert ? tls : &tls[2];
    int fd = bind_to(&port->number);

    if (fd < 0)
        return fd;
    if (listen(fd, 1024) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    if (port->reserved)
        close(port->reserved);
    port->reserved = 0;
    if (port->cert)
        flags |= MHD_USE_TLS;
    port->daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, handle, port, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK,
                         remember_uri, NULL, MHD_OPTION_NOTIFY_COMPLETED, forget, port, MHD_OPTION_CONNECTION_LIMIT,
                         8192U, MHD_OPTION_THREAD_STACK_SIZE, (size_t)256 * 1024, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         (size_t)256 * 1024, MHD_OPTION_ARRAY, more, MHD_OPTION_END);
    if (!port->daemon) {
        close(fd);
        return -EIO;
    }
    return 0;
}

void port_close(struct port *port)
{
    if (port->daemon)
        MHD_stop_daemon(port->daemon);
    port->daemon = NULL;
    if (!port->reserved)
        port->reserved = bind_to(&port->number);
    if (port->reserved < 0)
        port->reserved = 0;
}
