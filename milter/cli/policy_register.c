// policy register and history: which policies were in force, since when, by whom and why.
#include "cli/policy.h"
#include "register/register.h"

#include <stdio.h>

int cli_policy_register(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error)
{
    bool fresh = false;
    g_autofree char *user = cli_who();
    if (!pack->configured)
        return cli_usage("policy register wants a configuration: --config FILE");
    if (options->why == NULL)
        return cli_usage("policy register wants --why TEXT: who reads it later was not there");
    if (!register_policy(pack->config, pack->policy, pack->path, options->who != NULL ? options->who : user,
                         options->why, pack->now_us, &fresh, error))
        return base_exit_status(*error);
    printf("%s %s: %s\n", policy_name(pack->policy), policy_version(pack->policy),
           fresh ? "noted; SIGHUP to the daemon puts it in force" : "is the one that was noted last");
    return 0;
}

static const char *field(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "-";
}

int cli_policy_history(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error)
{
    json_t *history = register_history(pack->config, error);
    if (history == NULL)
        return base_exit_status(*error);
    if (options->json)
        return cli_policy_print_json(history);
    for (size_t i = 0; i < json_array_size(history); i++) {
        const json_t *one = json_array_get(history, i);
        g_autofree char *who = cli_clean(field(one, "who")), *why = cli_clean(field(one, "why"));
        printf("%.19s  %-24s %-18s %-16s %s\n", field(one, "time"), field(one, "name"), field(one, "version"),
               who, why);
    }
    json_decref(history);
    return 0;
}
