/* What is written is what is read, to the byte, and nothing else is read.
 *
 * The rows of message.c are looked at from inside: every type gets random contents without a second
 * list of fields to forget one in. */
#include "../../daemon/privsep/message.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define TEXT_ROOM FRAME_MAX
#define CALL      UINT64_C(0x010203040506)

static char noise[TEXT_ROOM];
static uint64_t random_state = 0x9e3779b97f4a7c15u;

/* xorshift64: the same sequence in every run. */
static uint64_t random_next(void) {
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        return random_state;
}

static uint64_t random_below(uint64_t bound) {
        return bound ? random_next() % bound : 0;
}

static int noise_fill(void **state) {
        (void)state;
        for (size_t i = 0; i < sizeof(noise); i++)
                noise[i] = (char)random_next();
        return 0;
}

static uint64_t kind_max(enum field_kind kind) {
        return kind == FIELD_U8    ? UINT8_MAX
               : kind == FIELD_U16 ? UINT16_MAX
               : kind == FIELD_U32 ? UINT32_MAX
                                   : UINT64_MAX;
}

static uint64_t field_bound(const struct field_rule *field) {
        return field->max < kind_max(field->kind) ? field->max : kind_max(field->kind);
}

static void field_set(const struct field_rule *field, union message *message, uint64_t value) {
        size_t shift = field->kind == FIELD_TEXT ? random_below(TEXT_ROOM - value) : 0;

        field_write(field->kind, (uint8_t *)message + field->offset, value,
                    (const uint8_t *)noise + shift);
}

static void message_random(enum message_type type, union message *ret) {
        memset(ret, 0, sizeof(*ret));
        for (const struct field_rule *f = rule_next(&rules[type], NULL); f;
             f = rule_next(&rules[type], f)) {
                uint64_t bound = field_bound(f);

                field_set(f, ret, bound == UINT64_MAX ? random_next() : random_below(bound + 1));
        }
}

static void message_fullest(enum message_type type, union message *ret) {
        memset(ret, 0, sizeof(*ret));
        for (const struct field_rule *f = rule_next(&rules[type], NULL); f;
             f = rule_next(&rules[type], f))
                field_set(f, ret, field_bound(f));
}

static void assert_same_fields(enum message_type type, const union message *a,
                               const union message *b) {
        for (const struct field_rule *f = rule_next(&rules[type], NULL); f;
             f = rule_next(&rules[type], f)) {
                const void *x = (const uint8_t *)a + f->offset, *y = (const uint8_t *)b + f->offset;

                assert_true(field_read(f->kind, x) == field_read(f->kind, y));
                if (f->kind == FIELD_TEXT)
                        assert_true(text_is(*(const struct text *)x, *(const struct text *)y));
        }
}

static void assert_zeroed(const union message *message) {
        static const union message zero;

        assert_memory_equal(message, &zero, sizeof(zero));
}

static size_t encoded(enum message_type type, const union message *message, uint8_t *ret) {
        size_t len = 0;

        assert_int_equal(message_encode(type, CALL, message, ret, &len), 0);
        return len;
}

/* ---- tests ---- */

static void every_message_comes_back_as_it_was_sent(void **state) {
        uint8_t frame[FRAME_MAX], again[FRAME_MAX];
        union message sent, received;
        enum message_type type;
        uint64_t call;

        (void)state;
        for (int i = 0; i < 20 * MSG_COUNT; i++) {
                enum message_type sent_type = (enum message_type)(1 + i % (MSG_COUNT - 1));
                size_t len;

                message_random(sent_type, &sent);
                len = encoded(sent_type, &sent, frame);
                assert_int_equal(message_decode_header(frame, len, &type, &call), 0);
                assert_int_equal(type, sent_type);
                assert_int_equal(call, CALL);
                assert_int_equal(message_decode(type, frame, len, &received), 0);
                assert_same_fields(type, &sent, &received);
                assert_int_equal(encoded(type, &received, again), len);
                assert_memory_equal(frame, again, len);
        }
}

static void a_frame_looks_as_the_header_file_says(void **state) {
        const struct msg_answer_refused refused = {
                .status = 0x0190, .error = TEXT("ab"), .description = TEXT_NONE};
        const uint8_t expected[] = {
                MSG_ANSWER_REFUSED, 0, 6, 5, 4, 3, 2, 1, 0x90, 1, 2, 0, 0, 0, 'a', 'b', 0, 0, 0, 0};
        uint8_t frame[FRAME_MAX];
        size_t len;

        (void)state;
        assert_int_equal(message_encode(MSG_ANSWER_REFUSED, CALL, &refused, frame, &len), 0);
        assert_int_equal(len, sizeof(expected));
        assert_memory_equal(frame, expected, len);
}

static void a_frame_cut_short_anywhere_is_refused(void **state) {
        uint8_t frame[FRAME_MAX];
        union message sent, received;

        (void)state;
        for (int t = 1; t < MSG_COUNT; t++) {
                enum message_type type = (enum message_type)t;
                size_t len;

                message_random(type, &sent);
                len = encoded(type, &sent, frame);
                for (size_t cut = 0; cut < len; cut++) {
                        assert_int_equal(message_decode(type, frame, cut, &received), -EPROTO);
                        assert_zeroed(&received);
                }
        }
}

static void a_byte_too_many_is_refused(void **state) {
        uint8_t frame[FRAME_MAX + 1];
        union message sent, received;

        (void)state;
        for (int t = 1; t < MSG_COUNT; t++) {
                enum message_type type = (enum message_type)t;
                size_t len;

                message_random(type, &sent);
                len = encoded(type, &sent, frame);
                frame[len] = 0;
                assert_int_equal(message_decode(type, frame, len + 1, &received), -EPROTO);
                assert_zeroed(&received);
        }
}

/* Writes the message with one field beyond its bound, which the encoder would refuse. */
static size_t frame_beyond(enum message_type type, const union message *message,
                           const struct field_rule *beyond, uint8_t *ret) {
        size_t len = FRAME_HEADER;

        memset(ret, 0, FRAME_HEADER);
        ret[0] = (uint8_t)type;
        for (const struct field_rule *f = rule_next(&rules[type], NULL); f;
             f = rule_next(&rules[type], f)) {
                uint64_t value = field_read(f->kind, (const uint8_t *)message + f->offset);

                if (f == beyond)
                        value = f->max + 1;
                for (size_t i = 0; i < field_width[f->kind]; i++)
                        ret[len++] = (uint8_t)(value >> (8 * i));
                if (f->kind == FIELD_TEXT) {
                        memcpy(ret + len, noise, value);
                        len += value;
                }
        }
        return len;
}

static void a_field_beyond_its_bound_is_refused_on_both_sides(void **state) {
        uint8_t frame[2 * FRAME_MAX];
        union message message, received;
        size_t len = 0, tried = 0;

        (void)state;
        for (int t = 1; t < MSG_COUNT; t++) {
                enum message_type type = (enum message_type)t;

                for (const struct field_rule *f = rule_next(&rules[type], NULL); f;
                     f = rule_next(&rules[type], f)) {
                        if (f->max >= kind_max(f->kind))
                                continue;
                        message_random(type, &message);
                        len = frame_beyond(type, &message, f, frame);
                        assert_int_equal(message_decode(type, frame, len, &received), -EPROTO);
                        assert_zeroed(&received);
                        field_set(f, &message, f->max + 1);
                        assert_int_equal(message_encode(type, CALL, &message, frame, &len),
                                         -EMSGSIZE);
                        tried++;
                }
        }
        assert_true(tried > 60);
}

static void the_fullest_message_of_each_type_fits_a_frame(void **state) {
        uint8_t frame[FRAME_MAX];
        union message message;

        (void)state;
        for (int t = 1; t < MSG_COUNT; t++) {
                enum message_type type = (enum message_type)t;

                assert_true(message_max(type) >= FRAME_HEADER);
                assert_true(message_max(type) <= FRAME_MAX);
                message_fullest(type, &message);
                assert_int_equal(encoded(type, &message, frame), message_max(type));
        }
}

#define PASSES(type, of, field, most) \
        { type, offsetof(struct of, field), most }

/* The bounds that other walls count on, written down a second time. */
static void the_bounds_are_those_that_were_agreed(void **state) {
        static const struct {
                enum message_type type;
                size_t offset;
                uint64_t most;
        } agreed[] = {
                PASSES(MSG_ASK_PASSWORD_GRANT, msg_ask_password_grant, password, 511),
                PASSES(MSG_ASK_PASSWORD_GRANT, msg_ask_password_grant, username, 256),
                PASSES(MSG_ASK_USER_ADD, msg_ask_user_add, credential, CREDENTIAL_BEARER),
                PASSES(MSG_ASK_USER_IMPORT, msg_ask_user_import, credential, CREDENTIAL_PEER),
                PASSES(MSG_ASK_USER_IMPORT, msg_ask_user_import, rows, 14000),
                PASSES(MSG_ASK_PAM, msg_ask_pam, nonce, 43),
                PASSES(MSG_ASK_PAM, msg_ask_pam, phase, PAM_PHASE_PASSWORD),
                PASSES(MSG_ASK_PAM, msg_ask_pam, sid, 22),
                PASSES(MSG_ASK_LOGIN_CODE, msg_ask_login_code, service, 64),
                PASSES(MSG_SIGN_ACCESS, msg_sign_access, kind, TOKEN_KIND_PLAIN),
                PASSES(MSG_SIGN_ACCESS, msg_sign_access, username, 32),
                PASSES(MSG_SIGN_TICKET, msg_sign_ticket, username, 32),
                PASSES(MSG_SIGN_TICKET, msg_sign_ticket, verdict, LOGIN_GRANTED),
                PASSES(MSG_HASH, msg_hash, password, 511),
                PASSES(MSG_HASH, msg_hash, setting, 384),
                PASSES(MSG_HASH, msg_hash, username, 32),
                PASSES(MSG_HASH, msg_hash, old_password, 511),
                PASSES(MSG_HASHED, msg_hashed, hash, 384),
                PASSES(MSG_HASHED, msg_hashed, complaint, COMPLAINT_SIMPLE),
                PASSES(MSG_CHECK_PAM, msg_check_pam, username, 32),
                PASSES(MSG_CHECK_PAM, msg_check_pam, password, 511),
                PASSES(MSG_PAM_CHECKED, msg_pam_checked, name, 32),
                PASSES(MSG_PAM_CHECKED, msg_pam_checked, outcome, CONVERSATION_PROVED),
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(agreed); i++) {
                const struct field_rule *f = rule_next(&rules[agreed[i].type], NULL);

                while (f && f->offset != agreed[i].offset)
                        f = rule_next(&rules[agreed[i].type], f);
                assert_non_null(f);
                assert_true(f->max == agreed[i].most);
        }
}

#define SIZE(type, of) [type] = sizeof(struct of)

static const size_t struct_sizes[MSG_COUNT] = {
        SIZE(MSG_SETUP_FRONTEND, msg_setup_frontend),
        SIZE(MSG_SETUP_AUTHORITY, msg_setup_authority),
        SIZE(MSG_SETUP_ADMIN, msg_setup_admin),
        SIZE(MSG_SETUP_AUDIENCE, msg_setup_audience),
        SIZE(MSG_SETUP_SCOPE, msg_setup_scope),
        SIZE(MSG_SETUP_SOURCE, msg_setup_source),
        SIZE(MSG_SETUP_SIGNER, msg_setup_signer),
        SIZE(MSG_SETUP_IDENTITY, msg_setup_identity),
        SIZE(MSG_SETUP_MEMBER, msg_setup_member),
        SIZE(MSG_ASK_PEER_GRANT, msg_ask_peer_grant),
        SIZE(MSG_ASK_CLIENT_GRANT, msg_ask_client_grant),
        SIZE(MSG_ASK_EXCHANGE, msg_ask_exchange),
        SIZE(MSG_ASK_OUTSIDE_GRANT, msg_ask_outside_grant),
        SIZE(MSG_ASK_LINK_LIST, msg_ask_link_list),
        SIZE(MSG_ASK_LINK_ADD, msg_ask_link),
        SIZE(MSG_ASK_LINK_REMOVE, msg_ask_link),
        SIZE(MSG_ASK_CLIENT_CHECK, msg_ask_client_check),
        SIZE(MSG_ASK_CLIENT_ADD, msg_ask_client_add),
        SIZE(MSG_ASK_CLIENT_LIST, msg_ask_client_list),
        SIZE(MSG_ASK_CLIENT_SHOW, msg_ask_client),
        SIZE(MSG_ASK_CLIENT_CHANGE, msg_ask_client_change),
        SIZE(MSG_ASK_CLIENT_SECRET, msg_ask_client),
        SIZE(MSG_ASK_CLIENT_DELETE, msg_ask_client),
        SIZE(MSG_ASK_POLICY_TEST, msg_ask_policy_test),
        SIZE(MSG_ANSWER_CLIENT, msg_answer_client),
        SIZE(MSG_ANSWER_CLIENT_CHECK, msg_answer_client_check),
        SIZE(MSG_ANSWER_CLIENTS_END, msg_answer_clients_end),
        SIZE(MSG_ANSWER_LINK, msg_answer_link),
        SIZE(MSG_ANSWER_LINKS_END, msg_answer_links_end),
        SIZE(MSG_ANSWER_POLICY, msg_answer_policy),
        SIZE(MSG_SETUP_PAM, msg_setup_pam),
        SIZE(MSG_SETUP_ISSUER, msg_setup_issuer),
        SIZE(MSG_DESCRIPTOR, msg_descriptor),
        SIZE(MSG_GO, msg_go),
        SIZE(MSG_DRAIN, msg_drain),
        SIZE(MSG_READY, msg_ready),
        SIZE(MSG_BREACH, msg_breach),
        SIZE(MSG_RETIRE, msg_retire),
        SIZE(MSG_PAM_START, msg_pam_start),
        SIZE(MSG_PAM_STATE, msg_pam_state),
        SIZE(MSG_CONNECTION, msg_connection),
        SIZE(MSG_CONNECTION_CLOSED, msg_connection_closed),
        SIZE(MSG_CALLER, msg_caller),
        SIZE(MSG_ASK_PASSWORD_GRANT, msg_ask_password_grant),
        SIZE(MSG_ASK_REFRESH_GRANT, msg_ask_refresh_grant),
        SIZE(MSG_ASK_REVOKE, msg_ask_revoke),
        SIZE(MSG_ASK_REVOCATION, msg_ask_revocation),
        SIZE(MSG_ASK_SESSIONS, msg_ask_sessions),
        SIZE(MSG_ASK_SESSION_END, msg_ask_session_end),
        SIZE(MSG_ANSWER_SESSION, msg_answer_session),
        SIZE(MSG_ANSWER_SESSIONS_END, msg_answer_sessions_end),
        SIZE(MSG_ASK_ME, msg_ask_me),
        SIZE(MSG_ASK_USER_ADD, msg_ask_user_add),
        SIZE(MSG_ASK_USER_IMPORT, msg_ask_user_import),
        SIZE(MSG_ASK_USER_LIST, msg_ask_user_list),
        SIZE(MSG_ASK_USER_SHOW, msg_ask_user_show),
        SIZE(MSG_ASK_USER_CHANGE, msg_ask_user_change),
        SIZE(MSG_ASK_USER_REMOVE, msg_ask_user_remove),
        SIZE(MSG_ASK_USER_UNLOCK, msg_ask_user_unlock),
        SIZE(MSG_ASK_PROFILE_CHANGE, msg_ask_profile_change),
        SIZE(MSG_ASK_PASSWORD_CHANGE, msg_ask_password_change),
        SIZE(MSG_ASK_PAM, msg_ask_pam),
        SIZE(MSG_ASK_LOGIN_CODE, msg_ask_login_code),
        SIZE(MSG_ANSWER_LOGIN_CODE, msg_answer_login_code),
        SIZE(MSG_ASK_HEALTH, msg_ask_health),
        SIZE(MSG_ANSWER_REFUSED, msg_answer_refused),
        SIZE(MSG_ANSWER_TOKEN, msg_answer_token),
        SIZE(MSG_ANSWER_USER, msg_answer_user),
        SIZE(MSG_ANSWER_USERS_END, msg_answer_users_end),
        SIZE(MSG_ANSWER_IMPORTED, msg_answer_imported),
        SIZE(MSG_ANSWER_TICKET, msg_answer_ticket),
        SIZE(MSG_ANSWER_HEALTH, msg_answer_health),
        SIZE(MSG_SIGN_ACCESS, msg_sign_access),
        SIZE(MSG_SIGN_TICKET, msg_sign_ticket),
        SIZE(MSG_SIGNED, msg_signed),
        SIZE(MSG_NOT_SIGNED, msg_not_signed),
        SIZE(MSG_ASK_KEY_LIST, msg_ask_key_list),
        SIZE(MSG_ASK_KEY_ROTATE, msg_ask_key_rotate),
        SIZE(MSG_ASK_KEY_DROP, msg_ask_key_drop),
        SIZE(MSG_ASK_TOKEN_CHECK, msg_ask_token_check),
        SIZE(MSG_ASK_METRICS, msg_ask_metrics),
        SIZE(MSG_ANSWER_COUNTS, msg_answer_counts),
        SIZE(MSG_ANSWER_KEY, msg_key),
        SIZE(MSG_ANSWER_KEYS_END, msg_keys_end),
        SIZE(MSG_ANSWER_TOKEN_CHECK, msg_answer_token_check),
        [MSG_KEYS_LIST] = 0,
        SIZE(MSG_KEY_ROTATE, msg_key_rotate),
        SIZE(MSG_KEY_DROP, msg_key_drop),
        SIZE(MSG_KEY, msg_key),
        SIZE(MSG_KEYS_END, msg_keys_end),
        SIZE(MSG_KEY_CHANGED, msg_key_changed),
        SIZE(MSG_CHECK_MAC, msg_check_mac),
        SIZE(MSG_MAC_CHECKED, msg_mac_checked),
        SIZE(MSG_HASH, msg_hash),
        SIZE(MSG_HASHED, msg_hashed),
        SIZE(MSG_CHECK_PAM, msg_check_pam),
        SIZE(MSG_PAM_CHECKED, msg_pam_checked),
        SIZE(MSG_FIND_ACCOUNT, msg_find_account),
        SIZE(MSG_FIND_UID, msg_find_uid),
        SIZE(MSG_ACCOUNT, msg_account),
        SIZE(MSG_FIND_PROCESS, msg_find_process),
        SIZE(MSG_FIND_UNIT, msg_find_unit),
        SIZE(MSG_PROCESS, msg_process),
        SIZE(MSG_UNIT, msg_unit),
        SIZE(MSG_CHECK_OUTSIDE, msg_check_outside),
        SIZE(MSG_OUTSIDE_CHECKED, msg_outside_checked),
};

static size_t kind_size(enum field_kind kind) {
        return kind == FIELD_TEXT ? sizeof(struct text) : field_width[kind];
}

static size_t aligned(size_t offset, size_t alignment) {
        return (offset + alignment - 1) / alignment * alignment;
}

/* Field after field, with no more between two than their alignment asks for: none is forgotten. */
static void every_field_of_a_struct_travels(void **state) {
        (void)state;
        for (int t = 1; t < MSG_COUNT; t++) {
                size_t end = 0, widest = 1;

                for (const struct field_rule *f = rule_next(&rules[t], NULL); f;
                     f = rule_next(&rules[t], f)) {
                        size_t size = kind_size(f->kind);
                        size_t alignment = f->kind == FIELD_TEXT ? _Alignof(struct text) : size;

                        assert_int_equal(f->offset, aligned(end, alignment));
                        end = f->offset + size;
                        widest = alignment > widest ? alignment : widest;
                }
                assert_int_equal(struct_sizes[t], aligned(end, widest));
        }
}

static void every_message_has_a_name_of_its_own(void **state) {
        (void)state;
        for (int a = 1; a < MSG_COUNT; a++) {
                assert_string_not_equal(message_name((enum message_type)a), "unknown");
                for (int b = 1; b < a; b++)
                        assert_string_not_equal(message_name((enum message_type)a),
                                                message_name((enum message_type)b));
        }
        assert_string_equal(message_name(MSG_NONE), "unknown");
        assert_string_equal(message_name(MSG_COUNT), "unknown");
        assert_int_equal(message_max(MSG_NONE), 0);
        assert_int_equal(message_max(MSG_COUNT), 0);
}

static void a_header_that_is_none_is_refused(void **state) {
        uint8_t frame[FRAME_HEADER] = {MSG_GO, 0, 0, 0, 0, 0, 0, 0};
        enum message_type type = MSG_NONE;
        uint64_t call = 0;

        (void)state;
        for (size_t len = 0; len < FRAME_HEADER; len++)
                assert_int_equal(message_decode_header(frame, len, &type, &call), -EPROTO);
        assert_int_equal(message_decode_header(frame, sizeof(frame), &type, &call), 0);
        for (int wrong = 0; wrong <= UINT16_MAX; wrong++) {
                frame[0] = (uint8_t)wrong;
                frame[1] = (uint8_t)(wrong >> 8);
                assert_int_equal(message_decode_header(frame, sizeof(frame), &type, &call),
                                 wrong > 0 && wrong < MSG_COUNT ? 0 : -EPROTO);
        }
}

static void a_changed_frame_is_refused_or_means_exactly_what_it_says(void **state) {
        uint8_t frame[FRAME_MAX], again[FRAME_MAX];
        union message message;
        size_t accepted = 0;

        (void)state;
        for (int i = 0; i < 50000; i++) {
                enum message_type type = (enum message_type)(1 + random_below(MSG_COUNT - 1));
                size_t len, changes = 1 + random_below(4);

                message_random(type, &message);
                len = encoded(type, &message, frame);
                for (; changes > 0; changes--)
                        frame[FRAME_HEADER + random_below(len - FRAME_HEADER)] =
                                (uint8_t)random_next();
                if (message_decode(type, frame, len, &message) < 0) {
                        assert_zeroed(&message);
                        continue;
                }
                assert_int_equal(encoded(type, &message, again), len);
                assert_memory_equal(again + FRAME_HEADER, frame + FRAME_HEADER, len - FRAME_HEADER);
                accepted++;
        }
        assert_true(accepted > 1000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_message_comes_back_as_it_was_sent),
                cmocka_unit_test(a_frame_looks_as_the_header_file_says),
                cmocka_unit_test(a_frame_cut_short_anywhere_is_refused),
                cmocka_unit_test(a_byte_too_many_is_refused),
                cmocka_unit_test(a_field_beyond_its_bound_is_refused_on_both_sides),
                cmocka_unit_test(the_fullest_message_of_each_type_fits_a_frame),
                cmocka_unit_test(the_bounds_are_those_that_were_agreed),
                cmocka_unit_test(every_field_of_a_struct_travels),
                cmocka_unit_test(every_message_has_a_name_of_its_own),
                cmocka_unit_test(a_header_that_is_none_is_refused),
                cmocka_unit_test(a_changed_frame_is_refused_or_means_exactly_what_it_says),
        };

        return cmocka_run_group_tests(tests, noise_fill, NULL);
}
