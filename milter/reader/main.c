// chaperone-reader: reads messages for the daemon and the command, in a sandbox.
#include "base/base.h"
#include "reader/channel.h"
#include "reader/selftest.h"
#include "reader/worker.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_channel(void)
{
    struct stat st;
    return fstat(CHANNEL_FD, &st) == 0 && S_ISSOCK(st.st_mode);
}

int main(int argc, char **argv)
{
    int status = BASE_ERROR_USAGE;
    if (argc >= 3 && strcmp(argv[1], "--self-test") == 0)
        status = selftest_run(argc - 2, argv + 2);
    else if (argc == 2 && strcmp(argv[1], "--version") == 0)
        status = puts("chaperone-reader " CHAPERONE_VERSION) < 0 ? BASE_ERROR_IO : 0;
    else if (argc == 1 && has_channel())
        status = worker_run();
    else
        fputs("chaperone-reader is started by chaperone-milter and chaperone.\n"
              "usage: chaperone-reader --version | --self-test NAME [messages|documents|ocr] [LAYER-LEFT-OUT "
              "...]\n"
              "  --self-test layers   shows which layers of the sandbox this system allows\n",
              stderr);
    if (fflush(stdout) != 0 && status == 0)
        status = BASE_ERROR_IO;
    // Exit handlers of libraries and sanitizers want what the sandbox took away.
    _exit(status);
}
