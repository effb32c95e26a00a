/* `version`: five lines, in the form that Prometheus's own programs have. */
#include "base/attributes.h"
#include "base/build_info.h"
#include "base/text.h"
#include "command/command.h"
#include "command/output.h"

int command_version(const struct settings *settings)
{
    (void)settings;
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    text_printf(&text, "jsonl-exporter, version %s (branch: %s, revision: %s)\n", BUILD_VERSION,
                BUILD_BRANCH, BUILD_REVISION);
    text_printf(&text, "  %-17s %s\n", "build user:", BUILD_USER);
    text_printf(&text, "  %-17s %s\n", "build date:", BUILD_DATE);
    text_printf(&text, "  %-17s %s\n", "compiler:", BUILD_COMPILER);
    text_printf(&text, "  %-17s %s\n", "platform:", BUILD_OS "/" BUILD_ARCH);
    int status = output_text(&text);
    text_free(&text);
    return status;
}
