/* SPDX-License-Identifier: MIT */
/*
 * The table of what the user sees: every row hangs together with its neighbours and with the table of endpoints.
 */
#include "tree/routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tree/context.h"
#include "tree/listing.h"
#include "tree/sources.h"
#include "tree/views.h"

static int set_up(void **state)
{
    (void)state;
    routes_init();
    return 0;
}

static unsigned brackets(const char *path)
{
    unsigned n = 0;

    for (const char *p = path; *p; p++)
        n += *p == '<';
    return n;
}

static void test_rows(void **state)
{
    (void)state;
    assert_true(routes_count() <= ROUTES_MAX);
    assert_string_equal(routes_at(0)->path, "");
    assert_null(route_shape(routes_at(0))->parent);
    for (unsigned i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);

        assert_int_equal(route_index(route), i);
        assert_int_equal(route_shape(route)->args, brackets(route->path));
        assert_true(route_shape(route)->args <= ROUTE_ARGS);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(route->path, routes_at(k)->path);
    }
}

/* A row without its directory would be there and never be found. */
static void test_every_row_has_its_directory(void **state)
{
    (void)state;
    for (unsigned i = 1; i < routes_count(); i++) {
        const struct route *route = routes_at(i);
        const struct route_shape *shape = route_shape(route);
        const char *slash = strrchr(route->path, '/');
        size_t len = slash ? (size_t)(slash - route->path) : 0;

        assert_non_null(shape->parent);
        assert_int_equal(shape->parent->kind, ROUTE_DIR);
        assert_int_equal(strlen(shape->parent->path), len);
        assert_memory_equal(shape->parent->path, route->path, len);
        assert_string_equal(shape->name, slash ? slash + 1 : route->path);
        assert_true(route_index(shape->parent) < i);
        assert_true(strlen(shape->name) > 0 && strlen(shape->name) <= NAMES_MAX);
    }
}

static void test_children(void **state)
{
    unsigned n = 1;

    (void)state;
    for (unsigned i = 0; i < routes_count(); i++) {
        const struct route_shape *shape = route_shape(routes_at(i));
        unsigned any = 0;

        assert_true(shape->n_children <= ROUTE_CHILDREN);
        for (unsigned k = 0; k < shape->n_children; k++) {
            assert_ptr_equal(route_shape(shape->children[k])->parent, routes_at(i));
            assert_int_equal(route_shape(shape->children[k])->segment, SEGMENT_FIXED);
        }
        for (unsigned k = 1; k < routes_count(); k++)
            any += route_shape(routes_at(k))->parent == routes_at(i) &&
                   route_shape(routes_at(k))->segment != SEGMENT_FIXED;
        assert_true(any <= 1);
        assert_int_equal(shape->any != NULL, any);
        if (routes_at(i)->kind == ROUTE_DIR)
            assert_true(shape->n_children + any > 0);
        else
            assert_true(shape->n_children + any == 0);
        n += shape->n_children + any;
    }
    assert_int_equal(n, routes_count());
}

static void test_segments(void **state)
{
    (void)state;
    for (unsigned i = 1; i < routes_count(); i++) {
        const struct route_shape *shape = route_shape(routes_at(i));
        const char *end = strchr(shape->name, '>');

        assert_int_equal(shape->segment != SEGMENT_FIXED, shape->name[0] == '<');
        if (shape->segment == SEGMENT_FIXED) {
            assert_string_equal(shape->suffix, "");
            assert_null(end);
            continue;
        }
        assert_non_null(end);
        assert_string_equal(shape->suffix, end + 1);
        assert_int_equal(shape->segment == SEGMENT_ID, strncmp(shape->name, "<id>", 4) == 0);
    }
}

/* The argument that ARG() names is there, and a number where a number is needed. */
static void check_source(const struct route *route, const struct route_source *source)
{
    unsigned args = route_shape(route)->args;
    bool needs_id;

    if (!source->used) {
        assert_int_equal(source->id, 0);
        return;
    }
    assert_true(source->operation < OPERATIONS && source->operation != OP_PURGE);
    needs_id = strstr(endpoint_of(source->operation)->paths[0], "{id}") != NULL;
    assert_int_equal(source->id > 0, needs_id);
    assert_true(source->id <= args);
    for (unsigned i = 0; i < ENDPOINT_PARAMS; i++) {
        if (!source->params[i])
            continue;
        assert_non_null(endpoint_of(source->operation)->params[i].key);
        assert_null(endpoint_of(source->operation)->params[i].fixed);
        assert_true(source->params[i] == ARG_TRUE || source->params[i] <= args);
    }
}

static void test_sources(void **state)
{
    (void)state;
    for (unsigned i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);

        check_source(route, &route->list);
        check_source(route, &route->narrow);
        assert_int_equal(route->select != SELECT_NONE, route->list.used || route->narrow.used);
        if (route->list.used) /* the whole collection: no argument has a say */
            for (unsigned k = 0; k < ENDPOINT_PARAMS; k++)
                assert_int_equal(route->list.params[k], 0);
        if (route->list.used)
            assert_int_equal(route->list.id, 0);
    }
}

static bool is_field(const struct endpoint *endpoint, int field)
{
    return endpoint->fields[field].key || (endpoint->date_field >= 0 && field == endpoint->year_field);
}

static void test_how_items_are_found(void **state)
{
    (void)state;
    for (unsigned i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);
        const struct route_source *source = route->list.used ? &route->list : &route->narrow;
        const struct endpoint *endpoint = source->used ? endpoint_of(source->operation) : NULL;

        switch (route->select) {
        case SELECT_NONE:
            assert_true(route->kind != ROUTE_LINK);
            assert_int_equal(route->kind == ROUTE_FILE, route->render == RENDER_MADE);
            break;
        case SELECT_ONLY:
            assert_int_equal(route->kind, ROUTE_FILE);
            break;
        case SELECT_ID:
            assert_true(route_shape(route)->args > 0);
            assert_true(endpoint->by_id);
            break;
        case SELECT_NAME:
        case SELECT_GROUP:
            assert_int_equal(route_shape(route)->segment, SEGMENT_TEXT);
            assert_true(is_field(endpoint, route->field));
            break;
        case SELECT_PRICE:
            assert_int_equal(endpoint->shape, SHAPE_PRICES);
            assert_int_equal(route->kind == ROUTE_FILE, route_shape(route)->args == SNAPSHOT_FIELDS);
            break;
        }
        if (route->where) {
            assert_true(route->where < route_shape(route)->args);
            assert_true(is_field(endpoint, route->where_field));
        }
    }
}

static void test_how_things_are_shown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);

        assert_int_equal((route->made != MADE_NONE), route->kind == ROUTE_FILE && route->render == RENDER_MADE);
        assert_int_equal(route->target != NULL, route->kind == ROUTE_LINK);
        if (route->target)
            assert_non_null(strstr(route->target, "%s"));
        if (route->names)
            assert_true(route_shape(route)->segment == SEGMENT_TEXT && route->kind == ROUTE_DIR);
        if (route->constant)
            assert_int_equal(route->render, RENDER_MADE);
        if (route->list_knows)
            assert_non_null(route_shape(route)->parent->names[route->list_knows - 1]);
    }
}

/* Only the mount's own state is hidden. */
static void test_hidden(void **state)
{
    (void)state;
    for (unsigned i = 0; i < routes_count(); i++)
        assert_int_equal(routes_at(i)->hidden, strcmp(routes_at(i)->path, ".melbicomfs") == 0);
}

static const struct route *child_named(const struct route *dir, const char *name, size_t len)
{
    const struct route_shape *shape = route_shape(dir);

    for (unsigned i = 0; i < shape->n_children; i++) {
        const char *child = route_shape(shape->children[i])->name;
        if (strlen(child) == len && memcmp(child, name, len) == 0)
            return shape->children[i];
    }
    fail_msg("%s has no %.*s", dir->path, (int)len, name);
    return NULL;
}

/* A link that leads up and down again ends at a row. */
static void test_links_lead_to_rows(void **state)
{
    (void)state;
    for (unsigned i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);
        const char *target = route->target;
        const struct route *dir = route_shape(route)->parent;

        if (!target)
            continue;
        for (; strncmp(target, "../", 3) == 0; target += 3)
            dir = route_shape(dir)->parent;
        for (const char *slash; (slash = strchr(target, '/')); target = slash + 1)
            dir = child_named(dir, target, (size_t)(slash - target));
        assert_memory_equal(target, "%s", 2);
        assert_non_null(route_shape(dir)->any);
        assert_int_equal(route_shape(route_shape(dir)->any)->segment, SEGMENT_ID);
        assert_string_equal(route_shape(route_shape(dir)->any)->suffix, target + 2);
    }
}

/* What the API offers and the user sees: each operation is behind some row, with each parameter that is not a filter of
 * a list that is fetched whole anyway. */
static void test_every_operation_is_behind_some_row(void **state)
{
    bool used[OPERATIONS] = {[OP_PURGE] = true};
    bool command = false;

    (void)state;
    for (unsigned i = 0; i < routes_count(); i++) {
        if (routes_at(i)->list.used)
            used[routes_at(i)->list.operation] = true;
        if (routes_at(i)->narrow.used)
            used[routes_at(i)->narrow.operation] = true;
        command = command || routes_at(i)->kind == ROUTE_COMMAND;
    }
    for (unsigned op = 0; op < OPERATIONS; op++)
        assert_true(used[op]);
    assert_true(command);
}

/* What lists the distinct texts of a field keeps their order, and what lists by a text the signature, with the field. */
static void test_a_field_is_listed_by_one_directory(void **state)
{
    unsigned listed[OPERATIONS][SNAPSHOT_FIELDS] = {{0}};

    (void)state;
    for (unsigned i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);

        if (route->select == SELECT_GROUP || route->select == SELECT_NAME)
            assert_int_equal(++listed[route->list.operation][route->field], 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_every_row_has_its_directory),
        cmocka_unit_test(test_children),
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_how_items_are_found),
        cmocka_unit_test(test_how_things_are_shown),
        cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_links_lead_to_rows),
        cmocka_unit_test(test_every_operation_is_behind_some_row),
        cmocka_unit_test(test_a_field_is_listed_by_one_directory),
    };

    return cmocka_run_group_tests_name("routes", tests, set_up, NULL);
}
