#include "base/config.h"
#include "cli/cli.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static void print_key(const char *path, const char *type, const char *fallback, const char *meaning,
                      void *data)
{
    printf("%-32s %-18s %s\n%-32s %s\n", path, type, fallback, "", meaning);
}

static void add_key(const char *path, const char *type, const char *fallback, const char *meaning, void *data)
{
    json_array_append_new(data, json_pack("{s:s, s:s, s:s, s:s}", "key", path, "type", type, "default",
                                          fallback, "meaning", meaning));
}

int cli_config(int argc, char **argv)
{
    bool json = argc == 3 && strcmp(argv[2], "--json") == 0;
    if (argc < 2 || strcmp(argv[1], "keys") != 0 || (argc > 2 && !json)) {
        fprintf(stderr, "usage: chaperone config keys [--json]\n");
        return BASE_ERROR_USAGE;
    }
    if (!json) {
        config_each_key(print_key, NULL);
        return 0;
    }
    json_t *all = json_array();
    config_each_key(add_key, all);
    int status = json_dumpf(all, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF ? 0 : BASE_ERROR_IO;
    json_decref(all);
    return status;
}
