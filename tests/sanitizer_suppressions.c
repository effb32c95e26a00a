/* Linked into every program of a sanitizer build: what the sanitizers are wrong about, or what is a
 * library's.
 *
 * regexec: its interceptor reads the text up to a NUL even with REG_STARTEND, by which the caller
 * says where the text ends.
 *
 * create_watch: libinotifytools loses its record of a directory that was removed and is watched
 * again under the same name. */
const char *__asan_default_suppressions(void);
const char *__lsan_default_suppressions(void);

__attribute__((visibility("default"), used)) const char *__asan_default_suppressions(void)
{
    return "interceptor_name:regexec\n";
}

__attribute__((visibility("default"), used)) const char *__lsan_default_suppressions(void)
{
    return "leak:create_watch\n";
}
