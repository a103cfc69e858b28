#include "ground.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char ALL_DUE[] = "retention = { name = \"all\"; version = \"1\"; adopted = \"test\";"
                              " classes = ( { name = \"now\"; days = 0; trigger = \"sent\"; } );"
                              " rules = ( { name = \"all\"; class = \"now\"; all = true; } ); };";

static void set_path(char **slot, const char *dir, const char *name)
{
    g_free(*slot);
    *slot = g_build_filename(dir, name, NULL);
}

static void ground_append(Ground *ground, guint records)
{
    g_autoptr(GError) error = NULL;
    Archive *archive = archive_open(ground->config, NULL, &error);
    cr_assert_not_null(archive, "%s", error ? error->message : "");
    for (guint i = 0; i < records; i++) {
        g_autofree char *text = g_strdup_printf("Subject: menu %u\r\n\r\nHello.\r\n", i),
                        *subject = g_strdup_printf("menu %u", i);
        int fd = memfd_create("message", MFD_CLOEXEC);
        cr_assert(file_write_all(fd, text, strlen(text), "message", &error));
        json_t *meta =
            json_pack("{s:{s:s, s:[{s:s}]}, s:{s:s}, s:{s:[{s:s, s:s, s:s, s:s}], s:[]}}", "envelope",
                      "mail_from", "ann@example.org", "rcpts", "address", "ben@example.org", "message",
                      "subject", subject, "judgement", "parties", "address", "ann@example.org", "role",
                      "staff", "person", "p-ann", "as", "sender", "recipients");
        g_autoptr(ArchiveRef) ref =
            archive_append(archive, NULL, fd, (int64_t)strlen(text), meta, NOON + i, &error);
        cr_assert_not_null(ref, "%s", error ? error->message : "");
        g_ptr_array_add(ground->ids, g_strdup(ref->id));
        json_decref(meta);
        close(fd);
    }
    archive_close(&archive);
}

void ground_init(Ground *ground, const char *schedule, guint records)
{
    g_autoptr(GError) error = NULL;
    *ground =
        (Ground){.dir = g_dir_make_tmp("chaperone-retention-XXXXXX", NULL), .config = config_defaults()};
    Config *config = ground->config;
    set_path(&config->archive.dir, ground->dir, "archive");
    set_path(&config->retention.database, ground->dir, "retention.db");
    set_path(&config->retention.schedule, ground->dir, "schedule.conf");
    set_path(&config->review.database, ground->dir, "review.db");
    set_path(&config->quarantine.database, ground->dir, "quarantine.db");
    set_path(&config->cases.database, ground->dir, "cases.db");
    config->archive.min_free_bytes = 1;
    const char *text = schedule != NULL ? schedule : ALL_DUE;
    cr_assert(file_write_atomic(config->retention.schedule, text, strlen(text), 0640, &error));
    cr_assert(file_make_dirs(config->archive.dir, 0750, &error));
    ground->ids = g_ptr_array_new_with_free_func(g_free);
    ground->retention = retention_open(config, &error);
    cr_assert_not_null(ground->retention, "%s", error ? error->message : "");
    if (records > 0)
        ground_append(ground, records);
}

void ground_clear(Ground *ground)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", ground->dir);
    retention_close(&ground->retention);
    cr_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    g_ptr_array_unref(ground->ids);
    config_unref(ground->config);
    g_free(ground->dir);
}

void ground_sequence(Ground *ground)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ArchiveLog) log = archive_log_open(ground->config, &error);
    cr_assert_not_null(log, "%s", error ? error->message : "");
    for (guint fresh = 1; fresh > 0;)
        cr_assert(archive_log_sequence(log, 1000, &fresh, &error), "%s", error ? error->message : "");
    cr_assert(archive_log_publish(log, &error), "%s", error ? error->message : "");
}

json_t *ground_meta(Ground *ground, const char *id)
{
    g_autoptr(ArchiveRecord) record = archive_get(ground->config, id, NULL);
    return record != NULL ? json_incref(record->meta) : NULL;
}
