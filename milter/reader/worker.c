#include "reader/worker.h"

#include "reader/formats/formats.h"
#include "reader/sandbox.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
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

// Recognition of text stops at three quarters of the time, so that what was read by then is told. Caller frees `languages`.
void worker_options(const ChannelSetup *setup, AttachmentOptions *out)
{
    *out = (AttachmentOptions){.limits = &setup->limits,
                               .ocr = setup->cls == READER_OCR,
                               .languages = g_strndup(setup->languages, sizeof setup->languages),
                               .ocr_pictures = setup->ocr_pictures,
                               .ocr_ms = setup->wall_ms - setup->wall_ms / 4,
                               .ocr_least_pixels = setup->ocr_least_pixels};
}

// The descriptors of iconv stay open as long as the process lives: that keeps the modules loaded. Readers of messages load
// nothing of the others.
bool worker_warm_up(const ChannelSetup *setup, GString *note)
{
    AttachmentOptions options;
    tzset();
    for (gsize i = 0; i < G_N_ELEMENTS(CHARSETS); i++)
        iconv_open("UTF-8", CHARSETS[i]);
    message_free(reader_parse(WARM_UP, sizeof WARM_UP - 1, &setup->limits, false, NULL));
    worker_options(setup, &options);
    bool ok = setup->cls == READER_MESSAGES || formats_warm_up(&options, note);
    g_free(options.languages);
    return ok;
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

static bool worker_answer(const Message *message, const GByteArray *blob)
{
    g_autoptr(GBytes) bytes = message_to_bytes(message);
    ChannelHead head = {
        .kind = CHANNEL_ANSWER, .value = blob != NULL ? blob->len : 0, .length = g_bytes_get_size(bytes)};
    return channel_send(CHANNEL_FD, head, g_bytes_get_data(bytes, NULL), -1, CHANNEL_NEVER) == CHANNEL_OK &&
           (head.value == 0 ||
            channel_send_more(CHANNEL_FD, blob->data, blob->len, CHANNEL_NEVER) == CHANNEL_OK);
}

static bool worker_read_message(const ChannelSetup *setup, const char *raw, gsize len, guint flags)
{
    bool sweep_only = (flags & CHANNEL_SWEEP_ONLY) != 0;
    g_autoptr(GByteArray) blob = sweep_only ? NULL : g_byte_array_new();
    g_autoptr(Message) message = (flags & CHANNEL_KEEP) != 0 && !sweep_only
                                     ? reader_parse_keeping(raw, len, &setup->limits, blob)
                                     : reader_parse(raw, len, &setup->limits, sweep_only, blob);
    return worker_answer(message, blob);
}

static bool worker_read_attachment(const ChannelSetup *setup, const char *data, gsize len,
                                   const ChannelAttachment *attachment)
{
    AttachmentOptions options;
    worker_options(setup, &options);
    g_autoptr(Message) message =
        reader_parse_attachment(data, len, attachment->type, attachment->name, attachment->charset, &options);
    g_free(options.languages);
    return worker_answer(message, NULL);
}

// A message, or with `attachment` that. False when the process cannot go on.
static bool worker_read(const ChannelSetup *setup, int fd, const ChannelHead *head,
                        const ChannelAttachment *attachment)
{
    // Mappings begin at pages.
    gsize offset = (gsize)attachment->offset, lead = offset % (gsize)sysconf(_SC_PAGESIZE);
    gsize len = (gsize)head->value;
    char *raw = NULL;
    if (len > 0)
        raw = mmap(NULL, lead + len, PROT_READ, MAP_PRIVATE, fd, (off_t)(offset - lead));
    if (raw == MAP_FAILED)
        return false;
    const char *data = raw != NULL ? raw + lead : "";
    bool ok = attachment->type != NULL ? worker_read_attachment(setup, data, len, attachment)
                                       : worker_read_message(setup, data, len, head->flags);
    return (raw == NULL || munmap(raw, lead + len) == 0) && ok;
}

static int worker_serve(const ChannelSetup *setup)
{
    bool messages = setup->cls == READER_MESSAGES;
    for (;;) {
        ChannelHead head;
        ChannelAttachment attachment = {0};
        int fd = -1;
        g_autoptr(GBytes) payload = NULL;
        ChannelResult got =
            channel_receive(CHANNEL_FD, messages ? CHANNEL_READ : CHANNEL_ATTACHMENT,
                            messages ? 0 : CHANNEL_ATTACHMENT_MOST, CHANNEL_NEVER, &head, &payload, &fd);
        if (got != CHANNEL_OK)
            return got == CHANNEL_CLOSED ? 0 : BASE_ERROR_DATA;
        bool ok = fd >= 0 && (messages || channel_unpack_attachment(payload, &attachment)) &&
                  sandbox_clocks(setup) && worker_read(setup, fd, &head, &attachment) && sandbox_clocks(NULL);
        channel_clear_attachment(&attachment);
        if (fd >= 0)
            close(fd);
        if (!ok)
            return BASE_ERROR_OS;
    }
}

// Text mail goes first: who reads documents, and still more who recognises text, takes what processor time is left over.
static void worker_step_back(const ChannelSetup *setup)
{
    static const int NICE[READER_CLASSES] = {[READER_DOCUMENTS] = 5, [READER_OCR] = 19};
    if (NICE[setup->cls] > 0 && setpriority(PRIO_PROCESS, 0, NICE[setup->cls]) != 0)
        g_warning("cannot lower the priority of a reader: %s", g_strerror(errno));
}

int worker_run(void)
{
    ChannelSetup setup;
    g_autoptr(GString) note = g_string_new(NULL);
    if (!worker_setup(&setup, note))
        return BASE_ERROR_USAGE;
    bool ready = note->len == 0;
    guint layers = 0;
    worker_step_back(&setup);
    if (ready && (ready = worker_warm_up(&setup, note)))
        layers = sandbox_enter(LAYER_BIT_ALL, &setup, note);
    if (!worker_hello(ready, layers, note->str))
        return BASE_ERROR_IO;
    return ready ? worker_serve(&setup) : BASE_ERROR_DATA;
}
