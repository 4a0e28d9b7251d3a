/* SPDX-License-Identifier: MIT */
#include "tree/forms.h"

static const struct form *const forms[] = {
    [RENDER_JSON] = &form_list,
    [RENDER_CSV] = &form_csv,
    [RENDER_PRICES] = &form_prices,
    [RENDER_BALANCE] = &form_balance,
    [RENDER_VERSION] = &form_version,
    [RENDER_INVOICE_ITEMS] = &form_invoice_items,
    [RENDER_INVOICE_TRANSACTIONS] = &form_invoice_transactions,
    [RENDER_PRODUCT_PRICES] = &form_product_prices,
    [RENDER_PRODUCT_OPTIONS] = &form_product_options,
    [RENDER_UNPAID] = &form_unpaid,
    [RENDER_UNPAID_SUMS] = &form_unpaid_sums,
    [RENDER_SPEND] = &form_spend,
    [RENDER_RENEWALS] = &form_renewals,
};

const struct form *form_of(enum route_render how)
{
    return how < sizeof forms / sizeof *forms ? forms[how] : NULL;
}
