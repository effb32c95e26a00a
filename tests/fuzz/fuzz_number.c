/* Numbers, durations and sizes as text: nothing is read past the end, and every double that is
 * written reads back as itself. */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "fuzz.h"

static void write_and_read_back(double value)
{
    char text[NUMBER_TEXT];
    double again = 0;
    size_t length = number_format(value, text);
    MUST_HOLD(length > 0 && length <= sizeof(text));
    if (isfinite(value))
        MUST_HOLD(number_parse(text, length, &again) && memcmp(&again, &value, sizeof(value)) == 0);
    length = number_format_bound(value, text);
    MUST_HOLD(length > 0 && length <= sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    double value = 0;
    int64_t integer = 0;
    if (size >= sizeof(value)) {
        memcpy(&value, data, sizeof(value));
        write_and_read_back(value);
    }
    if (number_parse(text, size, &value)) {
        MUST_HOLD(isfinite(value));
        write_and_read_back(value);
    }
    if (number_parse_int(text, size, &integer) && number_parse(text, size, &value))
        MUST_HOLD(value == (double)integer);
    if (duration_parse(text, size, &value))
        MUST_HOLD(isfinite(value));
    if (size_parse(text, size, &integer))
        MUST_HOLD(integer >= 0);
    return 0;
}
