/* SPDX-License-Identifier: MIT */
/*
 * Reports: tables and sums that are worked out of invoices and services, and the tables of nested lists.
 */
#include "stack.h"
#include "tree/render.h"
#include "tree/unpaid.h"

#include <sys/syscall.h>
#include <unistd.h>

/* Seconds since 1970 that the time of day stands at; 0: it is the machine's. */
static time_t wall_s;

/* Stands in for the C library's, for all of this program. */
int clock_gettime(clockid_t id, struct timespec *ret)
{
    if (id == CLOCK_REALTIME && wall_s) {
        *ret = (struct timespec){wall_s, 250000000};
        return 0;
    }
    return (int)syscall(SYS_clock_gettime, id, ret);
}

#define NOON_2026_11_27 ((time_t)1795780800)
#define DAY_S           86400

struct fixture {
    struct stack *s;
    struct renderer *renderer;
};

static struct fixture begin_with(const char *const *settings)
{
    struct fixture f = {.s = stack_new(NULL, 0, settings)};

    wall_s = NOON_2026_11_27;
    f.renderer = renderer_new(f.s->loop, f.s->endpoints);
    assert_non_null(f.renderer);
    return f;
}

static struct fixture begin(void)
{
    return begin_with(NULL);
}

static void end(struct fixture *f)
{
    renderer_free(f->renderer);
    stack_free(f->s);
    wall_s = 0;
}

/* The document's text, however many slices it takes. Borrowed. */
static struct snapshot *text_of(struct fixture *f, struct document *document, enum route_render how)
{
    struct snapshot *text = NULL;
    int r;

    while ((r = renderer_get(f->renderer, document, how, &text)) == 0) {
        struct reader reader = {0};
        struct render_wait wait = {.fn = reader_called, .data = &reader};

        assert_int_equal(renderer_wait(f->renderer, document, how, &wait), 0);
        await(f->s, reader.calls);
        assert_int_equal(reader.error, 0);
    }
    assert_int_equal(r, 1);
    return text;
}

struct row {
    const char *body, *text;
};

/* In bodies, ' stands for ". */
static void seed_quoted(struct document *document, const char *body)
{
    char *quoted = strdup(body);

    assert_non_null(quoted);
    for (char *p = quoted; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    seed(document, quoted);
    free(quoted);
}

/* Each body, as an answer of the operation, has this text. */
static void check(enum operation operation, enum route_render how, const struct row *rows, size_t n)
{
    struct fixture f = begin();

    for (size_t i = 0; i < n; i++) {
        struct document *document = stack_document(f.s, operation);

        seed_quoted(document, rows[i].body);
        assert_text(text_of(&f, document, how), rows[i].text);
    }
    end(&f);
}

#define CHECK(operation, how, rows) check(operation, how, rows, sizeof(rows) / sizeof((rows)[0]))

/* ---- reports/unpaid.csv ---- */

#define UNPAID "due,days_left,id,number,date,total,currency\r\n"

static void unpaid_invoices_are_in_order_of_due_date(void **state)
{
    static const struct row rows[] = {
        {"[]", UNPAID},
        {"[{'id':1,'status':'Paid','duedate':'2026-12-01'}]", UNPAID},
        {"[{'id':9,'invoicenum':'A-9','status':'Unpaid','date':'2026-11-20','duedate':'2026-12-04','total':'64.00',"
         "'currency':'EUR'},{'id':3,'status':'unpaid','dueDate':'2026-11-26','total':5},"
         "{'id':2,'status':'UNPAID','due_date':'2026-11-26 10:00:00','date':'2026-10-01T00:00:00+02:00'}]",
         UNPAID "2026-11-26,-1,2,,2026-10-01,,\r\n2026-11-26,-1,3,,,5,\r\n2026-12-04,7,9,A-9,2026-11-20,64.00,EUR\r\n"},
        {"[{'id':4,'status':'Unpaid','duedate':'0000-00-00','date':'2026-02-30'},{'id':5,'status':'Unpaid'},"
         "{'id':6,'status':'Unpaid','duedate':null},{'id':1,'status':'Unpaid','duedate':'2026-11-27'},"
         "{'id':3,'status':'Unpaid','duedate':'=soon'}]",
         UNPAID "2026-11-27,0,1,,,,\r\n,,3,,,,\r\n,,4,,,,\r\n,,5,,,,\r\n,,6,,,,\r\n"},
        {"[{'status':'Unpaid','duedate':'2026-11-28','total':'b'},{'id':7,'status':'Unpaid','duedate':'2026-11-28'},"
         "{'id':'A 1','status':'Unpaid','duedate':'2026-11-28','total':'1,5'}]",
         UNPAID "2026-11-28,1,7,,,,\r\n2026-11-28,1,,,,b,\r\n2026-11-28,1,A 1,,,\"1,5\",\r\n"},
        {"[{'id':1,'status':'Unpaid','duedate':'2026-12-01','date':'2026-11-01T00:00:00.000000000000000000000+00:00'}]",
         UNPAID "2026-12-01,4,1,,2026-11-01,,\r\n"},
        {"[{'id':1,'status':'Payment Pending','duedate':'2026-12-01'},{'id':2,'duedate':'2026-12-01'}]", UNPAID},
        {"[{'id':1,'status':'Unpaid','duedate':'2026-11-01','duedate':'2027-11-27','total':['x'],'currency':{}}]",
         UNPAID "2027-11-27,365,1,,,,\r\n"},
    };

    (void)state;
    CHECK(OP_INVOICES, RENDER_UNPAID, rows);
}

/* At midnight, UTC, the days that are left change without another answer of the API; what shows no days stays. */
static void a_day_ends_at_midnight(void **state)
{
    struct fixture f = begin();
    struct document *document = stack_document(f.s, OP_INVOICES);

    (void)state;
    seed(document, "[{\"id\":1,\"status\":\"Unpaid\",\"duedate\":\"2026-11-28\",\"total\":\"1.00\"}]");
    wall_s = NOON_2026_11_27 + DAY_S / 2 - 1;
    struct snapshot *before = snapshot_ref(text_of(&f, document, RENDER_UNPAID));
    struct snapshot *sums = text_of(&f, document, RENDER_UNPAID_SUMS);
    assert_text(before, UNPAID "2026-11-28,1,1,,,1.00,\r\n");
    assert_ptr_equal(text_of(&f, document, RENDER_UNPAID), before);
    assert_int_equal(before->mtime.tv_sec, document->changed.tv_sec);
    assert_in_range(render_until(RENDER_UNPAID) - clock_ms(), 700, 751);
    assert_true(render_until(RENDER_SPEND) == CLOCK_NEVER);
    wall_s++;
    struct snapshot *after = text_of(&f, document, RENDER_UNPAID);
    assert_text(after, UNPAID "2026-11-28,0,1,,,1.00,\r\n");
    assert_int_equal(after->mtime.tv_sec, NOON_2026_11_27 + DAY_S / 2);
    assert_ptr_equal(text_of(&f, document, RENDER_UNPAID_SUMS), sums); /* the same bytes */
    snapshot_unref(before);
    end(&f);
}

/* ---- reports/renewals.csv ---- */

#define RENEWALS "due,id,product,name,amount,currency,billing_cycle\r\n"

static void services_are_in_order_of_renewal(void **state)
{
    static const struct row rows[] = {
        {"[]", RENEWALS},
        {"[{'id':2,'productName':'CDN','domain':'a.example','amount':'49.00','currency':'EUR','billingCycle':'Monthly',"
         "'nextDueDate':'2026-12-01','status':'Active'},{'id':1,'name':'VPS','nextduedate':'2026-11-01',"
         "'recurringAmount':-5,'currencyCode':'USD','billingcycle':'One Time','hostname':'=b'},"
         "{'id':3,'nextDueDate':'never'},{'id':4,'nextDueDate':'2026-12-01T10:00:00Z','status':'Suspended'}]",
         RENEWALS "2026-11-01,1,VPS,\"'=b\",-5,USD,One Time\r\n2026-12-01,2,CDN,a.example,49.00,EUR,Monthly\r\n"
                  "2026-12-01,4,,,,,\r\n,3,,,,,\r\n"},
    };

    (void)state;
    CHECK(OP_SERVICES, RENDER_RENEWALS, rows);
}

/* ---- billing/unpaid ---- */

static void what_is_unpaid_is_summed_by_currency(void **state)
{
    static const struct row rows[] = {
        {"[]", ""},
        {"[{'id':1,'status':'Paid','total':'5.00','currency':'EUR'}]", ""},
        {"[{'id':1,'status':'Unpaid','total':'800.00','currency':'EUR'},"
         "{'id':2,'status':'unpaid','total':25,'currency':'EUR'},"
         "{'id':3,'status':'Unpaid','total':'0.1','currencyCode':'CHF'},"
         "{'id':4,'status':'Unpaid','total':'0.2','currencyCode':'CHF'},"
         "{'id':5,'status':'Unpaid','total':'1.005','currency':'USD'},"
         "{'id':6,'status':'Paid','total':'1.005','currency':'USD'}]",
         "0.30 CHF\n825.00 EUR\n1.005 USD\n"},
        {"[{'id':1,'status':'Unpaid','total':'1e3','currency':'EUR'},{'id':2,'status':'Unpaid','total':'2'}]",
         "2.00\n0.00 EUR\n"},
        {"[{'id':1,'status':'Unpaid','total':'-5.00','currency':'EUR'},"
         "{'id':2,'status':'Unpaid','total':'5','currency':'EUR'}]",
         "0.00 EUR\n"},
        {"[{'id':1,'status':'Unpaid','total':'9007199254740993.10','currency':'E\\u0055R'},"
         "{'id':2,'status':'Unpaid','total':'0.01','currency':'EUR'}]",
         "9007199254740993.11 EUR\n"},
    };

    (void)state;
    CHECK(OP_INVOICES, RENDER_UNPAID_SUMS, rows);
}

static void overdue_invoices_are_counted(void **state)
{
    struct fixture f = begin();
    struct document *document = stack_document(f.s, OP_INVOICES);
    const struct rendition *rendition = NULL;

    (void)state;
    seed_quoted(document, "[{'id':1,'status':'Unpaid','duedate':'2026-11-26'},{'id':2,'status':'Unpaid'},"
                          "{'id':3,'status':'Unpaid','duedate':'2026-11-27'},"
                          "{'id':4,'status':'Paid','duedate':'2020-01-01'},"
                          "{'id':5,'status':'Unpaid','duedate':'0000-00-00'}]");
    struct snapshot *text = text_of(&f, document, RENDER_UNPAID_SUMS);
    for (unsigned i = 0; i < DOCUMENT_RENDITIONS; i++)
        rendition = document->renditions[i].text == text ? &document->renditions[i] : rendition;
    assert_non_null(rendition);
    assert_int_equal(rendition->tally, 1);
    wall_s += DAY_S;
    (void)text_of(&f, document, RENDER_UNPAID_SUMS);
    assert_int_equal(rendition->tally, 2);
    end(&f);
}

static void assert_slice(struct json_slice slice, const char *text)
{
    assert_int_equal(slice.len, strlen(text));
    assert_memory_equal(slice.at, text, slice.len);
}

/* What metrics are made of: nothing without a list of invoices, and never a request. */
static void what_is_unpaid_is_known_without_a_request(void **state)
{
    struct fixture f = begin();
    struct unpaid unpaid;
    struct unpaid_sum sum;

    (void)state;
    assert_false(unpaid_peek(f.s->tree, &unpaid));
    struct document *document = stack_document(f.s, OP_INVOICES);
    assert_false(unpaid_peek(f.s->tree, &unpaid));
    seed(document, "[]");
    assert_true(unpaid_peek(f.s->tree, &unpaid));
    assert_int_equal(unpaid.overdue, 0);
    assert_false(unpaid_next(&unpaid, &sum));
    seed_quoted(document,
                "[{'id':1,'status':'Unpaid','total':'0.1','currency':'US\\nD x','duedate':'2026-11-26'},"
                "{'id':2,'status':'Unpaid','total':'5'},{'id':3,'status':'Unpaid','total':'-7','currency':'EUR'}]");
    assert_true(unpaid_peek(f.s->tree, &unpaid));
    assert_int_equal(unpaid.overdue, 1);
    assert_true(unpaid_next(&unpaid, &sum));
    assert_slice(sum.amount, "5.00");
    assert_slice(sum.currency, "");
    assert_true(unpaid_next(&unpaid, &sum));
    assert_slice(sum.amount, "-7.00");
    assert_slice(sum.currency, "EUR");
    assert_true(unpaid_next(&unpaid, &sum));
    assert_slice(sum.amount, "0.10");
    assert_slice(sum.currency, "US D x");
    assert_false(unpaid_next(&unpaid, &sum));
    document_expire(document); /* an expired list is at hand all the same */
    assert_true(unpaid_peek(f.s->tree, &unpaid));
    end(&f);
}

/* ---- reports/spend-by-month.csv ---- */

#define SPEND "month,currency,invoices,total,paid,unpaid,cancelled,refunded,other\r\n"

static void spending_is_summed_by_month(void **state)
{
    static const struct row rows[] = {
        {"[]", SPEND},
        {"[{'id':1,'status':'Paid','date':'2026-10-31','total':'10.00','currency':'EUR'},"
         "{'id':2,'status':'UNPAID','date':'2026-10-01 00:00:00','total':'0.1','currency':'EUR'},"
         "{'id':3,'status':'Cancelled','date':'2026-10-01','total':'0.2','currency':'EUR'},"
         "{'id':4,'status':'refunded','date':'2026-10-01','total':'-3','currency':'EUR'},"
         "{'id':5,'status':'Draft','date':'2026-10-01','total':'0.005','currency':'EUR'},"
         "{'id':6,'date':'2026-10-01','total':'1','currency':'EUR'},"
         "{'id':7,'status':'Paid','date':'2026-10-01','total':'7','currency':'CHF'},"
         "{'id':8,'status':'Paid','date':'2025-12-31','total':'8','currency':'USD'},"
         "{'id':9,'status':'Paid','date':'2026-02-30','total':'9','currency':'USD'},"
         "{'id':10,'status':'Paid','total':'1,234.50','currency':'EUR'}]",
         SPEND ",EUR,1,0.00,0.00,0.00,0.00,0.00,0.00\r\n,USD,1,9.00,9.00,0.00,0.00,0.00,0.00\r\n"
               "2025-12,USD,1,8.00,8.00,0.00,0.00,0.00,0.00\r\n2026-10,CHF,1,7.00,7.00,0.00,0.00,0.00,0.00\r\n"
               "2026-10,EUR,6,8.305,10.00,0.10,0.20,-3.00,1.005\r\n"},
        {"[{'id':1,'status':'Paid','date':'2026-10-31','total':'10.00','currency':'+X,Y'},"
         "{'id':2,'status':'Paid','date':'2026-10-31','total':'10.00'}]",
         SPEND "2026-10,,1,10.00,10.00,0.00,0.00,0.00,0.00\r\n"
               "2026-10,\"'+X,Y\",1,10.00,10.00,0.00,0.00,0.00,0.00\r\n"},
    };

    (void)state;
    CHECK(OP_INVOICES, RENDER_SPEND, rows);
}

/* ---- amounts that are no plain decimal numbers ---- */

static void odd_amounts_are_named_once(void **state)
{
    struct fixture f = begin();
    struct document *document = stack_document(f.s, OP_INVOICES);

    (void)state;
    seed_quoted(document, "[{'id':7,'status':'Unpaid','total':'1e3'},{'id':8,'status':'Paid','total':'5'}]");
    (void)text_of(&f, document, RENDER_UNPAID_SUMS);
    assert_int_equal(logged("invoice 7: its total, \"1e3\", is no plain decimal number; the sums"), 1);
    (void)text_of(&f, document, RENDER_SPEND);
    (void)text_of(&f, document, RENDER_UNPAID);
    wall_s += DAY_S;
    (void)text_of(&f, document, RENDER_UNPAID_SUMS);
    assert_int_equal(logged("no plain decimal number"), 1);

    /* Those that a report meets first, and one that meets more. */
    seed_quoted(document, "[{'id':6,'status':'Paid','total':'1,5'},{'id':7,'status':'Unpaid','total':null},"
                          "{'id':8,'status':'Paid','total':''}]");
    (void)text_of(&f, document, RENDER_UNPAID_SUMS);
    assert_int_equal(logged("invoice 7: its total, null, is no plain decimal number; the sums"), 1);
    (void)text_of(&f, document, RENDER_SPEND);
    assert_int_equal(
        logged("invoice 6: its total, \"1,5\", is no plain decimal number, and 2 more are like it; the sums"), 1);
    assert_int_equal(logged("no plain decimal number"), 3);

    seed_quoted(document, "[{'status':'Paid'}]");
    (void)text_of(&f, document, RENDER_SPEND);
    assert_int_equal(logged("an invoice without a usable id: it has no total; the sums"), 1);
    end(&f);
}

/* ---- names from [endpoints] ---- */

static void names_are_configured(void **state)
{
    static const char *const settings[] = {"invoices.field.total=sum",     "invoices.field.due=until",
                                           "invoices.field.currency=cur",  "invoices.id=no",
                                           "invoices.field.items=lines",   "services.field.cycle=every",
                                           "products.field.prices=costs",  "products.field.name=title",
                                           "products.field.options=extra", NULL};
    struct fixture f = begin_with(settings);
    struct document *document = stack_document(f.s, OP_INVOICES);

    (void)state;
    seed_quoted(document,
                "[{'no':1,'status':'Unpaid','until':'2026-11-28','duedate':'2026-12-24','sum':'5','total':'6',"
                "'cur':'EUR','currency':'USD','lines':[{'a':1}],'items':[{'a':2}]}]");
    assert_text(text_of(&f, document, RENDER_UNPAID), UNPAID "2026-11-28,1,1,,,5,EUR\r\n");
    assert_text(text_of(&f, document, RENDER_UNPAID_SUMS), "5.00 EUR\n");
    assert_text(text_of(&f, document, RENDER_INVOICE_ITEMS), "invoice,a\r\n1,1\r\n");
    document = stack_document(f.s, OP_SERVICES);
    seed_quoted(document, "[{'id':1,'every':'Monthly','billingCycle':'x'}]");
    assert_text(text_of(&f, document, RENDER_RENEWALS), RENEWALS ",1,,,,,Monthly\r\n");
    document = stack_document(f.s, OP_PRODUCTS);
    seed_quoted(document, "[{'title':'A','name':'B','costs':{'EUR':{'monthly':'1'}},'pricing':{'USD':{'monthly':'2'}},"
                          "'extra':['c'],'options':['d']}]");
    assert_text(text_of(&f, document, RENDER_PRODUCT_PRICES),
                "id,product,currency,cycle,price,setup_fee\r\n,A,EUR,monthly,1,\r\n");
    assert_text(text_of(&f, document, RENDER_PRODUCT_OPTIONS), "id,product,option,choice\r\n,A,c,\r\n");
    end(&f);
}

/* ---- nested lists ---- */

static void elements_of_invoices_are_rows(void **state)
{
    static const struct row rows[] = {
        {"[]", "invoice\r\n"},
        {"[{'id':1},{'id':2,'items':null},{'id':3,'items':[]},{'id':4,'items':{}},{'id':5,'items':''}]", "invoice\r\n"},
        {"[{'id':1,'items':[{'id':4,'amount':'1.00'},{'amount':'=2','note':'a,b','more':{'x':1}}]},"
         "{'id':2,'invoiceItems':[{'note':null,'taxed':true}]}]",
         "invoice,id,amount,note,taxed\r\n1,4,1.00,,\r\n1,,\"'=2\",\"a,b\",\r\n2,,,,true\r\n"},
        {"[{'id':1,'items':{'item':[{'a':1},{'a':2}]}},{'id':2,'items':{'a':3,'b':[1]}},"
         "{'id':3,'items':{'item':{'a':4}}},{'id':4,'items':{'0':{'a':5},'2':{'a':6}}}]",
         "invoice,a\r\n1,1\r\n1,2\r\n2,3\r\n3,4\r\n4,5\r\n4,6\r\n"},
        {"[{'id':1,'items':['x',{'a':1},7,null,[1]]},{'id':'B','items':[{'invoice':9}]}]",
         "invoice,value,a,item_invoice\r\n1,x,,\r\n1,,1,\r\n1,7,,\r\n1,,,\r\n1,,,\r\nB,,,9\r\n"},
    };
    static const struct row transactions[] = {
        {"[{'id':1,'items':[{'a':1}],'transactions':[{'transid':'ch_1','invoice':1}]}]",
         "invoice,transid,transaction_invoice\r\n1,ch_1,1\r\n"},
    };

    (void)state;
    CHECK(OP_INVOICES, RENDER_INVOICE_ITEMS, rows);
    CHECK(OP_INVOICES, RENDER_INVOICE_TRANSACTIONS, transactions);
}

#define PRICES "id,product,currency,cycle,price,setup_fee\r\n"

static void prices_of_products_are_rows(void **state)
{
    static const struct row rows[] = {
        {"[]", PRICES},
        {"[{'name':'A','pricing':[{'currency':'EUR','details':{'msetupfee':'1.00','qsetupfee':'-1.00','asetupfee':null,"
         "'monthly':'410.00','quarterly':'1230.00','semiannually':'-1.00','annually':-1,'biennially':null,"
         "'triennially':''}},{'currency':'USD','details':{'monthly':440}}]}]",
         PRICES ",A,EUR,monthly,410.00,1.00\r\n,A,EUR,quarterly,1230.00,\r\n,A,USD,monthly,440,\r\n"},
        {"[{'id':3,'name':'=A','pricing':{'EUR':{'prefix':'x','suffix':' EUR','msetupfee':'0.00','monthly':'5.00'},"
         "'USD':{'details':{'annually':'7.00','setupfee':'2.00'}}}}]",
         PRICES "3,\"'=A\",EUR,monthly,5.00,0.00\r\n3,\"'=A\",USD,annually,7.00,2.00\r\n"},
        {"[{'pid':'4','name':'B','prices':[{'currency':'EUR','monthly':'5.00','mSetupFee':'1'},"
         "{'code':'CHF','onetime':'9'}]},{'name':'C','pricing':{'currency':'EUR','monthly':'1'}},"
         "{'name':'D','pricing':{'monthly':'2'}},{'name':'E','pricing':{'price':[{'currency':'EUR','monthly':'3'}]}}]",
         PRICES "4,B,EUR,monthly,5.00,1\r\n4,B,CHF,onetime,9,\r\n,C,EUR,monthly,1,\r\n,D,,monthly,2,\r\n"
                ",E,EUR,monthly,3,\r\n"},
        {"[{'name':'A','pricing':[]},{'name':'B','pricing':null},{'name':'C'},{'name':'D','pricing':[{'currency':'EUR',"
         "'details':[]}]},{'name':'E','pricing':{'EUR':[]}},{'name':'F','pricing':'5.00'},"
         "{'name':'G','pricing':[{'currency':'EUR','recurring':true,'monthly':{'x':1}}]}]",
         PRICES},
    };

    (void)state;
    CHECK(OP_PRODUCTS, RENDER_PRODUCT_PRICES, rows);
    /* A currency without prices takes none from the others, and a list below a currency is of that currency. */
    static const struct row odd[] = {
        {"[{'id':5,'name':'E','pricing':{'EUR':{'monthly':'4.00'},'USD':null,'GBP':false}}]",
         PRICES "5,E,EUR,monthly,4.00,\r\n"},
        {"[{'id':6,'name':'F','pricing':{'EUR':[{'monthly':'3.00'},{'annually':'30.00'}]}}]",
         PRICES "6,F,EUR,monthly,3.00,\r\n6,F,EUR,annually,30.00,\r\n"},
    };
    CHECK(OP_PRODUCTS, RENDER_PRODUCT_PRICES, odd);
}

#define OPTIONS "id,product,option,choice"

static void options_of_products_are_rows(void **state)
{
    static const struct row rows[] = {
        {"[]", OPTIONS "\r\n"},
        {"[{'name':'A'},{'name':'B','configOptions':[]}]", OPTIONS "\r\n"},
        {"[{'name':'A','configOptions':[{'id':1,'name':'OS','options':[{'name':'Debian','monthly':'0.00'},"
         "{'name':'None','id':8,'monthly':'-1.00'}]},{'id':2,'name':'IPv4'}]}]",
         OPTIONS ",monthly,choice_id\r\n,A,OS,Debian,0.00,\r\n,A,OS,None,-1.00,8\r\n,A,IPv4,,,\r\n"},
        {"[{'pid':7,'name':'A','configoptions':{'configoption':[{'name':'OS','options':{'option':[{'name':'Debian',"
         "'pricing':{'EUR':{'msetupfee':'0.00','monthly':'1.00','annually':'-1.00'},'USD':{'monthly':'2.00'}}},'None']}"
         "}"
         "]}}]",
         OPTIONS ",EUR_monthly,USD_monthly\r\n7,A,OS,Debian,1.00,2.00\r\n7,A,OS,None,,\r\n"},
    };

    (void)state;
    CHECK(OP_PRODUCTS, RENDER_PRODUCT_OPTIONS, rows);
}

/* ---- slices ---- */

/* Twenty thousand invoices, the later ones due earlier, take more than one turn of the loop. */
static void long_reports_are_made_in_slices(void **state)
{
    static const struct {
        enum route_render how;
        size_t lines;
    } rows[] = {{RENDER_UNPAID, 20001}, {RENDER_SPEND, 101}, {RENDER_UNPAID_SUMS, 1}, {RENDER_INVOICE_ITEMS, 20001}};
    struct fixture f = begin();
    struct document *document = stack_document(f.s, OP_INVOICES);
    struct printbuf *body = printbuf_new();

    (void)state;
    for (unsigned i = 0; i < 20000; i++)
        sprintbuf(body,
                  "%c{\"id\":%u,\"status\":\"Unpaid\",\"date\":\"20%02u-01-01\",\"duedate\":\"2026-%02u-01\","
                  "\"total\":\"0.1\",\"currency\":\"EUR\",\"items\":[{\"n\":%u}]}",
                  i ? ',' : '[', i, i % 100, 12 - i * 12 / 20000, i);
    sprintbuf(body, "]");
    seed(document, body->buf);
    printbuf_free(body);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct snapshot *text = NULL;
        assert_int_equal(renderer_get(f.renderer, document, rows[i].how, &text), 0);
        text = text_of(&f, document, rows[i].how);
        size_t lines = 0;
        for (size_t k = 0; k < text->len; k++)
            lines += text->data[k] == '\n';
        assert_int_equal(lines, rows[i].lines);
    }
    assert_text(text_of(&f, document, RENDER_UNPAID_SUMS), "2000.00 EUR\n");

    /* The end while one is half made. */
    seed(document, "[{\"id\":1,\"status\":\"Unpaid\",\"total\":\"1\"}]");
    assert_text(text_of(&f, document, RENDER_UNPAID_SUMS), "1.00\n");
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpaid_invoices_are_in_order_of_due_date),
        cmocka_unit_test(a_day_ends_at_midnight),
        cmocka_unit_test(services_are_in_order_of_renewal),
        cmocka_unit_test(what_is_unpaid_is_summed_by_currency),
        cmocka_unit_test(overdue_invoices_are_counted),
        cmocka_unit_test(what_is_unpaid_is_known_without_a_request),
        cmocka_unit_test(spending_is_summed_by_month),
        cmocka_unit_test(odd_amounts_are_named_once),
        cmocka_unit_test(names_are_configured),
        cmocka_unit_test(elements_of_invoices_are_rows),
        cmocka_unit_test(prices_of_products_are_rows),
        cmocka_unit_test(options_of_products_are_rows),
        cmocka_unit_test(long_reports_are_made_in_slices),
    };

    return cmocka_run_group_tests_name("reports", tests, NULL, NULL);
}
