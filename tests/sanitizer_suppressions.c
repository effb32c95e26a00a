/* Linked into every program of a sanitizer build: what AddressSanitizer is wrong about.
 *
 * regexec: its interceptor reads the text up to a NUL even with REG_STARTEND, by which the caller
 * says where the text ends. */
const char *__asan_default_suppressions(void);

__attribute__((visibility("default"), used)) const char *__asan_default_suppressions(void)
{
    return "interceptor_name:regexec\n";
}
