/* jeton token: an access token and nothing else, for $(...) and curl.
 *
 *         NAME, --password-stdin               a login of its own
 *         --exchange                           a narrower one for the one at hand
 *         --audience, --scope, --client-id     a new one, by the kernel's word on who calls
 *         none of these                        the one at hand, else a new one as before */
#include "login.h"
#include "token_at_hand.h"
#include "token_print.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../../common/name.h"

#define MIN_VALID_S 60
#define WEEK_S      (7 * 86400)

static int seconds_of(const struct cli *cli, enum option_id option, unsigned long long otherwise,
                      unsigned long long *ret) {
        const char *value = option_value(&cli->arguments, option);

        *ret = otherwise;
        if (!value || text_number(text_of(value), WEEK_S, ret) == 0)
                return 0;
        log_error("--%s takes a number of seconds, a week at most", option_about(option)->name);
        return -EINVAL;
}

static enum status print_tokens(const struct cli *cli, const struct jeton_tokens *tokens) {
        return token_print(cli, jeton_tokens_access(tokens), jeton_tokens_expires_in(tokens),
                           jeton_tokens_scope(tokens));
}

/* ---- what the daemon said to it ---- */

struct advice {
        enum jeton_login_outcome outcome;
        const char *text;
};

static const struct advice peer_advices[] = {
        {JETON_LOGIN_NOT_ALLOWED,
         "with a password: `jeton login`; for a service, jetond.conf needs a section identity: "
         "`jeton policy test` tells an admin more"},
        {JETON_LOGIN_BAD_AUDIENCE, "`jeton policy test` tells an admin which section opens what"},
        {JETON_LOGIN_BAD_SCOPE, "`jeton policy test` tells an admin which section opens what"},
};

static const struct advice exchange_advices[] = {
        {JETON_LOGIN_REFUSED, "a token of a new login has all there is: `jeton login`"},
        {JETON_LOGIN_NOT_ALLOWED, "a confidential client exchanges its tokens with its secret"},
};

static enum status finish(const struct cli *cli, int r, enum jeton_login_outcome outcome,
                          const struct jeton_tokens *tokens, const struct advice *advices,
                          size_t count) {
        size_t i;

        if (r == 0 && outcome == JETON_LOGIN_GRANTED)
                return print_tokens(cli, tokens);
        log_error("%s", jeton_error(cli->jeton));
        for (i = 0; r == 0 && i < count; i++)
                if (advices[i].outcome == outcome)
                        log_error("%s", advices[i].text);
        return STATUS_REFUSED;
}

/* ---- the ways to a token ---- */

static enum status by_password(struct cli *cli) {
        _cleanup_(jeton_tokens_freep) struct jeton_tokens *tokens = NULL;
        enum status status;

        status = login_now(cli, &tokens);
        return status == STATUS_DONE ? print_tokens(cli, tokens) : status;
}

static enum status by_peer(struct cli *cli) {
        _cleanup_(jeton_tokens_freep) struct jeton_tokens *tokens = NULL;
        struct jeton_token_request request = JETON_TOKEN_REQUEST_INIT;
        enum jeton_login_outcome outcome = JETON_LOGIN_REFUSED;
        char audience[AUDIENCE_MAX + 1];
        int r;

        if (option_join(&cli->arguments, OPTION_AUDIENCE, audience, sizeof audience) < 0)
                return STATUS_USAGE;
        request.client_id = option_value(&cli->arguments, OPTION_CLIENT_ID);
        request.audience = audience;
        request.scope = option_value(&cli->arguments, OPTION_SCOPE);
        r = jeton_token(cli->jeton, &request, &outcome, &tokens);
        return finish(cli, r, outcome, tokens, peer_advices, ELEMENTS(peer_advices));
}

/* NULL where no --role is given; "" for --role "" alone. */
static int roles_of(const struct cli *cli, char buffer[ROLES_MAX + 1], const char **ret) {
        *ret = option_is_given(&cli->arguments, OPTION_ROLE) ? buffer : NULL;
        return option_join(&cli->arguments, OPTION_ROLE, buffer, ROLES_MAX + 1);
}

static enum status exchange(struct cli *cli, const struct held *held) {
        _cleanup_(jeton_tokens_freep) struct jeton_tokens *tokens = NULL;
        struct jeton_exchange_request request = JETON_EXCHANGE_REQUEST_INIT;
        enum jeton_login_outcome outcome = JETON_LOGIN_REFUSED;
        char audience[AUDIENCE_MAX + 1], roles[ROLES_MAX + 1];
        unsigned long long lifetime;
        int r;

        if (option_join(&cli->arguments, OPTION_AUDIENCE, audience, sizeof audience) < 0 ||
            roles_of(cli, roles, &request.roles) < 0 ||
            seconds_of(cli, OPTION_LIFETIME, 0, &lifetime) < 0)
                return STATUS_USAGE;
        request.token = held->token->bytes;
        request.audience = audience;
        request.scope = option_value(&cli->arguments, OPTION_SCOPE);
        request.lifetime_s = (unsigned)lifetime;
        r = jeton_exchange(cli->jeton, &request, &outcome, &tokens);
        return finish(cli, r, outcome, tokens, exchange_advices, ELEMENTS(exchange_advices));
}

static enum status by_exchange(struct cli *cli, int64_t min_valid) {
        _cleanup_(held_clear) struct held held = {.token = NULL};
        int r;

        r = token_at_hand(cli, min_valid, &held);
        if (r == -ENODATA)
                log_error("there is no token at hand: see --token-file, or `jeton login --save`");
        return r < 0 ? STATUS_REFUSED : exchange(cli, &held);
}

static enum status at_hand_or_by_peer(struct cli *cli, int64_t min_valid) {
        _cleanup_(held_clear) struct held held = {.token = NULL};
        int r;

        r = token_at_hand(cli, min_valid, &held);
        if (r == -ENODATA)
                return by_peer(cli);
        if (r < 0)
                return STATUS_REFUSED;
        return token_print(cli, held.token->bytes,
                           held.expires_at > 0 ? held.expires_at - clock_wall_s() : 0, NULL);
}

/* ---- which of them ---- */

#define BIT OPTION_BIT

/* What cannot be: something of `any` with something of `with` (0: whatever else), and nothing of
 * `without`. A NAME counts as --password-stdin. */
static const struct {
        uint64_t any, with, without;
        const char *says;
} clashes[] = {
        {BIT(OPTION_EXCHANGE), BIT(OPTION_PASSWORD_STDIN) | BIT(OPTION_CLIENT_ID), 0,
         "--exchange takes the token at hand: no NAME, --password-stdin or --client-id beside it"},
        {BIT(OPTION_CLIENT_ID), BIT(OPTION_PASSWORD_STDIN) | BIT(OPTION_TOKEN_FILE), 0,
         "--client-id asks by the kernel's word: no NAME, --password-stdin or --token-file beside "
         "it"},
        {BIT(OPTION_TOKEN_FILE), BIT(OPTION_PASSWORD_STDIN), 0,
         "--token-file has a token already: no NAME or --password-stdin beside it"},
        {BIT(OPTION_LIFETIME) | BIT(OPTION_ROLE), 0, BIT(OPTION_EXCHANGE),
         "--lifetime and --role narrow a token: that is --exchange"},
        {BIT(OPTION_TOKEN_FILE), BIT(OPTION_AUDIENCE) | BIT(OPTION_SCOPE), BIT(OPTION_EXCHANGE),
         "--audience and --scope narrow the token of --token-file: that is --exchange"},
};

static uint64_t options_given(const struct cli *cli) {
        uint64_t given = operand(&cli->arguments, 0) ? BIT(OPTION_PASSWORD_STDIN) : 0;
        int i;

        for (i = 0; i < OPTION_COUNT; i++)
                if (option_is_given(&cli->arguments, (enum option_id)i))
                        given |= BIT(i);
        return given;
}

static bool go_together(uint64_t given) {
        size_t i;

        for (i = 0; i < ELEMENTS(clashes); i++) {
                if (!(given & clashes[i].any) || (given & clashes[i].without) ||
                    (clashes[i].with && !(given & clashes[i].with)))
                        continue;
                log_error("%s", clashes[i].says);
                return false;
        }
        return true;
}

static enum status run(struct cli *cli) {
        const uint64_t anew = BIT(OPTION_AUDIENCE) | BIT(OPTION_SCOPE) | BIT(OPTION_CLIENT_ID);
        uint64_t given = options_given(cli);
        unsigned long long min_valid;

        if (!go_together(given) || seconds_of(cli, OPTION_MIN_VALID, MIN_VALID_S, &min_valid) < 0)
                return STATUS_USAGE;
        if (given & BIT(OPTION_PASSWORD_STDIN))
                return by_password(cli);
        if (given & BIT(OPTION_EXCHANGE))
                return by_exchange(cli, (int64_t)min_valid);
        if (given & anew)
                return by_peer(cli);
        return at_hand_or_by_peer(cli, (int64_t)min_valid);
}

const struct command command_token = {
        .words = "token",
        .operands = "[NAME]",
        .operands_max = 1,
        .options = LOGIN_OPTIONS | BIT(OPTION_HEADER) | BIT(OPTION_MIN_VALID) | BIT(OPTION_OUT) |
                   BIT(OPTION_CLIENT_ID) | BIT(OPTION_TOKEN_FILE) | BIT(OPTION_EXCHANGE) |
                   BIT(OPTION_LIFETIME) | BIT(OPTION_ROLE),
        .line = "Print an access token: the one at hand, or a new one",
        .more = "The first of these: the token of --token-file, BEARER_TOKEN, BEARER_TOKEN_FILE,\n"
                "$XDG_RUNTIME_DIR/bt_uUID or /tmp/bt_uUID; that of `jeton login --save`; a new "
                "one\n"
                "by the kernel's word on who calls, without a password. --audience, --scope and\n"
                "--client-id ask for a new one at once. A NAME or --password-stdin is a login.\n"
                "--exchange trades the one at hand for a narrower one: in --audience, --scope,\n"
                "--role (\"\" for none) and --lifetime.\n\n"
                "  curl -H \"$(jeton token --header)\" https://api.example.org/",
        .run = run,
};
