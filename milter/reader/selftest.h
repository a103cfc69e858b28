// selftest: the sandbox tried from inside, by the program that lives in it.
#pragma once

#include "reader/reader.h"

// The program's `--self-test NAME [CLASS] [LAYER...]`: puts the sandbox of a class of workers ("messages" when none is named)
// in force without the layers named, reads a document and a picture in it where the class does, and tries what it must forbid.
// "layers" only prints what is in force. Exit status: 0 = refused with an error, 1 = not refused, 64 = usage, 70 = what was to
// be read could not be.
int selftest_run(int argc, char **argv);
// True when a document and a picture are read as `options` ask.
bool selftest_read(const AttachmentOptions *options);
