#include "support.h"

Test(payment, handles)
{
    g_autoptr(DetectData) data = support_data();
    g_autoptr(Config) config = support_config();
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"Venmo me @jane-doe-7 for the tickets", "venmo:jane-doe-7"},
        {"my venmo is janedoe88", "venmo:janedoe88"},
        {"VENMO: coach_t", "venmo:coach_t"},
        {"cash app: $janedoe", "cashapp:$janedoe"},
        {"send it to $JaneDoe on CashApp", "cashapp:$janedoe"},
        {"paypal.me/janedoe", "paypal:janedoe"},
        {"Venmo or cash, please.", NULL},
        {"The price is $20 via PayPal.", NULL},
        {"cash app costs $20", NULL},
        {"set $HOME in the shell", NULL},
        {"Venmo is easy to use", NULL},
        {"Zelle jane@example.org", NULL},
        {"We sing @samplechorus. Venmo is not taken.", NULL},
        {"the school's portal takes PayPal", NULL},
        {"venmo", NULL},
        {"venmo @", NULL},
        {"", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        Scanned *scanned = support_scan(data, config, CASES[i].text, "");
        payment_find(&scanned->scan);
        const Candidate *first = support_first(scanned, KIND_PAYMENT_HANDLE);
        cr_expect(g_strcmp0(first ? first->value : NULL, CASES[i].want) == 0, "%s: %s, not %s", CASES[i].text,
                  first ? first->value : NULL, CASES[i].want);
        scanned_free(scanned);
    }
}
