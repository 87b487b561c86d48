/* Checking a password. Every login takes the same steps: whoever is unknown, disabled or has no
 * usable hash is given a decoy setting of the cost that new passwords have. */
#include "password.h"

#include "../../common/clock.h"
#include "../../common/log.h"

#include <errno.h>

static bool has_usable_hash(const struct user *user, char setting[SETTING_MAX]) {
        struct text digest;
        int r;

        if (!user || !user_is_active(user, clock_wall_s()) || !user->hash)
                return false;
        r = setting_of_hash(secret_text(user->hash), setting, &digest);
        if (r == 0)
                return true;
        log_warning("user %llu has a password hash %s: no password will match",
                    (unsigned long long)user->id,
                    r == -ERANGE ? "whose cost is over the ceiling" : "of an unknown scheme");
        return false;
}

int password_ask(struct call *call, struct text password, call_hashed *then) {
        int r;

        r = secret_new(password.p, password.len, &call->password);
        if (r < 0)
                return r;
        if (!has_usable_hash(call->user, call->setting)) {
                r = setting_decoy(call->setting);
                if (r < 0)
                        return r;
        }
        call->hashed = then;
        return workers_hash(call, call->setting, false);
}

bool password_holds(const struct call *call, struct text computed) {
        const struct user *user = call->user;

        if (!user || !user_is_active(user, clock_wall_s()) || !user->hash ||
            call->password->len == 0)
                return false;
        return setting_digest_equal(secret_text(user->hash), computed);
}
