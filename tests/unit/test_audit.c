/* links: daemon/authority/audit_line.c daemon/authority/audit_out.c daemon/authority/audit_limit.c
 */
/* Audit lines: nothing that is put in ends a line, steers a terminal or passes for another word;
 * and what goes to the journal says the same as the line. */
#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../daemon/authority/audit_limit.h"
#include "../../daemon/authority/audit_out.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const struct hostile {
        struct text name;
        const char *escaped;
} hostile[] = {
        {TEXT("x\r\naudit event=forged"), "x\\x0d\\x0aaudit event=forged"},
        {TEXT("\033[2J\033]0;owned\007"), "\\x1b[2J\\x1b]0;owned\\x07"},
        {TEXT("a\0b"), "a\\x00b"},
        {TEXT("\xe2\x80\xa8line"), "\\xe2\\x80\\xa8line"}, /* U+2028 */
        {TEXT("\xc2\x85next"), "\\xc2\\x85next"},          /* U+0085 */
        {TEXT("%n%s%x"), "%n%s%x"},
        {TEXT("x\" result=granted y=\""), "x\\x22 result=granted y=\\x22"},
        {TEXT("back\\slash"), "back\\x5cslash"},
        {TEXT("\xff\xfe"), "\\xff\\xfe"},
};

static bool is_one_printable_line(const struct audit_line *line) {
        size_t i;

        for (i = 0; i < line->len; i++)
                if (line->text[i] < 0x20 || line->text[i] > 0x7e)
                        return false;
        return line->text[line->len] == '\0' && strlen(line->text) == line->len;
}

static void names_from_outside_stay_within_their_quotes(void **state) {
        struct text rest, key, value;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(hostile); i++) {
                struct audit_line line = {.len = 0};

                audit_line_word(&line, "event", "login");
                audit_line_quoted(&line, "user", hostile[i].name);
                audit_line_word(&line, "result", "refused");
                assert_true(is_one_printable_line(&line));
                rest = (struct text){line.text, line.len};
                assert_true(audit_line_next(&rest, &key, &value));
                assert_true(audit_line_next(&rest, &key, &value));
                assert_true(text_is(key, TEXT("user")));
                assert_true(text_is(value, text_of(hostile[i].escaped)));
                assert_true(audit_line_next(&rest, &key, &value));
                assert_true(text_is(key, TEXT("result")) && text_is(value, TEXT("refused")));
                assert_false(audit_line_next(&rest, &key, &value));
        }
}

/* Whoever forgot to escape what he made of a name has not opened a door. */
static void words_made_elsewhere_cannot_end_the_line(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(hostile); i++) {
                struct audit_line line = {.len = 0};

                audit_line_words(&line, hostile[i].name);
                assert_true(is_one_printable_line(&line));
                assert_int_equal(line.len, hostile[i].name.len);
        }
}

static void a_word_that_does_not_fit_is_left_out_whole(void **state) {
        struct audit_line line = {.len = 0};
        char big[300];
        int i;

        (void)state;
        memset(big, 'x', sizeof big);
        for (i = 0; i < 20; i++) {
                audit_line_quoted(&line, "user", (struct text){big, sizeof big});
                assert_true(is_one_printable_line(&line));
                assert_int_equal(line.text[line.len - 1], '"');
        }
        assert_true(line.len <= AUDIT_LINE_MAX);
}

static void a_word_is_found_by_its_whole_key(void **state) {
        struct audit_line line = {.len = 0};

        (void)state;
        audit_line_word(&line, "from_jti", "x");
        audit_line_quoted(&line, "user", TEXT("sid=1 jti=2"));
        assert_true(audit_line_has(&line, "from_jti"));
        assert_true(audit_line_has(&line, "user"));
        assert_false(audit_line_has(&line, "jti"));
        assert_false(audit_line_has(&line, "sid"));
}

static void empty_texts_are_no_words(void **state) {
        struct audit_line line = {.len = 0};

        (void)state;
        audit_line_quoted(&line, "user", TEXT_NONE);
        audit_line_words(&line, TEXT_NONE);
        assert_int_equal(line.len, 0);
}

static void the_time_is_utc_to_the_millisecond(void **state) {
        struct audit_line line = {.len = 0};

        (void)state;
        audit_line_time(&line, INT64_C(1700000000042));
        assert_string_equal(line.text, "time=2023-11-14T22:13:20.042Z");
}

static void broken_lines_are_taken_apart_to_their_end(void **state) {
        static const char *const broken[] = {"",      " ",           "a",    "a=",  "=",    "a=\"",
                                             "a=\"b", "a=\"b\"c d=", "\"\"", "= =", "a=b  "};
        size_t i, words;

        (void)state;
        for (i = 0; i < ELEMENTS(broken); i++) {
                struct text rest = text_of(broken[i]), key, value;

                for (words = 0; audit_line_next(&rest, &key, &value); words++)
                        assert_true(words < 10);
                assert_int_equal(rest.len, 0);
        }
}

/* ---- where they go ---- */

static void fill(struct audit_line *line, struct text user) {
        audit_line_word(line, "event", "login");
        audit_line_word(line, "result", "refused");
        audit_line_quoted(line, "user", user);
        audit_line_word(line, "unlisted", "1");
}

static void the_journal_is_told_each_listed_word_as_a_field(void **state) {
        struct audit_line line = {.len = 0};
        struct audit_out out = {.file = -1};
        char got[2048];
        ssize_t n;
        int fds[2];

        (void)state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
        out.journal = fds[0];
        fill(&line, TEXT("x\nPRIORITY=0\nJETON_RESULT=granted"));
        audit_out_write(&out, LOG_NOTICE, &line);
        n = recv(fds[1], got, sizeof got - 1, MSG_DONTWAIT);
        assert_true(n > 0);
        got[n] = '\0';
        assert_string_equal(got, "MESSAGE=event=login result=refused "
                                 "user=\"x\\x0aPRIORITY=0\\x0aJETON_RESULT=granted\" unlisted=1\n"
                                 "PRIORITY=5\nSYSLOG_FACILITY=10\nSYSLOG_IDENTIFIER=jetond-audit\n"
                                 "JETON_EVENT=login\nJETON_RESULT=refused\n"
                                 "JETON_USER=x\\x0aPRIORITY=0\\x0aJETON_RESULT=granted\n");
        close(fds[0]);
        close(fds[1]);
}

/* journald that reads nothing: the authority goes on at once. */
static void a_full_journal_is_not_waited_for(void **state) {
        struct audit_line line = {.len = 0};
        struct audit_out out = {.file = -1};
        int fds[2], i;

        (void)state;
        log_init("test", LOG_EMERG);
        assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
        out.journal = fds[0];
        fill(&line, TEXT("alice"));
        for (i = 0; i < 5000; i++)
                audit_out_write(&out, LOG_NOTICE, &line);
        assert_true(out.is_failing);
        close(fds[0]);
        close(fds[1]);
}

static void a_file_has_one_line_each(void **state) {
        char path[] = "/tmp/jeton-audit-XXXXXX", got[512];
        struct audit_out out = {.journal = -1};
        struct audit_line line = {.len = 0};
        ssize_t n;

        (void)state;
        out.file = mkstemp(path);
        assert_true(out.file >= 0);
        fill(&line, TEXT("alice"));
        audit_out_write(&out, LOG_NOTICE, &line);
        audit_out_write(&out, LOG_NOTICE, &line);
        n = pread(out.file, got, sizeof got - 1, 0);
        assert_true(n > 0);
        got[n] = '\0';
        assert_string_equal(got, "event=login result=refused user=\"alice\" unlisted=1\n"
                                 "event=login result=refused user=\"alice\" unlisted=1\n");
        unlink(path);
        close(out.file);
}

static void a_full_disk_fails_and_is_noticed(void **state) {
        struct audit_out out = {.journal = -1, .file = open("/dev/full", O_WRONLY | O_CLOEXEC)};
        struct audit_line line = {.len = 0};

        (void)state;
        log_init("test", LOG_EMERG);
        assert_true(out.file >= 0);
        fill(&line, TEXT("alice"));
        audit_out_write(&out, LOG_NOTICE, &line);
        assert_true(out.is_failing);
        close(out.file);
}

static void the_manual_lists_the_same_fields(void **state) {
        _cleanup_(fclosep) FILE *manual = fopen("daemon/parent/jetond.8", "re");
        const struct audit_key *keys;
        char text[512], key[64], field[64];
        size_t count, row = 0;

        (void)state;
        keys = audit_keys(&count);
        assert_non_null(manual);
        while (fgets(text, sizeof text, manual)) {
                if (sscanf(text, ".It Li %63s Pq Ev %63s", key, field) != 2)
                        continue;
                assert_true(row < count);
                assert_string_equal(key, keys[row].key);
                assert_string_equal(field, keys[row].field);
                row++;
        }
        assert_int_equal(row, count);
}

/* ---- how many ---- */

static void a_flood_of_one_uid_is_cut_short_and_counted(void **state) {
        static struct audit_limit limit;
        struct audit_suppressed told;
        uint64_t suppressed;
        int i, written = 0;

        (void)state;
        memset(&limit, 0, sizeof limit);
        for (i = 0; i < 10000; i++)
                written += audit_limit_admit(&limit, 1000, 5, &suppressed);
        assert_int_equal(written, AUDIT_BURST);
        assert_true(audit_limit_admit(&limit, 1001, 5, &suppressed));
        assert_int_equal(suppressed, 0);
        assert_true(audit_limit_admit(&limit, 1000, 5 + AUDIT_EACH_MS, &suppressed));
        assert_int_equal(suppressed, 10000 - AUDIT_BURST);
        assert_false(audit_limit_admit(&limit, 1000, 5 + AUDIT_EACH_MS, &suppressed));
        assert_true(audit_limit_next(&limit, &told));
        assert_true(told.is_of_uid && told.uid == 1000 && told.count == 1);
        assert_false(audit_limit_next(&limit, &told));
}

static void nothing_that_was_left_out_is_lost_from_the_count(void **state) {
        static struct audit_limit limit;
        struct audit_suppressed told;
        uint64_t written = 0, counted = 0, suppressed, asked = 0;
        uint32_t uid;
        int i;

        (void)state;
        memset(&limit, 0, sizeof limit);
        for (uid = 0; uid < 3000; uid++)
                for (i = 0; i < 150; i++, asked++)
                        if (audit_limit_admit(&limit, uid * 7919, 0, &suppressed)) {
                                written++;
                                counted += suppressed;
                        }
        while (audit_limit_next(&limit, &told))
                counted += told.count;
        assert_true(written + counted == asked);
}

/* Of subuid(5) a user has thousands. */
static void uids_that_meet_in_the_table_buy_no_more_than_one(void **state) {
        static struct audit_limit limit;
        uint64_t suppressed;
        int i, written = 0;

        (void)state;
        memset(&limit, 0, sizeof limit);
        for (i = 0; i < 10000; i++)
                written += audit_limit_admit(&limit, i % 2 ? 1000 : 1000 + AUDIT_SHARES, 5,
                                             &suppressed);
        assert_int_equal(written, AUDIT_BURST);
}

static void a_pause_buys_no_more_than_a_burst(void **state) {
        static struct audit_limit limit;
        uint64_t suppressed;
        int i, written = 0;

        (void)state;
        memset(&limit, 0, sizeof limit);
        audit_limit_admit(&limit, 1000, 0, &suppressed);
        for (i = 0; i < 10000; i++)
                written += audit_limit_admit(&limit, 1000, INT64_C(86400000), &suppressed);
        assert_int_equal(written, AUDIT_BURST);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_from_outside_stay_within_their_quotes),
                cmocka_unit_test(words_made_elsewhere_cannot_end_the_line),
                cmocka_unit_test(a_word_that_does_not_fit_is_left_out_whole),
                cmocka_unit_test(empty_texts_are_no_words),
                cmocka_unit_test(the_time_is_utc_to_the_millisecond),
                cmocka_unit_test(broken_lines_are_taken_apart_to_their_end),
                cmocka_unit_test(the_journal_is_told_each_listed_word_as_a_field),
                cmocka_unit_test(a_full_journal_is_not_waited_for),
                cmocka_unit_test(a_file_has_one_line_each),
                cmocka_unit_test(a_full_disk_fails_and_is_noticed),
                cmocka_unit_test(the_manual_lists_the_same_fields),
                cmocka_unit_test(a_flood_of_one_uid_is_cut_short_and_counted),
                cmocka_unit_test(nothing_that_was_left_out_is_lost_from_the_count),
                cmocka_unit_test(a_pause_buys_no_more_than_a_burst),
                cmocka_unit_test(uids_that_meet_in_the_table_buy_no_more_than_one),
                cmocka_unit_test(a_word_is_found_by_its_whole_key),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
