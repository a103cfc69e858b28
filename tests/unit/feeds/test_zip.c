// Sources: directories, zips and single files, whole and damaged.
#include "feeds/source.h"
#include "ground.h"

#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Ground ground;

static void set_up(void)
{
    ground_init(&ground);
}

static void tear_down(void)
{
    ground_clear(&ground);
}

TestSuite(zip, .init = set_up, .fini = tear_down);

typedef struct {
    const char *name, *text;
    gsize zeros; // this many NULs instead of text
} Member;

static void put_member(struct archive *zip, const Member *member)
{
    static const char zeros[65536];
    struct archive_entry *entry = archive_entry_new();
    gsize size = member->text != NULL ? strlen(member->text) : member->zeros;
    archive_entry_set_pathname(entry, member->name);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    cr_assert(archive_write_header(zip, entry) == ARCHIVE_OK);
    if (member->text != NULL)
        cr_assert(archive_write_data(zip, member->text, size) == (la_ssize_t)size);
    for (gsize left = member->text != NULL ? 0 : size; left > 0; left -= MIN(left, sizeof zeros))
        cr_assert(archive_write_data(zip, zeros, MIN(left, sizeof zeros)) > 0);
    archive_entry_free(entry);
}

static char *make_zip(const Member *members, const char *password)
{
    char *path = ground_path(&ground, "export.zip");
    struct archive *zip = archive_write_new();
    cr_assert(archive_write_set_format_zip(zip) == ARCHIVE_OK);
    if (password != NULL)
        cr_assert(archive_write_set_options(zip, "zip:encryption=zipcrypt") == ARCHIVE_OK &&
                  archive_write_set_passphrase(zip, password) == ARCHIVE_OK);
    cr_assert(archive_write_open_filename(zip, path) == ARCHIVE_OK);
    for (gsize i = 0; members[i].name != NULL; i++)
        put_member(zip, &members[i]);
    cr_assert(archive_write_close(zip) == ARCHIVE_OK);
    archive_write_free(zip);
    return path;
}

// What the source has as "name=text name=text", or an error's text.
static char *read_source(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Source) source = source_open(path, &error);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *buf = g_malloc(65536);
    for (guint i = 0; source != NULL && error == NULL && i < source_count(source); i++) {
        const char *name = source_name(source, i);
        g_autoptr(SourceStream) stream = source_stream(source, name, &error);
        gssize got = stream != NULL ? 1 : -1;
        g_string_append_printf(out, "%s%s=", out->len > 0 ? " " : "", name);
        while (got > 0) {
            got = source_read(stream, buf, 65536, &error);
            if (got > 0 && out->len < 1000)
                g_string_append_len(out, buf, got);
        }
        cr_expect((got < 0) == (error != NULL));
    }
    cr_expect(source != NULL || error != NULL);
    return g_strdup(error != NULL ? error->message : out->str);
}

Test(zip, members)
{
    static const struct {
        Member members[4];
        const char *expect;
    } cases[] = {
        {{{"users.csv", "a"}, {"orgs.csv", "b"}}, "orgs.csv=b users.csv=a"},
        {{{"orgs.csv", "b"}, {"export/users.csv", "a"}}, "orgs.csv=b users.csv=a"},
        {{{"orgs.csv", "b"}, {"x/y/users.csv", "a"}}, "orgs.csv=b"},
        {{{"orgs.csv", "b"}, {"../../../etc/users.csv", "a"}}, "orgs.csv=b"},
        {{{"/users.csv", "a"}, {"readme.txt", "c"}}, "readme.txt=c users.csv=a"},
        {{{"__MACOSX/._users.csv", "x"}, {"users.csv", "a"}}, "users.csv=a"},
        {{{"a/readme.txt", "1"}, {"b/readme.txt", "2"}}, "readme.txt=1"},
        {{{"users.csv", "a"}, {"x/users.csv", "b"}}, "users.csv is there twice; leave one"},
        // Many times what it is packed to: no export is like that.
        {{{"users.csv", NULL, 200 * 1000 * 1000}}, "users.csv: over 67108864 bytes unpacked"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = make_zip(cases[i].members, NULL), *got = read_source(path);
        cr_expect(strstr(got, cases[i].expect) != NULL, "case %zu: %s", i, got);
    }
}

Test(zip, encrypted)
{
    const Member members[] = {{"users.csv", "sourcedId\n"}, {NULL}};
    g_autofree char *path = make_zip(members, "secret"), *got = read_source(path);
    cr_expect(strstr(got, "users.csv in it is encrypted; export the zip without a password") != NULL, "%s",
              got);
}

// However it is cut, nothing of it is read as if it were all.
Test(zip, cut_at_every_byte)
{
    const Member members[] = {
        {"users.csv", "sourcedId,role\n1,teacher\n"}, {"orgs.csv", "sourcedId,name\n"}, {NULL}};
    g_autofree char *path = make_zip(members, NULL), *bytes = NULL, *whole = read_source(path);
    gsize len = 0;
    cr_expect_str_eq(whole, "orgs.csv=sourcedId,name\n users.csv=sourcedId,role\n1,teacher\n");
    cr_assert(g_file_get_contents(path, &bytes, &len, NULL));
    for (gsize cut = 0; cut < len; cut++) {
        cr_assert(g_file_set_contents(path, bytes, (gssize)cut, NULL));
        g_autofree char *got = read_source(path);
        cr_expect(strstr(got, "export.zip: not a whole zip") != NULL, "cut at %zu: %s", cut, got);
    }
}

Test(zip, damaged_bytes_are_told)
{
    g_autoptr(GString) text = g_string_new("sourcedId,role\n");
    for (int i = 0; i < 2000; i++)
        g_string_append_printf(text, "%d-%x,teacher\n", i, (guint)i * 2654435761u);
    const Member members[] = {{"users.csv", text->str}, {NULL}};
    g_autofree char *path = make_zip(members, NULL), *bytes = NULL, *whole = read_source(path);
    gsize len = 0;
    cr_assert(g_file_get_contents(path, &bytes, &len, NULL));
    guint told = 0, tried = 0;
    for (gsize at = 100; at < len - 200; at += 97, tried++) {
        bytes[at] ^= 0x41;
        cr_assert(g_file_set_contents(path, bytes, (gssize)len, NULL));
        g_autofree char *got = read_source(path);
        told += strstr(got, "cannot be unpacked") != NULL;
        cr_expect_str_neq(got, whole);
        bytes[at] ^= 0x41;
    }
    cr_expect(tried > 20);
    cr_expect_eq(told, tried);
}

Test(zip, hash_of_the_zip_and_of_its_files)
{
    g_autoptr(GError) error = NULL;
    const Member members[] = {{"users.csv", "abc"}, {NULL}};
    g_autofree char *path = make_zip(members, NULL), *bytes = NULL, *hash = NULL;
    gsize len = 0;
    int64_t size = 0;
    cr_assert(g_file_get_contents(path, &bytes, &len, NULL));
    g_autofree char *expect = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guint8 *)bytes, len);
    g_autoptr(Source) source = source_open(path, &error);
    cr_assert(source != NULL && source_zip(source, &size, &hash, &error));
    cr_expect_str_eq(hash, expect);
    cr_expect_eq(size, (int64_t)len);
    char buf[16];
    g_autoptr(SourceStream) stream = source_stream(source, "USERS.csv", &error);
    cr_assert(stream != NULL);
    cr_expect_eq(source_stream_total(stream), 3);
    cr_expect_eq(source_read(stream, buf, sizeof buf, &error), 3);
    cr_expect_eq(source_read(stream, buf, sizeof buf, &error), 0);
    g_autofree char *inner = source_stream_sha256(stream);
    cr_expect_str_eq(inner, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    cr_expect_eq(source_stream_done(stream), 3);
    cr_expect_str_eq(source_stream_name(stream), "users.csv");
}

static void put_gzip(const char *path, const char *text, gsize zeros)
{
    static const char none[65536];
    struct archive *gzip = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    cr_assert(archive_write_set_format_raw(gzip) == ARCHIVE_OK &&
              archive_write_add_filter_gzip(gzip) == ARCHIVE_OK &&
              archive_write_open_filename(gzip, path) == ARCHIVE_OK);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_pathname(entry, "data");
    cr_assert(archive_write_header(gzip, entry) == ARCHIVE_OK);
    cr_assert(archive_write_data(gzip, text, strlen(text)) >= 0);
    for (gsize left = zeros; left > 0; left -= MIN(left, sizeof none))
        cr_assert(archive_write_data(gzip, none, MIN(left, sizeof none)) > 0);
    cr_assert(archive_write_close(gzip) == ARCHIVE_OK);
    archive_write_free(gzip);
    archive_entry_free(entry);
}

Test(zip, gzipped_files)
{
    g_autofree char *path = ground_path(&ground, "Users.csv.gz"), *bytes = NULL;
    gsize len = 0;
    put_gzip(path, "sourcedId,role\n1,teacher\n", 0);
    g_autofree char *alone = read_source(path), *in_directory = read_source(ground.dir);
    cr_expect_str_eq(alone, "Users.csv=sourcedId,role\n1,teacher\n");
    cr_expect_str_eq(in_directory, alone);
    cr_assert(g_file_get_contents(path, &bytes, &len, NULL));
    for (gsize cut = 2; cut < len - 8; cut++) {
        cr_assert(g_file_set_contents(path, bytes, (gssize)cut, NULL));
        g_autofree char *got = read_source(path);
        cr_expect(strstr(got, "sourcedId,role\n1,teacher\n") == NULL, "cut at %zu: %s", cut, got);
        cr_expect(strstr(got, "cannot be unpacked") != NULL, "cut at %zu: %s", cut, got);
    }
    put_gzip(path, "x", 200 * 1000 * 1000);
    g_autofree char *bomb = read_source(path);
    cr_expect(strstr(bomb, "no honest export") != NULL, "%s", bomb);
}

// Large files are read by a thread ahead of who reads them: the same bytes, whole or cut, read to the end or not.
Test(zip, large_files)
{
    g_autoptr(GString) text = g_string_new("sourcedId,role\n");
    g_autoptr(GError) error = NULL;
    for (guint i = 0; i < 400000; i++)
        g_string_append_printf(text, "%u,%u,student\n", i, i * 2654435761u);
    const Member members[] = {{"users.csv", text->str}, {NULL}};
    g_autofree char *zip = make_zip(members, NULL), *plain = ground_write(&ground, "users.csv", text->str);
    g_autofree char *expect = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str, -1);
    g_autofree char *buf = g_malloc(100000);
    const char *const paths[] = {zip, plain};
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(Source) source = source_open(paths[i], &error);
        cr_assert(source != NULL);
        g_autoptr(SourceStream) stream = source_stream(source, "users.csv", &error);
        g_autoptr(GString) got = g_string_new(NULL);
        gssize some = 1;
        while (some > 0) {
            some = source_read(stream, buf, 100000, &error);
            g_string_append_len(got, buf, MAX(some, 0));
        }
        g_autofree char *hash = source_stream_sha256(stream);
        cr_expect(error == NULL && g_string_equal(got, text), "%s", paths[i]);
        cr_expect_str_eq(hash, expect);
        cr_expect_eq(source_stream_done(stream), (int64_t)text->len);
        cr_expect_eq(source_read(stream, buf, 100000, &error), 0);
        // And left in the middle.
        g_autoptr(SourceStream) other = source_stream(source, "users.csv", &error);
        while (source_stream_done(other) < 5 * 1024 * 1024)
            cr_assert(source_read(other, buf, 100000, &error) > 0);
    }
    // Damage far behind is told where it is come to.
    g_autofree char *bytes = NULL;
    gsize len = 0;
    cr_assert(g_file_get_contents(zip, &bytes, &len, NULL));
    bytes[len - 1000] ^= 0x41;
    cr_assert(g_file_set_contents(zip, bytes, (gssize)len, NULL));
    g_autofree char *damaged = read_source(zip);
    cr_expect(strstr(damaged, "users.csv: cannot be unpacked") != NULL, "%.100s", damaged);
}

Test(zip, directories)
{
    static const char *const names[] = {"users.csv", "roster/orgs.csv", "roster/deep/classes.csv",
                                        "aliases",   ".hidden.csv",     "other/demographics.csv"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = ground_write(&ground, names[i], "x");
    }
    g_autofree char *fifo = ground_path(&ground, "pipe.csv"), *got = NULL, *pipe = NULL, *twice = NULL;
    cr_assert(mkfifo(fifo, 0600) == 0);
    got = read_source(ground.dir);
    cr_expect_str_eq(got, "aliases=x orgs.csv=x users.csv=x");
    pipe = read_source(fifo);
    cr_expect(strstr(pipe, "pipe.csv: neither a directory nor a file") != NULL, "%s", pipe);
    g_autofree char *again = ground_write(&ground, "roster/users.csv", "y");
    twice = read_source(ground.dir);
    cr_expect(strstr(twice, "users.csv is there twice") != NULL, "%s", twice);
}

Test(zip, what_is_none)
{
    g_autofree char *text = ground_write(&ground, "users.zip", "sourcedId,role\n");
    g_autofree char *missing = ground_path(&ground, "none.zip"), *got = read_source(text),
                    *gone = read_source(missing);
    cr_expect(strstr(got, "users.zip: not a whole zip") != NULL, "%s", got);
    cr_expect(strstr(gone, "none.zip: No such file or directory") != NULL, "%s", gone);
    g_autofree char *single = ground_write(&ground, "aliases", "root: ann\n"), *read = read_source(single);
    cr_expect_str_eq(read, "aliases=root: ann\n");
}
