/* What the phases of one transaction leave for each other: with libpam (pam_set_data), which
 * belongs to the process that it is in; sshd's is the same from the opening of a session to its
 * end. */
#include "attempt.h"

#include "../common/cleanup.h"
#include "../common/jwt/base64url.h"
#include "../common/wire/wire.h"

#include <fcntl.h>
#include <limits.h>
#include <security/pam_ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define DATA_LOGIN   "pam_jeton-login"
#define DATA_SESSION "pam_jeton-session"

#define VARIABLE "BEARER_TOKEN_FILE"

static void data_free(pam_handle_t *pamh, void *data, int status) {
        (void)pamh;
        (void)status;
        secret_free(data);
}

/* Takes over `value`. */
static bool data_set(struct attempt *attempt, const char *name, struct secret *value) {
        if (pam_succeeded(pam_set_data(attempt->pamh, name, value, data_free)))
                return true;
        secret_free(value);
        attempt_log(attempt, LOG_ERR, "libpam keeps nothing for this login");
        return false;
}

static const struct secret *data_get(const struct attempt *attempt, const char *name) {
        const void *data = NULL;

        return pam_succeeded(pam_get_data(attempt->pamh, name, &data)) ? data : NULL;
}

/* ---- the login ---- */

/* Without it the session knows less of how the person came in; that is all. */
enum situation login_keep(struct attempt *attempt) {
        data_set(attempt, DATA_LOGIN, take(attempt->ticket));
        return SITUATION_GRANTED;
}

enum situation login_recall(struct attempt *attempt) {
        const struct secret *ticket = data_get(attempt, DATA_LOGIN);

        if (ticket)
                attempt->proof = secret_text(ticket);
        return SITUATION_OPEN;
}

/* ---- the session ---- */

static bool is_sid(struct text sid) {
        uint8_t bytes[16];
        size_t len;

        return base64url_decode(sid, bytes, sizeof bytes, &len) == 0 && len == sizeof bytes;
}

static bool variable_set(const struct attempt *attempt) {
        char dir[PATH_MAX], setting[PATH_MAX + 128];

        attempt_run_dir(attempt, dir, sizeof dir);
        snprintf(setting, sizeof setting, VARIABLE "=%s/" WIRE_TOKENS_DIR "/%u/%s", dir,
                 (unsigned)attempt->uid, attempt->sid);
        return pam_succeeded(pam_putenv(attempt->pamh, setting));
}

enum situation session_keep(struct attempt *attempt) {
        struct secret *sid = NULL;

        if (!is_sid(text_of(attempt->sid))) {
                attempt_log(attempt, LOG_ERR, "the ticket names no session");
                return SITUATION_UNTRUSTED;
        }
        if (secret_new(attempt->sid, SID_LEN, &sid) < 0 || !data_set(attempt, DATA_SESSION, sid))
                return SITUATION_UNAVAILABLE;
        if (!variable_set(attempt)) {
                attempt_log(attempt, LOG_ERR, "libpam's environment takes no variable");
                return SITUATION_UNAVAILABLE;
        }
        return SITUATION_GRANTED;
}

enum situation session_recall(struct attempt *attempt) {
        const struct secret *sid = data_get(attempt, DATA_SESSION);

        if (!sid || text_copy(secret_text(sid), attempt->sid, sizeof attempt->sid) < 0)
                return SITUATION_NO_SESSION;
        return SITUATION_OPEN;
}

/* The name of a variable alone takes it out of the environment. */
enum situation session_forget(struct attempt *attempt) {
        pam_putenv(attempt->pamh, VARIABLE);
        data_set(attempt, DATA_SESSION, NULL);
        return SITUATION_GRANTED;
}

/* ---- the session that this process runs in ---- */

/* The caller's environment is not to be trusted: of it only which session he means is taken, and
 * the file is one of his own. The daemon judges the token. */
static bool present_sid(const struct attempt *attempt, char ret[SID_LEN + 1]) {
        const char *shared = pam_getenv(attempt->pamh, VARIABLE);
        const char *value = shared ? shared : getenv(VARIABLE);
        char dir[PATH_MAX], folder[PATH_MAX + 64];
        struct text path = text_of(value), sid;
        size_t len;

        attempt_run_dir(attempt, dir, sizeof dir);
        len = (size_t)snprintf(folder, sizeof folder, "%s/" WIRE_TOKENS_DIR "/%u/", dir,
                               (unsigned)attempt->uid);
        if (path.len != len + SID_LEN || memcmp(path.p, folder, len) != 0)
                return false;
        sid = (struct text){path.p + len, SID_LEN};
        return is_sid(sid) && text_copy(sid, ret, SID_LEN + 1) == 0;
}

static int present_open(const struct attempt *attempt, const char *sid) {
        char dir[PATH_MAX], path[PATH_MAX + 64 + SID_LEN];

        attempt_run_dir(attempt, dir, sizeof dir);
        snprintf(path, sizeof path, "%s/" WIRE_TOKENS_DIR "/%u/%s", dir, (unsigned)attempt->uid,
                 sid);
        return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

enum situation session_show(struct attempt *attempt) {
        _cleanup_(closep) int fd = -1;
        char sid[SID_LEN + 1], token[TOKEN_MAX + 1];
        ssize_t len = -1;

        if (present_sid(attempt, sid))
                fd = present_open(attempt, sid);
        if (fd >= 0)
                len = read(fd, token, sizeof token);
        if (len > 0 && token[len - 1] == '\n')
                len--;
        if (len > 0 && len <= TOKEN_MAX && secret_new(token, (size_t)len, &attempt->present) == 0)
                attempt->proof = secret_text(attempt->present);
        explicit_bzero(token, sizeof token);
        return SITUATION_OPEN;
}
