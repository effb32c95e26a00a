/* The landing page: facts, links, escaping, and a policy that fits its style. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "serve/landing.h"

static const char *const packs[] = {"prodigy", "a<b>&\"'c"};

static struct landing plain(void)
{
    return (struct landing){
        .name = "jsonl-exporter",
        .version = "1.0",
        .description = "Follows files.",
        .directory = "/home/user/.prodigy/events",
        .packs = packs,
        .pack_count = 1,
        .telemetry_path = "/metrics",
        .ready = true,
    };
}

static char *page_of(struct landing landing)
{
    struct text out;
    text_init(&out, TEXT_UNLIMITED);
    landing_write(&landing, &out);
    assert_false(out.overflowed);
    return text_take(&out);
}

static void expect(struct landing landing, const char *piece, bool there)
{
    char *page = page_of(landing);
    if ((strstr(page, piece) != NULL) != there)
        fail_msg("'%s' is %s in the page:\n%s", piece, there ? "not" : "", page);
    free(page);
}

static void test_facts_and_links_are_there(void **state UNUSED)
{
    static const char *const pieces[] = {
        "<!DOCTYPE html>\n<html lang=\"en\">",
        "<title>jsonl-exporter</title>",
        "1.0",
        "Follows files.",
        "/home/user/.prodigy/events",
        "prodigy",
        "href=\"/metrics\"",
        "href=\"/metrics/json\"",
        "href=\"/metrics/self\"",
        "href=\"/health\"",
        "href=\"/ready\"",
        "href=\"/-/healthy\"",
        "href=\"/-/ready\"",
        "<span class=\"ready\">ready</span>",
        "</html>\n",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++)
        expect(plain(), pieces[i], true);
}

static void test_the_state_and_its_cause_are_shown(void **state UNUSED)
{
    struct landing landing = plain();
    landing.ready = false;
    landing.state = "catching up, 3 of 8 files";
    expect(landing, "<span class=\"waiting\">not ready</span>: catching up, 3 of 8 files", true);
    expect(landing, "class=\"ready\"", false);
}

static void test_the_telemetry_path_is_the_configured_one(void **state UNUSED)
{
    struct landing landing = plain();
    landing.telemetry_path = "/probe";
    expect(landing, "href=\"/probe\"", true);
    expect(landing, "href=\"/metrics\"", false);
}

static void test_no_packs_is_said(void **state UNUSED)
{
    struct landing landing = plain();
    landing.pack_count = 0;
    expect(landing, "<dt>Rule packs</dt><dd>none</dd>", true);
}

static void test_every_text_is_escaped(void **state UNUSED)
{
    static const char hostile[] = "<script>alert(\"1\")</script>&'";
    struct landing all = plain();
    const char **texts[] = {&all.name,      &all.version,        &all.description,
                            &all.directory, &all.telemetry_path, &all.state};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        all = plain();
        *texts[i] = hostile;
        expect(all, "<script", false);
        expect(all, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;", true);
    }
    all = plain();
    all.pack_count = 2;
    expect(all, "<code>a&lt;b&gt;&amp;&quot;&#39;c</code>", true);
}

static void test_there_is_nothing_that_the_policy_forbids(void **state UNUSED)
{
    static const char *const pieces[] = {
        "<script", " style=", " onload=", "http:", "https:", "<img", "<link", "@import", "url("};
    for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++)
        expect(plain(), pieces[i], false);
}

/* Base64 of the 32 bytes that `hex` spells. */
static void encode_base64(const char *hex, char *ret_text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0;
    int held = 0;
    size_t length = 0;
    for (int i = 0; i < 64; i += 2) {
        unsigned byte;
        assert_int_equal(sscanf(hex + i, "%2x", &byte), 1);
        bits = bits << 8 | byte;
        for (held += 8; held >= 6; held -= 6)
            ret_text[length++] = letters[bits >> (held - 6) & 63];
    }
    ret_text[length++] = letters[bits << (6 - held) & 63];
    ret_text[length++] = '=';
    ret_text[length] = '\0';
}

static void test_the_policy_allows_the_style_by_its_hash(void **state UNUSED)
{
    char path[] = "/tmp/landing-style-XXXXXX";
    char command[128];
    char hex[65] = "";
    char hash[64];
    char *page = page_of(plain());
    const char *start = strstr(page, "<style>") + 7;
    size_t length = (size_t)(strstr(page, "</style>") - start);
    int file = mkstemp(path);
    assert_int_equal(write(file, start, length), (ssize_t)length);
    close(file);
    snprintf(command, sizeof(command), "sha256sum < %s", path);
    FILE *sum = popen(command, "r"); /* NOLINT(cert-env33-c): the command is ours */
    assert_int_equal(fread(hex, 1, 64, sum), 64);
    assert_int_equal(pclose(sum), 0);
    unlink(path);
    free(page);

    encode_base64(hex, hash);
    if (!strstr(LANDING_CONTENT_SECURITY_POLICY, hash))
        fail_msg("landing.h must name the style's hash: sha256-%s", hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_and_links_are_there),
        cmocka_unit_test(test_the_state_and_its_cause_are_shown),
        cmocka_unit_test(test_the_telemetry_path_is_the_configured_one),
        cmocka_unit_test(test_no_packs_is_said),
        cmocka_unit_test(test_every_text_is_escaped),
        cmocka_unit_test(test_there_is_nothing_that_the_policy_forbids),
        cmocka_unit_test(test_the_policy_allows_the_style_by_its_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
