/* SPDX-License-Identifier: MIT */
/*
 * Nodes: what a path's node shows for good, when a new one takes its place, and when one goes.
 */
#include "places.h"

#include "mount/nodes.h"
#include "tree/purge.h"

struct fixture {
    struct stack *s;
    struct nodes *nodes;
};

static struct fixture begin(void)
{
    struct fixture f = {.s = stack_new(NULL, 0, NULL)};

    f.nodes = nodes_new(f.s->tree);
    assert_non_null(f.nodes);
    return f;
}

static void end(struct fixture *f)
{
    nodes_free(f->nodes);
    stack_free(f->s);
}

static struct place place_in(struct node *dir, const char *name)
{
    struct place place;

    assert_int_equal(place_child(&dir->place, name, &place), 0);
    return place;
}

/* LOOKUP with nothing at hand. */
static struct node *lookup(struct fixture *f, struct node *dir, const char *name)
{
    struct place place = place_in(dir, name);
    struct node *node = nodes_find_or_make(f->nodes, dir, &place);

    assert_non_null(node);
    node->nlookup++;
    return node;
}

/* LOOKUP with content at hand: a view of this text. */
static struct node *show(struct fixture *f, struct node *dir, const char *name, const char *text)
{
    struct place place = place_in(dir, name);
    struct view view = {.snapshot = text ? snapshot_new(text, strlen(text), NULL) : NULL, .id = 7, .mtime = {100, 5}};
    struct node *node = nodes_show(f->nodes, dir, &place, &view);

    view_clear(&view);
    assert_non_null(node);
    node->nlookup++;
    return node;
}

static struct node *dir_of(struct fixture *f, const char *path)
{
    struct node *node = nodes_root(f->nodes);
    char copy[128], *rest = copy, *name;

    (void)snprintf(copy, sizeof(copy), "%s", path);
    while ((name = strsep(&rest, "/")))
        node = lookup(f, node, name);
    return node;
}

static void test_the_root(void **state)
{
    struct fixture f = begin();
    struct node *root = nodes_root(f.nodes);

    (void)state;
    assert_int_equal(root->nodeid, 1);
    assert_true(root->bound && root->current);
    assert_ptr_equal(nodes_get(f.nodes, 1), root);
    assert_null(nodes_get(f.nodes, 0));
    assert_null(nodes_get(f.nodes, 2));
    assert_null(nodes_get(f.nodes, UINT64_MAX));
    nodes_forget(f.nodes, root, 5); /* the kernel never does; it would stay */
    nodes_drop_unused(f.nodes, root);
    assert_int_equal(nodes_count(f.nodes), 1);
    end(&f);
}

static void test_unbound_is_bound_once_and_for_all(void **state)
{
    struct fixture f = begin();
    struct node *dir = dir_of(&f, "billing"), *node = lookup(&f, dir, "balance");
    struct view one = {.snapshot = snapshot_new("1\n", 2, NULL), .mtime = {10, 0}},
                two = {.snapshot = snapshot_new("2\n", 2, NULL), .mtime = {20, 0}};

    (void)state;
    assert_false(node->bound);
    assert_null(node->snapshot);
    assert_ptr_equal(lookup(&f, dir, "balance"), node);
    node_bind(node, &one);
    assert_true(node->bound);
    node_bind(node, &two);
    assert_text(node->snapshot, "1\n");
    assert_int_equal(node->mtime.tv_sec, 10);
    view_clear(&one);
    view_clear(&two);
    assert_text(node->snapshot, "1\n"); /* it has a hold of its own */
    end(&f);
}

static void test_content_at_hand_binds_the_unbound_node(void **state)
{
    struct fixture f = begin();
    struct node *dir = dir_of(&f, "billing"), *node = lookup(&f, dir, "balance");

    (void)state;
    assert_ptr_equal(show(&f, dir, "balance", "1\n"), node);
    assert_true(node->bound);
    assert_int_equal(node->mtime.tv_sec, 100);
    end(&f);
}

/* "Equal bytes keep the inode": of an `ls -l` after each renewal. */
static void test_equal_bytes_keep_the_node(void **state)
{
    struct fixture f = begin();
    struct node *dir = dir_of(&f, "billing"), *node = show(&f, dir, "balance", "1\n");

    (void)state;
    assert_ptr_equal(show(&f, dir, "balance", "1\n"), node);
    assert_text(node->snapshot, "1\n");
    assert_int_equal(nodes_count(f.nodes), 3);
    assert_true(node->current);
    end(&f);
}

static void test_other_bytes_are_another_node(void **state)
{
    struct fixture f = begin();
    struct node *dir = dir_of(&f, "billing"), *old = show(&f, dir, "balance", "1\n");
    uint64_t id = old->nodeid;
    struct node *new = show(&f, dir, "balance", "2\n");

    (void)state;
    assert_ptr_not_equal(new, old);
    assert_true(new->nodeid > id);
    assert_ptr_equal(nodes_current(f.nodes, dir, "balance"), new);
    assert_false(old->current);
    assert_ptr_equal(nodes_get(f.nodes, id), old); /* for those who have it */
    assert_text(old->snapshot, "1\n");
    assert_text(new->snapshot, "2\n");
    nodes_forget(f.nodes, old, 1);
    assert_null(nodes_get(f.nodes, id));
    assert_ptr_equal(nodes_current(f.nodes, dir, "balance"), new);

    /* The old bytes again are a new node once more: numbers are never used twice. */
    uint64_t last = new->nodeid;
    assert_true(show(&f, dir, "balance", "1\n")->nodeid > last);
    end(&f);
}

/* What nobody has looked up goes as soon as another takes its place. */
static void test_an_unused_node_goes_when_it_is_replaced(void **state)
{
    struct fixture f = begin();
    struct node *dir = dir_of(&f, "billing"), *old = show(&f, dir, "balance", "1\n");

    (void)state;
    old->nlookup = 0;
    show(&f, dir, "balance", "2\n");
    assert_int_equal(nodes_count(f.nodes), 3);
    end(&f);
}

static void test_links_show_where_they_lead(void **state)
{
    struct fixture f = begin();
    struct node *dir = dir_of(&f, "by/invoice-number"), *link = show(&f, dir, "A.json", NULL);
    struct place place = place_in(dir, "A.json");
    struct view other = {.id = 8};

    (void)state;
    assert_int_equal(link->target, 7);
    assert_ptr_equal(show(&f, dir, "A.json", NULL), link);
    struct node *new = nodes_show(f.nodes, dir, &place, &other);
    assert_ptr_not_equal(new, link);
    assert_int_equal(new->target, 8);
    assert_int_equal(link->target, 7);
    end(&f);
}

static void test_forget(void **state)
{
    struct fixture f = begin();
    struct node *dir = dir_of(&f, "billing/invoices"), *node = show(&f, dir, "5.json", "{}\n");
    size_t n = nodes_count(f.nodes);
    uint64_t id = node->nodeid;

    (void)state;
    show(&f, dir, "5.json", "{}\n");
    show(&f, dir, "5.json", "{}\n");
    nodes_forget(f.nodes, node, 2);
    assert_ptr_equal(nodes_get(f.nodes, id), node);
    node_hold(node); /* a request waits on it */
    nodes_forget(f.nodes, node, 1);
    assert_ptr_equal(nodes_get(f.nodes, id), node);
    node_release(f.nodes, node);
    assert_null(nodes_get(f.nodes, id));
    assert_null(nodes_current(f.nodes, dir, "5.json"));
    assert_int_equal(nodes_count(f.nodes), n - 1);

    node = lookup(&f, dir, "5.json");
    assert_true(node->nodeid > id);
    nodes_forget(f.nodes, node, 1000); /* more than it ever had */
    assert_int_equal(nodes_count(f.nodes), n - 1);
    end(&f);
}

/* "Directories keep one inode for life", whatever is forgotten; those that turned out not to be there do not. */
static void test_directories_live(void **state)
{
    struct fixture f = begin();
    struct node *services = dir_of(&f, "services"), *gone, *seen;
    uint64_t id;

    (void)state;
    assert_true(services->bound);
    seen = lookup(&f, services, "5");
    assert_false(seen->bound);
    node_bind(seen, &(struct view){.mtime = {50, 0}});
    assert_true(seen->bound);
    assert_int_equal(seen->mtime.tv_sec, 50);
    id = seen->nodeid;
    node_bind(seen, &(struct view){.mtime = {60, 0}});
    assert_int_equal(seen->mtime.tv_sec, 50); /* its mtime is the session's to move */
    nodes_forget(f.nodes, seen, 1);
    nodes_forget(f.nodes, services, 1);
    assert_ptr_equal(nodes_get(f.nodes, id), seen);
    assert_ptr_equal(show(&f, services, "5", NULL), seen);

    gone = lookup(&f, services, "6");
    id = gone->nodeid;
    nodes_forget(f.nodes, gone, 1);
    assert_null(nodes_get(f.nodes, id));
    end(&f);
}

static void test_parents_outlive_children(void **state)
{
    struct fixture f = begin();
    struct node *services = dir_of(&f, "services"), *dir = lookup(&f, services, "6");
    struct node *file = lookup(&f, dir, "info.json"), *other = lookup(&f, dir, "cdn");
    uint64_t id = dir->nodeid;

    (void)state;
    nodes_forget(f.nodes, dir, 1);
    assert_ptr_equal(nodes_get(f.nodes, id), dir);
    nodes_forget(f.nodes, other, 1); /* a directory by its name alone: stays, and keeps what is above */
    nodes_forget(f.nodes, file, 1);
    assert_ptr_equal(nodes_get(f.nodes, id), dir);
    assert_ptr_equal(nodes_current(f.nodes, dir, "cdn"), other);

    dir = lookup(&f, services, "7");
    file = lookup(&f, dir, "info.json");
    id = dir->nodeid;
    nodes_forget(f.nodes, dir, 1);
    size_t n = nodes_count(f.nodes);
    nodes_forget(f.nodes, file, 1);
    assert_null(nodes_get(f.nodes, id));
    assert_int_equal(nodes_count(f.nodes), n - 2);
    end(&f);
}

/* Two nodes of one path, and a child of the directory that is gone from its list in any order. */
static void test_children_come_and_go_in_any_order(void **state)
{
    struct fixture f = begin();
    struct node *dir = dir_of(&f, "billing/invoices"), *nodes[200];
    size_t before = nodes_count(f.nodes);
    char name[32];

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        (void)snprintf(name, sizeof(name), "%u.json", i);
        nodes[i] = show(&f, dir, name, name);
    }
    for (unsigned i = 0; i < 200; i++)
        nodes_forget(f.nodes, nodes[i * 77 % 200], 1);
    assert_int_equal(nodes_count(f.nodes), before);
    assert_null(nodes_current(f.nodes, dir, "0.json"));
    end(&f);
}

/* The search for a node is left out for ids above all that have been shown. */
static void test_ids_are_found_again_in_any_order(void **state)
{
    static const char *const names[] = {"5.json", "9.json", "7.json", "0.json", "8.json"};
    struct node *made[sizeof(names) / sizeof(names[0])];
    struct fixture f = begin();
    struct node *dir = dir_of(&f, "billing/invoices");

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        made[i] = show(&f, dir, names[i], names[i]);
        for (size_t k = 0; k <= i; k++)
            assert_ptr_equal(show(&f, dir, names[k], names[k]), made[k]);
    }
    end(&f);
}

/* Numbers count up past any size of the table, and old ones are nobody's. */
static void test_numbers_are_never_used_twice(void **state)
{
    struct fixture f = begin();
    struct node *dir = dir_of(&f, "billing"), *kept = show(&f, dir, "balance.json", "{}\n");
    uint64_t last = kept->nodeid, first = last + 1;

    (void)state;
    for (unsigned i = 0; i < 40000; i++) {
        struct node *node = lookup(&f, dir, "balance");

        assert_int_equal(node->nodeid, last + 1);
        last = node->nodeid;
        nodes_forget(f.nodes, node, 1);
    }
    for (uint64_t id = first; id <= last + 5000; id++)
        assert_null(nodes_get(f.nodes, id));
    assert_ptr_equal(nodes_get(f.nodes, kept->nodeid), kept);
    end(&f);
}

/* A command's node is its handle: one each LOOKUP, gone with FORGET, and what it kept is recorded. */
static void test_commands_are_minted(void **state)
{
    struct fixture f = begin();
    struct node *dir = dir_of(&f, "services/5/cdn"), *nodes[16];
    size_t before = nodes_count(f.nodes);

    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        struct place place = place_in(dir, "purge");

        nodes[i] = nodes_mint(f.nodes, dir, &place);
        assert_non_null(nodes[i]);
        nodes[i]->nlookup = 1;
        nodes[i]->handle = purge_handle_new(tree_purges(f.s->tree), 5);
        assert_true(i == 0 || nodes[i]->nodeid > nodes[i - 1]->nodeid);
    }
    assert_null(nodes_current(f.nodes, dir, "purge"));
    assert_int_equal(nodes_count(f.nodes), before + 16);
    for (unsigned i = 0; i < 16; i++)
        nodes_forget(f.nodes, nodes[i], 1);
    assert_int_equal(nodes_count(f.nodes), before);
    end(&f);
}

/* One inode for life, also after the kernel has forgotten it, while snapshots of the same name would be new nodes. */
static void test_a_file_that_grows_keeps_its_node(void **state)
{
    struct fixture f = begin();
    struct node *dir = dir_of(&f, "services/5/cdn"), *node = show(&f, dir, "purge.log", NULL);
    uint64_t id = node->nodeid;

    (void)state;
    assert_true(node->bound && node->current && node_grows(node));
    assert_null(node_snapshot(node));
    assert_ptr_equal(show(&f, dir, "purge.log", NULL), node);
    nodes_forget(f.nodes, node, 2);
    assert_ptr_equal(nodes_get(f.nodes, id), node);
    assert_ptr_equal(show(&f, dir, "purge.log", NULL), node);
    /* One that nothing was shown of goes like any other. */
    dir = dir_of(&f, "services/6/cdn");
    node = lookup(&f, dir, "purge.log");
    id = node->nodeid;
    nodes_forget(f.nodes, node, 1);
    assert_null(nodes_get(f.nodes, id));
    end(&f);
}

/* A name that was cut says only with the list at hand what it stands for; the node that lives on must learn it. */
static void test_a_node_learns_what_its_name_stands_for(void **state)
{
    struct fixture f = begin();
    char product[301], name[NAMES_MAX + 1], body[512];

    (void)state;
    memset(product, 'p', 300);
    product[300] = '\0';
    names_encode(product, 300, "", name);
    struct node *dir = dir_of(&f, "by/service-product"), *node = lookup(&f, dir, name);
    assert_null(node->place.text);

    (void)snprintf(body, sizeof(body), "[{\"id\":1,\"productName\":\"%s\"}]", product);
    seed(stack_document(f.s, OP_SERVICES), body);
    struct place place = place_in(dir, name);
    struct view view = {.snapshot = NULL};
    assert_int_equal(tree_peek(f.s->tree, &place, &view), 1);
    assert_ptr_equal(nodes_show(f.nodes, dir, &place, &view), node);
    assert_non_null(node->place.text);
    assert_string_equal(node->place.text, product);

    struct place child = place_in(node, "1");
    assert_int_equal(tree_peek(f.s->tree, &child, &view), 1);
    assert_int_equal(view.id, 1);
    end(&f);
}

static void count_nodes(void *data, struct node *node)
{
    assert_true(node->nodeid > 0);
    ++*(size_t *)data;
}

static void test_each_and_the_end(void **state)
{
    struct fixture f = begin();
    struct node *dir = dir_of(&f, "billing/invoices");
    size_t n = 0;

    (void)state;
    show(&f, dir, "5.json", "1");
    show(&f, dir, "5.json", "2");
    lookup(&f, dir, "6.json");
    nodes_each(f.nodes, count_nodes, &n);
    assert_int_equal(n, nodes_count(f.nodes));
    assert_int_equal(n, 6);
    nodes_free(NULL);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_root),
        cmocka_unit_test(test_unbound_is_bound_once_and_for_all),
        cmocka_unit_test(test_content_at_hand_binds_the_unbound_node),
        cmocka_unit_test(test_equal_bytes_keep_the_node),
        cmocka_unit_test(test_other_bytes_are_another_node),
        cmocka_unit_test(test_an_unused_node_goes_when_it_is_replaced),
        cmocka_unit_test(test_links_show_where_they_lead),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_directories_live),
        cmocka_unit_test(test_parents_outlive_children),
        cmocka_unit_test(test_children_come_and_go_in_any_order),
        cmocka_unit_test(test_ids_are_found_again_in_any_order),
        cmocka_unit_test(test_numbers_are_never_used_twice),
        cmocka_unit_test(test_commands_are_minted),
        cmocka_unit_test(test_a_file_that_grows_keeps_its_node),
        cmocka_unit_test(test_a_node_learns_what_its_name_stands_for),
        cmocka_unit_test(test_each_and_the_end),
    };

    return cmocka_run_group_tests_name("nodes", tests, NULL, NULL);
}
