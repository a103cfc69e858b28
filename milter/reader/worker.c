#include "reader/worker.h"

#include "reader/channel.h"
#include "reader/reader.h"
#include "reader/sandbox.h"

#include <iconv.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// Libraries open files and set up tables at first use. This message makes them do so while they still can: it
// is read once before the sandbox closes.
static const char WARM_UP[] =
    "From: =?utf-8?B?w4lsw6ltZW50?= <a@example.org>\r\n"
    "To: b@example.net\r\n"
    "Subject: =?iso-8859-1?Q?=E9t=E9?=\r\n"
    "Date: Mon, 02 Mar 2026 08:00:00 -0500\r\n"
    "Message-ID: <warm-up@example.org>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\nContent-Type: text/plain; charset=windows-1252\r\nContent-Transfer-Encoding: "
    "quoted-printable\r\n\r\n=93a=94\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>a <a href=\"https://example.org/\">b</a></p>\r\n"
    "--b\r\nContent-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: "
    "base64\r\n\r\nGyRCJCIbKEI=\r\n"
    "--b\r\nContent-Type: text/plain; charset=gb18030\r\n\r\n\xc4\xe3\r\n"
    "--b\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    "--b\r\nContent-Type: application/json\r\n\r\n{\"a\": 1}\r\n"
    "--b--\r\n";

// Each is a module of its own that iconv(3) loads when GMime first meets its name. What is not here GMime
// cannot convert in the sandbox, but it only converts names and parameters: text is decoded by ICU.
static const char *const CHARSETS[] = {
    "UTF-16",      "UTF-32",      "UTF-7",       "ISO-8859-1",  "ISO-8859-2",    "ISO-8859-3",  "ISO-8859-4",
    "ISO-8859-5",  "ISO-8859-6",  "ISO-8859-7",  "ISO-8859-8",  "ISO-8859-9",    "ISO-8859-10", "ISO-8859-11",
    "ISO-8859-13", "ISO-8859-14", "ISO-8859-15", "ISO-8859-16", "CP1250",        "CP1251",      "CP1252",
    "CP1253",      "CP1254",      "CP1255",      "CP1256",      "CP1257",        "CP1258",      "KOI8-R",
    "KOI8-U",      "MACINTOSH",   "IBM437",      "IBM850",      "IBM852",        "IBM866",      "TIS-620",
    "CP874",       "GB18030",     "GBK",         "GB2312",      "BIG5",          "BIG5-HKSCS",  "EUC-TW",
    "EUC-JP",      "SHIFT_JIS",   "CP932",       "ISO-2022-JP", "ISO-2022-JP-2", "EUC-KR",      "CP949",
    "ISO-2022-KR", "ISO-2022-CN", "JOHAB",       "VISCII",
};

// The descriptors stay open as long as the process lives: that keeps the modules loaded.
static void worker_warm_up(const ConfigLimits *limits)
{
    tzset();
    for (gsize i = 0; i < G_N_ELEMENTS(CHARSETS); i++)
        iconv_open("UTF-8", CHARSETS[i]);
    message_free(reader_parse(WARM_UP, sizeof WARM_UP - 1, limits, false));
}

static bool worker_setup(ChannelSetup *out_setup, GString *note)
{
    g_autoptr(GBytes) payload = NULL;
    if (channel_receive(CHANNEL_FD, CHANNEL_SETUP, sizeof *out_setup, CHANNEL_NEVER, NULL, &payload, NULL) !=
        CHANNEL_OK)
        return false;
    gsize len = 0;
    const void *data = g_bytes_get_data(payload, &len);
    memset(out_setup, 0, sizeof *out_setup);
    memcpy(out_setup, data != NULL ? data : "", MIN(len, sizeof *out_setup));
    if (len != sizeof *out_setup || out_setup->size != sizeof *out_setup ||
        strncmp(out_setup->version, CHAPERONE_VERSION, sizeof out_setup->version) != 0)
        g_string_assign(note, "chaperone-reader " CHAPERONE_VERSION
                              " is not of the version that started it; restart the "
                              "daemon after an upgrade");
    return true;
}

static bool worker_hello(bool ready, guint layers, const char *note)
{
    ChannelHello hello = {.ready = ready, .layers = layers};
    g_strlcpy(hello.note, note, sizeof hello.note);
    ChannelHead head = {.kind = CHANNEL_HELLO, .length = sizeof hello};
    return channel_send(CHANNEL_FD, head, &hello, -1, CHANNEL_NEVER) == CHANNEL_OK;
}

// One message. False when the process cannot go on.
static bool worker_read(const ChannelSetup *setup, int fd, gsize len, bool sweep_only)
{
    void *raw = NULL;
    if (len > 0) {
        raw = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
        if (raw == MAP_FAILED)
            return false;
    }
    g_autoptr(Message) message = reader_parse(raw != NULL ? raw : "", len, &setup->limits, sweep_only);
    g_autoptr(GBytes) bytes = message_to_bytes(message);
    bool ok = raw == NULL || munmap(raw, len) == 0;
    ChannelHead head = {.kind = CHANNEL_ANSWER, .length = g_bytes_get_size(bytes)};
    return ok &&
           channel_send(CHANNEL_FD, head, g_bytes_get_data(bytes, NULL), -1, CHANNEL_NEVER) == CHANNEL_OK;
}

static int worker_serve(const ChannelSetup *setup)
{
    for (;;) {
        ChannelHead head;
        int fd = -1;
        ChannelResult got = channel_receive(CHANNEL_FD, CHANNEL_READ, 0, CHANNEL_NEVER, &head, NULL, &fd);
        if (got != CHANNEL_OK)
            return got == CHANNEL_CLOSED ? 0 : BASE_ERROR_DATA;
        bool ok = fd >= 0 && sandbox_clocks(setup) &&
                  worker_read(setup, fd, head.value, (head.flags & CHANNEL_SWEEP_ONLY) != 0) &&
                  sandbox_clocks(NULL);
        if (fd >= 0)
            close(fd);
        if (!ok)
            return BASE_ERROR_OS;
    }
}

int worker_run(void)
{
    ChannelSetup setup;
    g_autoptr(GString) note = g_string_new(NULL);
    if (!worker_setup(&setup, note))
        return BASE_ERROR_USAGE;
    bool ready = note->len == 0;
    guint layers = 0;
    if (ready) {
        worker_warm_up(&setup.limits);
        layers = sandbox_enter(LAYER_BIT_ALL, &setup, note);
    }
    if (!worker_hello(ready, layers, note->str))
        return BASE_ERROR_IO;
    return ready ? worker_serve(&setup) : BASE_ERROR_DATA;
}
