/* What may be called how: tables of names that pass and names that do not. */
#include "../../common/cleanup.h"
#include "../../common/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* With its NULs. */
#define T(literal) \
        { (literal), sizeof(literal) - 1 }

#define TEN     "abcdefghij"
#define THIRTY  TEN TEN TEN
#define HUNDRED THIRTY THIRTY THIRTY TEN

typedef bool grammar(struct text name);

static void check_all(grammar *is_name, const struct text *names, size_t count, bool expected) {
        for (size_t i = 0; i < count; i++)
                if (is_name(names[i]) != expected)
                        fail_msg("\"%.*s\" (%zu bytes, row %zu)", TEXT_ARGS(names[i]), names[i].len,
                                 i);
}

#define all_pass(grammar, names)  check_all(grammar, names, ELEMENTS(names), true)
#define none_pass(grammar, names) check_all(grammar, names, ELEMENTS(names), false)

/* Nothing that long is a name of any kind, and no byte behind the bound is read. */
static void four_kilobytes_are_no_name(void **state) {
        static grammar *const grammars[] = {name_is_user,     name_is_role,   name_is_scope,
                                            name_is_audience, name_is_issuer, name_is_service,
                                            name_is_unit};
        static const struct text https = T("https://");
        static char bytes[4096];

        (void)state;
        memset(bytes, 'a', sizeof bytes);
        memcpy(bytes, https.p, https.len);
        for (size_t i = 0; i < ELEMENTS(grammars); i++)
                assert_false(grammars[i]((struct text){bytes, sizeof bytes}));
        memset(bytes, 'a', 8);
        for (size_t i = 0; i < ELEMENTS(grammars); i++)
                assert_false(grammars[i]((struct text){bytes, sizeof bytes}));
}

static void empty_is_no_name(void **state) {
        (void)state;
        assert_false(name_is_user(TEXT_NONE));
        assert_false(name_is_role(TEXT_NONE));
        assert_false(name_is_scope(TEXT_NONE));
        assert_false(name_is_audience(TEXT_NONE));
        assert_false(name_is_issuer(TEXT_NONE));
        assert_false(name_is_service(TEXT_NONE));
        assert_false(name_is_reserved(TEXT_NONE));
}

static void user_names(void **state) {
        static const struct text good[] = {T("a"),         T("alice"), T("_svc"), T("a-b.c_d9"),
                                           T(THIRTY "kl"), T("me2"),   T("m"),    T("men"),
                                           T("root"),      T("x.")};
        static const struct text bad[] = {
                T("Alice"),      T("aLICE"),     T("9lives"), T("42"),         T("-a"),
                T(".a"),         T("a b"),       T("a/b"),    T("a:b"),        T("a\n"),
                T("\na"),        T("a\0"),       T("a\0b"),   T("\0"),         T("a\tb"),
                T("\xc3\xa4"),   T("a\xc3\xa4"), T("a\xff"),  T("a$"),         T("a@b"),
                T("a%00"),       T("a'--"),      T("a\\"),    T(THIRTY "klm"), T(HUNDRED),
                T("a\r\nb:0:0"), T(" alice"),    T("alice "), T("a\x1b[31m"),  T("a+b")};

        (void)state;
        all_pass(name_is_user, good);
        none_pass(name_is_user, bad);
}

static void nobody_is_called_me(void **state) {
        (void)state;
        assert_false(name_is_user(TEXT("me")));
        assert_true(name_is_user(TEXT("mee")));
}

static void reserved_names(void **state) {
        static const struct text reserved[] = {
                T("root"),   T("daemon"), T("bin"),           T("sys"),        T("nobody"),
                T("admin"),  T("jeton"),  T("administrator"), T("jeton-sign"), T("jeton-"),
                T("uid"),    T("svc"),    T("client"),        T("system"),     T("operator"),
                T("jetond"), T("_"),      T("systemd-foo"),   T("postmaster"), T("local")};
        static const struct text free_names[] = {
                T("alice"),   T("roots"), T("jetons"), T("systemd"), T("oot"),     T("root root"),
                T("bin sys"), T("Root"),  T("root\0"), T("admin2"),  T("johndoe"), T(" ")};

        (void)state;
        all_pass(name_is_reserved, reserved);
        none_pass(name_is_reserved, free_names);
}

static void role_names(void **state) {
        static const struct text good[] = {T("admin"), T("a"), T("web:editor"), T("a_b.c-d:e9"),
                                           T(THIRTY THIRTY "klmn")};
        static const struct text bad[] = {T("Admin"),
                                          T("_a"),
                                          T("9a"),
                                          T("a b"),
                                          T("a,b"),
                                          T("a\0"),
                                          T(":a"),
                                          T("a\n"),
                                          T("a/b"),
                                          T("\xc3\xa4"),
                                          T(THIRTY THIRTY "klmno")};

        (void)state;
        all_pass(name_is_role, good);
        none_pass(name_is_role, bad);
}

/* RFC 6749 3.3: exactly these bytes. */
static void scope_bytes(void **state) {
        (void)state;
        for (int byte = 0; byte < 256; byte++) {
                const char name[] = {'a', (char)byte, 'z'};
                bool allowed = byte >= 0x21 && byte <= 0x7e && byte != '"' && byte != '\\';

                assert_int_equal(name_is_scope((struct text){name, sizeof name}), allowed);
        }
}

static void audience_names(void **state) {
        static const struct text good[] = {T("https://api.example.org"),
                                           T("https://api.example.org:8443/v1/?x=1&y=%20"),
                                           T("urn:example:a"),
                                           T("api"),
                                           T("API_1.2-x"),
                                           T("jeton:x"),
                                           T("https://[::1]/"),
                                           T("tag:a@b,2026:x"),
                                           T("9p")};
        static const struct text bad[] = {T("https://a.org/#x"),
                                          T("https://a.org/%"),
                                          T("https://a.org/%2"),
                                          T("https://a.org/%zz"),
                                          T("a b"),
                                          T("https://a.org/a b"),
                                          T("a/b"),
                                          T("//a.org"),
                                          T("https://a.org\n"),
                                          T("https://\xc3\xa4.org"),
                                          T("a\0"),
                                          T("https://a.org/\""),
                                          T("1https://a.org/"),
                                          T("a,b")};

        (void)state;
        all_pass(name_is_audience, good);
        none_pass(name_is_audience, bad);
}

static void issuer_names(void **state) {
        static const struct text good[] = {T("https://a"),
                                           T("https://host.example.org"),
                                           T("https://host.example.org/"),
                                           T("https://host.example.org:8443/realms/x"),
                                           T("https://127.0.0.1"),
                                           T("https://[2001:db8::1]:443/a"),
                                           T("https://h/a%20b")};
        static const struct text bad[] = {T("http://a"),
                                          T("https://"),
                                          T("https:///a"),
                                          T("https://a?x"),
                                          T("https://a/?x=1"),
                                          T("https://a#x"),
                                          T("HTTPS://a"),
                                          T("https://u@a"),
                                          T("https://u:p@a/"),
                                          T("https://a:"),
                                          T("https://a:0"),
                                          T("https://a:80x"),
                                          T("https://a:123456"),
                                          T("https://a b"),
                                          T("https://a\n"),
                                          T("https://a\0"),
                                          T("https://-a"),
                                          T("https://.a"),
                                          T("https://[::1"),
                                          T("https://[]"),
                                          T("https://[::1]x"),
                                          T("https://a_b"),
                                          T("a"),
                                          T("https:/a"),
                                          T("https://\xc3\xa4"),
                                          T("https://a/\xc3\xa4"),
                                          T("https://a/%2"),
                                          T("https://[g]")};

        (void)state;
        all_pass(name_is_issuer, good);
        none_pass(name_is_issuer, bad);
}

static void addresses_to_fetch(void **state) {
        static const struct text good[] = {T("https://a"), T("https://a?x"),
                                           T("https://host.test:8443/jwks?p=B2C_1_in&v=2.0")};
        static const struct text bad[] = {T("http://a"),      T("https://?x"),  T("https://a#x"),
                                          T("https://u@a?x"), T("https://a b"), T("file:///a"),
                                          T("https://a:x?y"), T("-https://a")};

        (void)state;
        all_pass(name_is_https, good);
        none_pass(name_is_https, bad);
}

static void issuer_length(void **state) {
        char bytes[ISSUER_MAX + 1] = "https://";

        (void)state;
        memset(bytes + 8, 'a', sizeof bytes - 8);
        assert_true(name_is_issuer((struct text){bytes, ISSUER_MAX}));
        assert_false(name_is_issuer((struct text){bytes, ISSUER_MAX + 1}));
}

static void service_names(void **state) {
        static const struct text good[] = {T("sshd"), T("sudo-i"), T("polkit-1"), T("Other_2.x"),
                                           T(THIRTY THIRTY "klmn")};
        static const struct text bad[] = {T("a/b"),
                                          T("../etc"),
                                          T("a b"),
                                          T("a\0"),
                                          T("a\n"),
                                          T("\xc3\xa4"),
                                          T(THIRTY THIRTY "klmno")};

        (void)state;
        all_pass(name_is_service, good);
        none_pass(name_is_service, bad);
}

static void unit_names(void **state) {
        static const struct text good[] = {T("a.service"), T("session-3.scope"),
                                           T("a@b:c\\x2dd_e.f.service"), T("_a.service")};
        static const struct text bad[] = {T(".service"),        T("service"),     T("a.socket"),
                                          T("a.slice"),         T("a/b.service"), T("a b.service"),
                                          T("a.service\0"),     T("a.service "),  T("a.Service"),
                                          T("\xc3\xa4.service")};
        char longest[UNIT_MAX + 1];

        (void)state;
        all_pass(name_is_unit, good);
        none_pass(name_is_unit, bad);
        memset(longest, 'a', sizeof longest);
        memcpy(longest + UNIT_MAX - strlen(".service"), ".service", strlen(".service"));
        assert_true(name_is_unit((struct text){longest, UNIT_MAX}));
        memcpy(longest + UNIT_MAX + 1 - strlen(".service"), ".service", strlen(".service"));
        assert_false(name_is_unit((struct text){longest, UNIT_MAX + 1}));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(four_kilobytes_are_no_name),
                cmocka_unit_test(empty_is_no_name),
                cmocka_unit_test(user_names),
                cmocka_unit_test(unit_names),
                cmocka_unit_test(nobody_is_called_me),
                cmocka_unit_test(reserved_names),
                cmocka_unit_test(role_names),
                cmocka_unit_test(scope_bytes),
                cmocka_unit_test(audience_names),
                cmocka_unit_test(issuer_names),
                cmocka_unit_test(issuer_length),
                cmocka_unit_test(addresses_to_fetch),
                cmocka_unit_test(service_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
