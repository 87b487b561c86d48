/* When tokens are born: the highest iat of all, which tells what was issued until now whatever the
 * clock says, and the lowest that the next one may have. */
#include "../../common/clock.h"
#include "../../common/log.h"
#include "authority.h"
#include "sessions.h"
#include "store/sessions.h"

#include <errno.h>

/* Set back by more, the clock was far off before. */
#define SET_BACK_MAX_S 3600

/* On the page it outlives the process, which costs nothing. */
void sessions_note_birth(struct authority *authority, int64_t iat) {
        if (authority->latest_birth >= iat)
                return;
        authority->latest_birth = iat;
        authority->status_page->head.latest_birth = iat;
}

static void births_tell(int64_t ahead_s) {
        log_warning(
                "something was issued %lld s ahead of the clock, which was set back since: "
                "tokens of then are good again when it is that late, unless revoked after that; "
                "sessions of then have no new token until then, and end with what revokes them",
                (long long)ahead_s);
}

/* What was given before a restart: the page knows, until the host is started anew; then the
 * sessions do, of all that have one. What is further ahead than a clock is believed to have been
 * set back is left out. */
int sessions_remember_births(struct authority *authority) {
        int64_t now = clock_wall_s(), most = now + SET_BACK_MAX_S, noted, stored = 0, ahead = 0;
        int r;

        noted = authority->status_page->head.latest_birth;
        r = sessions_latest(authority->store, most, &stored);
        if (r == 0)
                r = sessions_latest(authority->store, INT64_MAX, &ahead);
        if (r < 0) {
                log_error("the sessions cannot be read: %s", store_error(authority->store));
                return r;
        }
        ahead = noted > ahead ? noted : ahead;
        if (ahead > most)
                births_tell(ahead - now);
        authority->latest_birth = noted <= most && noted > stored ? noted : stored;
        authority->status_page->head.latest_birth = authority->latest_birth;
        return 0;
}

int64_t sessions_until_now(const struct authority *authority) {
        int64_t now = clock_wall_s(), latest = authority->latest_birth;

        if (latest > now + SET_BACK_MAX_S) {
                log_warning("the clock was set back by %lld s: what was issued since is not "
                            "revoked, and good again when it is that late",
                            (long long)(latest - now));
                latest = now;
        }
        return (now > latest ? now : latest) + 1;
}

int sessions_birth(struct authority *authority, const struct claims *claims, int64_t *ret_iat_min) {
        int64_t before, now = clock_wall_s();
        int r;

        r = revocations_before(&authority->revocations, claims, &before);
        if (r < 0)
                return r;
        if (before == REVOKED_WHENEVER)
                return -ESTALE;
        if (before > now + BIRTH_AHEAD_S) {
                log_warning("no token yet: all that is issued before %lld is revoked",
                            (long long)before);
                return -EBUSY;
        }
        *ret_iat_min = before > now ? before : 0;
        sessions_note_birth(authority, *ret_iat_min);
        return 0;
}
