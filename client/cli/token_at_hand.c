/* The token that the caller has already. */
#include "token_at_hand.h"

#include "saved.h"
#include "token_source.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"

void held_clear(struct held *held) {
        secret_freep(&held->token);
}

static void claims_freep(struct jeton_claims **claims) {
        jeton_claims_free(*claims);
}

/* Where everybody looks for tokens may lie one that is for another system. */
static bool is_foreign(enum jeton_verdict verdict) {
        return verdict == JETON_INVALID || verdict == JETON_WRONG_ISSUER;
}

static int check_time(int64_t expires_at, int64_t min_valid) {
        int64_t left = expires_at - clock_wall_s();

        if (left >= min_valid)
                return 0;
        if (left <= 0)
                log_error("the token at hand has expired");
        else
                log_error("the token at hand is good for %lld seconds more, and --min-valid wants "
                          "%lld",
                          (long long)left, (long long)min_valid);
        return -EACCES;
}

static int check_found(struct cli *cli, const struct secret *token, int64_t min_valid,
                       int64_t *ret_expires_at) {
        _cleanup_(claims_freep) struct jeton_claims *claims = NULL;
        enum jeton_verdict verdict;
        int r;

        r = jeton_verify(cli->jeton, token->bytes, JETON_ANY_AUDIENCE, &verdict, &claims);
        if (r < 0) {
                log_error("%s", jeton_error(cli->jeton));
                return r;
        }
        *ret_expires_at = claims ? jeton_claims_expires_at(claims) : 0;
        if (verdict == JETON_VALID)
                return check_time(*ret_expires_at, min_valid);
        if (verdict == JETON_ASK_DAEMON)
                return 0;
        if (is_foreign(verdict) && !option_is_given(&cli->arguments, OPTION_TOKEN_FILE))
                return -ENODATA;
        log_error("the token at hand is not good: %s", jeton_verdict_text(verdict));
        return -EACCES;
}

static int find_found(struct cli *cli, int64_t min_valid, struct held *ret) {
        _cleanup_(secret_freep) struct secret *token = NULL;
        int64_t expires_at = 0;
        int r;

        r = token_discover(cli, &token);
        if (r == -ENODATA && option_is_given(&cli->arguments, OPTION_TOKEN_FILE))
                return -EBADMSG; /* it has been said that the file is empty */
        if (r == 0)
                r = check_found(cli, token, min_valid, &expires_at);
        if (r < 0)
                return r;
        *ret = (struct held){take(token), expires_at};
        return 0;
}

int token_at_hand(struct cli *cli, int64_t min_valid, struct held *ret) {
        int r;

        r = find_found(cli, min_valid, ret);
        if (r != -ENODATA)
                return r;
        r = saved_token(cli, min_valid, &ret->expires_at, &ret->token);
        return r == -ENOENT ? -ENODATA : r;
}
