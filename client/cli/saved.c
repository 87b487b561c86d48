/* The saved login: a file that is replaced whole, under a lock while it is refreshed. */
#include "saved.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../body.h"
#include "login.h"
#include "replace.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>

#define FILE_NAME "jeton-login.json"
#define FILE_MAX  65536

void saved_clear(struct saved *saved) {
        secret_freep(&saved->access);
        secret_freep(&saved->refresh);
}

/* ---- where ---- */

static const char *home_of_caller(void) {
        const char *home = getenv("HOME");
        const struct passwd *account;

        if (home && *home == '/')
                return home;
        account = getpwuid(geteuid());
        return account ? account->pw_dir : NULL;
}

static int directory_step(const char *home, const char *below, char ret[PATH_MAX]) {
        int n = snprintf(ret, PATH_MAX, "%s/%s", home, below);

        if (n < 0 || n >= PATH_MAX)
                return -ENAMETOOLONG;
        return mkdir(ret, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int directory_find(char ret[PATH_MAX]) {
        static const char *const steps[] = {".local", ".local/state", ".local/state/jeton"};
        const char *runtime = getenv("XDG_RUNTIME_DIR"), *home;
        size_t i;
        int n, r = 0;

        if (runtime && *runtime == '/') {
                n = snprintf(ret, PATH_MAX, "%s", runtime);
                return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
        }
        home = home_of_caller();
        if (!home)
                return -ENOENT;
        for (i = 0; r == 0 && i < ELEMENTS(steps); i++)
                r = directory_step(home, steps[i], ret);
        return r;
}

/* A directory that another could write in is no place for a secret. */
static int directory_open(int *ret_fd) {
        _cleanup_(closep) int fd = -1;
        char path[PATH_MAX];
        struct stat info;
        int r;

        r = directory_find(path);
        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &info) < 0)
                return -errno;
        if (info.st_uid != geteuid() || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
                return -EPERM;
        *ret_fd = take_fd(&fd);
        return 0;
}

static int say(const char *doing, int error) {
        log_error(
                "the saved login could not be %s: %s", doing,
                error == -EPERM
                        ? "its file must be yours alone to read, its folder yours alone to write in"
                        : strerror(-error));
        return error;
}

/* ---- writing ---- */

static json_t *login_json(const struct cli *cli, const struct jeton_tokens *tokens) {
        json_int_t expires_at = clock_wall_s() + (json_int_t)jeton_tokens_expires_in(tokens);

        return json_pack("{s:s, s:s, s:I, s:s*}", "socket", cli->place.socket_path, "access_token",
                         jeton_tokens_access(tokens), "expires_at", expires_at, "refresh_token",
                         jeton_tokens_refresh(tokens));
}

int saved_write(const struct cli *cli, const struct jeton_tokens *tokens) {
        _cleanup_(secret_freep) struct secret *content = NULL;
        _cleanup_(closep) int dir = -1;
        json_t *json = login_json(cli, tokens);
        int r;

        r = json ? body_json(json, &content) : -ENOMEM;
        json_wipe_string(json_object_get(json, "access_token"));
        json_wipe_string(json_object_get(json, "refresh_token"));
        json_decref(json);
        if (r == 0)
                r = directory_open(&dir);
        if (r == 0)
                r = file_replace(dir, FILE_NAME, secret_text(content));
        return r < 0 ? say("written", r) : 0;
}

/* ---- reading ---- */

static int file_check(int fd) {
        struct stat info;

        if (fstat(fd, &info) < 0)
                return -errno;
        if (!S_ISREG(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 077) != 0)
                return -EPERM;
        return info.st_size < FILE_MAX ? 0 : -EFBIG;
}

static int file_read(int dir, struct secret **ret) {
        _cleanup_(secret_freep) struct secret *content = NULL;
        _cleanup_(closep) int fd = -1;
        ssize_t got;
        int r;

        fd = openat(dir, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = file_check(fd);
        if (r == 0)
                r = secret_reserve(FILE_MAX, &content);
        if (r < 0)
                return r;
        got = read(fd, content->bytes, content->len);
        if (got < 0)
                return -errno;
        content->len = (size_t)got;
        *ret = take(content);
        return 0;
}

static int token_take(const json_t *json, const char *name, struct secret **ret) {
        json_t *value = json_object_get(json, name);
        int r;

        if (!json_is_string(value))
                return -ENODATA;
        r = secret_new(json_string_value(value), json_string_length(value), ret);
        json_wipe_string(value);
        return r;
}

/* A login at another daemon is none here: its tokens are not to be shown to this one. */
static int saved_take(const struct cli *cli, json_t *json, struct saved *ret) {
        const char *socket = json_string_value(json_object_get(json, "socket"));
        int r;

        if (!socket || strcmp(socket, cli->place.socket_path) != 0)
                return -ENOENT;
        r = token_take(json, "access_token", &ret->access);
        if (r < 0)
                return -EBADMSG;
        r = token_take(json, "refresh_token", &ret->refresh);
        ret->expires_at = json_integer_value(json_object_get(json, "expires_at"));
        return r == -ENODATA ? 0 : r;
}

static int saved_load(const struct cli *cli, struct saved *ret) {
        _cleanup_(secret_freep) struct secret *content = NULL;
        _cleanup_(closep) int dir = -1;
        json_t *json;
        int r;

        r = directory_open(&dir);
        if (r == 0)
                r = file_read(dir, &content);
        if (r < 0)
                return r;
        json = json_loadb(content->bytes, content->len, JSON_REJECT_DUPLICATES, NULL);
        r = json ? saved_take(cli, json, ret) : -EBADMSG;
        json_decref(json);
        return r;
}

int saved_read(const struct cli *cli, struct saved *ret) {
        struct saved saved = {.access = NULL};
        int r;

        r = saved_load(cli, &saved);
        if (r == 0) {
                *ret = saved;
                return 0;
        }
        saved_clear(&saved);
        return r == -ENOENT ? r : say("read", r);
}

int saved_remove(void) {
        _cleanup_(closep) int dir = -1;
        int r;

        r = directory_open(&dir);
        if (r == 0 && unlinkat(dir, FILE_NAME, 0) < 0 && errno != ENOENT)
                r = -errno;
        return r < 0 ? say("removed", r) : 0;
}

/* ---- using ---- */

static int saved_refresh(struct cli *cli, struct saved *saved) {
        _cleanup_(jeton_tokens_freep) struct jeton_tokens *tokens = NULL;
        enum jeton_login_outcome outcome;
        const char *access;
        int r;

        r = jeton_refresh(cli->jeton, saved->refresh->bytes, NULL, &outcome, &tokens);
        if (r < 0) {
                log_error("%s", jeton_error(cli->jeton));
                return r;
        }
        if (outcome != JETON_LOGIN_GRANTED) {
                log_error("the saved login has ended: `jeton login --save` makes a new one");
                return -EACCES;
        }
        r = saved_write(cli, tokens);
        if (r < 0)
                return r;
        access = jeton_tokens_access(tokens);
        saved->expires_at = clock_wall_s() + jeton_tokens_expires_in(tokens);
        secret_freep(&saved->access);
        return secret_new(access, strlen(access), &saved->access);
}

/* A valid one, in `saved`. */
static int saved_find(struct cli *cli, int64_t min_valid, struct saved *saved) {
        int r;

        r = saved_read(cli, saved);
        if (r < 0 || clock_wall_s() + min_valid < saved->expires_at)
                return r;
        if (saved->refresh)
                return saved_refresh(cli, saved);
        log_error("the saved login has expired: `jeton login --save` makes a new one");
        return -EACCES;
}

/* Whoever reads a token while another refreshes it twice would present one that is spent, and end
 * the session: one at a time, then. */
static int directory_lock(int *ret_fd) {
        _cleanup_(closep) int fd = -1;
        int r;

        r = directory_open(&fd);
        if (r < 0)
                return r == -ENOENT ? r : say("read", r);
        if (flock(fd, LOCK_EX) < 0)
                return say("locked", -errno);
        *ret_fd = take_fd(&fd);
        return 0;
}

int saved_token(struct cli *cli, int64_t min_valid, int64_t *ret_expires_at, struct secret **ret) {
        _cleanup_(saved_clear) struct saved saved = {.access = NULL};
        _cleanup_(closep) int lock = -1;
        int r;

        r = directory_lock(&lock);
        if (r == 0)
                r = saved_find(cli, min_valid, &saved);
        if (r < 0)
                return r;
        *ret_expires_at = saved.expires_at;
        *ret = take(saved.access);
        return 0;
}
