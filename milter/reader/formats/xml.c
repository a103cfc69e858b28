// XML of documents by libxml2's parser: no document types, no entities but XML's own five, no network; bounded in bytes, depth and
// attributes. The parser sees UTF-8 only, so that what is counted here beforehand is what it reads, and knows no namespaces, which
// it looks up one by one.
#include "reader/formats/formats.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

#define XML_ATTRIBUTES 256u // of an element: the parser compares each with each
// Bytes of all different names: the parser keeps each, and finds it again among all others.
#define XML_NAMES (256u * 1024)
#define XML_HEAD  256u // where the declaration tells the encoding

// ---- encoding --------------------------------------------------------------------------------------------

// The encoding that the XML declaration names; NULL = none. Caller frees.
static char *xml_declared(const char *bytes, gsize len)
{
    g_autofree char *head = g_strndup(bytes, MIN(len, XML_HEAD));
    char *end = g_str_has_prefix(head, "<?xml") ? strstr(head, "?>") : NULL;
    char *at = end != NULL ? g_strstr_len(head, end - head, "encoding") : NULL;
    at = at != NULL ? strpbrk(at, "\"'") : NULL;
    char *close = at != NULL && at < end ? strchr(at + 1, *at) : NULL;
    return close != NULL ? g_strndup(at + 1, (gsize)(close - at - 1)) : NULL;
}

// As UTF-8 without a mark before it: part of `bytes`, or what `*out_made` owns. `*out_broken` tells that some of it is not in its
// encoding.
static const char *xml_decode(const char *bytes, gsize len, gsize *out_len, char **out_made, bool *out_broken)
{
    static const struct {
        char bytes[2];
        const char *charset;
    } WIDE[] = {{{'\xff', '\xfe'}, "utf-16"},
                {{'\xfe', '\xff'}, "utf-16"},
                {{'<', '\0'}, "utf-16le"},
                {{'\0', '<'}, "utf-16be"}};
    g_autofree char *charset = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(WIDE) && charset == NULL; i++)
        charset = len >= 2 && memcmp(bytes, WIDE[i].bytes, 2) == 0 ? g_strdup(WIDE[i].charset) : NULL;
    bool wide = charset != NULL;
    if (!wide)
        charset = xml_declared(bytes, len);
    bool narrow = !wide && (charset == NULL || g_ascii_strncasecmp(charset, "utf", 3) == 0);
    *out_broken = narrow && !g_utf8_validate_len(bytes, len, NULL);
    *out_len = len;
    if (!narrow)
        *out_made = charset_best(bytes, len, charset, out_len);
    else if (*out_broken)
        *out_made = g_utf8_make_valid(bytes, (gssize)len);
    if (*out_broken)
        *out_len = strlen(*out_made);
    const char *text = *out_made != NULL ? *out_made : bytes;
    bool mark = *out_len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
    *out_len -= mark ? 3 : 0;
    return text + (mark ? 3 : 0);
}

// ---- attributes, counted beforehand ----------------------------------------------------------------------

static const char *xml_behind(const char *at, const char *end, const char *mark)
{
    const char *found = memmem(at, (gsize)(end - at), mark, strlen(mark));
    return found != NULL ? found + strlen(mark) : end;
}

// Behind the tag at `at`.
static const char *xml_tag(const char *at, const char *end, guint *out_attributes)
{
    guint count = 0;
    for (; at < end && *at != '>'; at++) {
        count += *at == '=';
        if (*at == '"' || *at == '\'') {
            const char *close = memchr(at + 1, *at, (gsize)(end - at - 1));
            at = close != NULL ? close : end - 1;
        }
    }
    *out_attributes = count;
    return at;
}

// Bytes before the first element with more attributes than are read; `len` when there is none.
static gsize xml_bound(const char *text, gsize len)
{
    const char *at = text, *end = text + len;
    guint attributes = 0;
    while (at < end && attributes <= XML_ATTRIBUTES && (at = memchr(at, '<', (gsize)(end - at))) != NULL) {
        const char *tag = at;
        gsize left = (gsize)(end - at);
        if (left >= 4 && memcmp(at, "<!--", 4) == 0)
            at = xml_behind(at + 4, end, "-->");
        else if (left >= 9 && memcmp(at, "<![CDATA[", 9) == 0)
            at = xml_behind(at + 9, end, "]]>");
        else if (left >= 2 && at[1] == '?')
            at = xml_behind(at + 2, end, "?>");
        else
            at = xml_tag(at + 1, end, &attributes);
        len = attributes > XML_ATTRIBUTES ? (gsize)(tag - text) : len;
    }
    return len;
}

// ---- parsing ---------------------------------------------------------------------------------------------

typedef struct {
    const XmlHandlers *handlers;
    void *data;
    xmlParserCtxtPtr parser;
    guint depth, deepest;
    const char *fact, *why; // of what ended the reading; NULL = nothing
} XmlRun;

static void xml_stop(XmlRun *run, const char *fact, const char *why)
{
    run->fact = fact;
    run->why = why;
    xmlStopParser(run->parser);
}

// Without its prefix.
static const char *xml_local(const xmlChar *name)
{
    const char *colon = strrchr((const char *)name, ':');
    return colon != NULL ? colon + 1 : (const char *)name;
}

static void xml_start(void *ctx, const xmlChar *name, const xmlChar **attributes)
{
    XmlRun *run = ctx;
    const char *list[2 * XML_ATTRIBUTES + 1];
    gsize n = 0;
    if (run->why == NULL && ++run->depth > run->deepest)
        xml_stop(run, "incomplete", "XML nested deeper than is read");
    if (run->why != NULL || run->handlers->start == NULL)
        return;
    for (gsize i = 0; attributes != NULL && attributes[i] != NULL && n < 2 * XML_ATTRIBUTES; i += 2) {
        if (g_str_has_prefix((const char *)attributes[i], "xmlns"))
            continue;
        list[n++] = xml_local(attributes[i]);
        list[n++] = attributes[i + 1] != NULL ? (const char *)attributes[i + 1] : "";
    }
    list[n] = NULL;
    run->handlers->start(run->data, xml_local(name), list);
}

static void xml_end(void *ctx, const xmlChar *name)
{
    XmlRun *run = ctx;
    run->depth -= run->depth > 0;
    if (run->handlers->end != NULL && run->why == NULL)
        run->handlers->end(run->data, xml_local(name));
}

static void xml_characters(void *ctx, const xmlChar *text, int len)
{
    XmlRun *run = ctx;
    if (run->handlers->text != NULL && len > 0 && run->why == NULL)
        run->handlers->text(run->data, (const char *)text, (gsize)len);
}

// Before anything in it is read.
static void xml_document_type(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    xml_stop(ctx, "damaged", "XML with a document type, which documents do not have");
}

static void xml_silent(void *ctx, const char *format, ...)
{
}

// The parser would go on to look for more errors, and tell each of them.
static void xml_error(void *ctx, const char *format, ...)
{
    XmlRun *run = ctx;
    if (run->why == NULL)
        xml_stop(run, "damaged", "XML that is broken");
}

static void xml_run(XmlRun *run, const char *text, gsize len)
{
    xmlSAXHandler sax = {.startElement = xml_start,
                         .endElement = xml_end,
                         .characters = xml_characters,
                         .cdataBlock = xml_characters,
                         .ignorableWhitespace = xml_characters,
                         .internalSubset = xml_document_type,
                         .warning = xml_silent,
                         .error = xml_error,
                         .fatalError = xml_error};
    run->parser = xmlCreateMemoryParserCtxt(text, (int)len);
    if (run->parser == NULL)
        g_error("libxml2: out of memory");
    *run->parser->sax = sax;
    run->parser->userData = run;
    // NOENT: references to characters in attributes become what they stand for.
    xmlCtxtUseOptions(run->parser, XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOENT | XML_PARSE_IGNORE_ENC);
    xmlDictSetLimit(run->parser->dict, XML_NAMES);
    bool whole = xmlParseDocument(run->parser) == 0 && run->parser->wellFormed != 0;
    if (!whole && run->why == NULL) {
        run->fact = "damaged";
        run->why = "XML that is broken";
    }
    xmlFreeParserCtxt(run->parser);
}

bool xml_parse(ReaderState *state, guint part, const void *bytes, gsize len, const XmlHandlers *handlers,
               void *data)
{
    gsize most = MIN((gsize)state->limits->xml_bytes, G_MAXINT), text_len = 0;
    XmlRun run = {.handlers = handlers, .data = data, .deepest = (guint)state->limits->xml_depth};
    bool broken = false;
    g_autofree char *made = NULL;
    const char *text = xml_decode(bytes, MIN(len, most), &text_len, &made, &broken);
    text_len = MIN(text_len, most);
    gsize bound = xml_bound(text, text_len);
    if (bound > 0)
        xml_run(&run, text, bound);
    // What is cut off is not what broke it.
    bool cut = len > most || bound < text_len;
    if (cut)
        format_note(state, part, "incomplete",
                    len > most ? "more XML than is read" : "XML with more attributes than are read");
    else if (run.why != NULL || broken || bound == 0)
        format_note(state, part, run.why != NULL ? run.fact : "damaged",
                    run.why != NULL ? run.why : "XML that is not in its encoding");
    return !cut && run.why == NULL && !broken && bound > 0;
}
