/* jeton key export: the secret of an HS256 key, for those who share it. Reads the key's file
 * itself, which takes root (or the caller whose daemon it is): no process of the daemon gives a key
 * away, so none can be made to. The host's log is told. */
#include "command.h"
#include "state.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"
#include "../../common/jwt/pages.h"
#include "../../common/log.h"

#include <fcntl.h>
#include <sys/stat.h>

#define SECRET_LEN  32
#define SECRET_TEXT BASE64URL_LEN(SECRET_LEN)

struct exported {
        char text[SECRET_TEXT + 2]; /* a newline and a NUL */
};

static void exported_wipe(struct exported *exported) {
        explicit_bzero(exported, sizeof *exported);
}

static bool is_base64url_of_32(struct text text) {
        uint8_t bytes[SECRET_LEN];
        size_t len;
        bool good;

        good = base64url_decode(text, bytes, sizeof bytes, &len) == 0 && len == sizeof bytes;
        explicit_bzero(bytes, sizeof bytes);
        return good;
}

static int file_name(const struct cli *cli, const char *kid, char **ret) {
        _cleanup_(freep) char *dir = NULL;
        int r;

        r = state_dir(&cli->place, &dir);
        if (r == 0 && asprintf(ret, "%s/keys/%s.hs256", dir, kid) < 0) {
                *ret = NULL;
                r = -ENOMEM;
        }
        return r;
}

static int secret_read(const char *name, struct exported *ret) {
        _cleanup_(closep) int fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0 ||
            st.st_size != SECRET_TEXT + 1)
                return -EBADMSG;
        if (read(fd, ret->text, SECRET_TEXT + 1) != SECRET_TEXT + 1)
                return -EIO;
        ret->text[SECRET_TEXT] = '\0';
        return is_base64url_of_32(text_of(ret->text)) ? 0 : -EBADMSG;
}

static const struct {
        int error;
        const char *says;
} troubles[] = {
        {-ENOENT, "there is no HS256 key of that kid here; `jeton key list` shows the keys"},
        {-EACCES, "this needs root: the secret is read from the signer's folder"},
        {-EBADMSG, "the key's file is not as the signer wrote it"},
};

static enum status failed(int error) {
        const char *says = strerror(-error);
        size_t i;

        for (i = 0; i < ELEMENTS(troubles); i++)
                if (troubles[i].error == error)
                        says = troubles[i].says;
        log_error("%s", says);
        return STATUS_REFUSED;
}

static void print_secret(const struct cli *cli, const char *kid, const char *secret) {
        if (cli->json)
                printf("{\"kty\":\"oct\",\"k\":\"%s\",\"alg\":\"HS256\",\"kid\":\"%s\"}\n", secret,
                       kid);
        else
                puts(secret);
}

static enum status run(struct cli *cli) {
        _cleanup_(exported_wipe) struct exported exported = {{0}};
        const char *kid = operand(&cli->arguments, 0);
        _cleanup_(freep) char *name = NULL;
        char detail[SECRET_TEXT + 8];
        int r;

        /* It becomes part of a path. */
        if (!is_base64url_of_32(text_of(kid)))
                return failed(-ENOENT);
        r = file_name(cli, kid, &name);
        if (r == 0)
                r = secret_read(name, &exported);
        if (r < 0)
                return failed(r);
        snprintf(detail, sizeof detail, "kid=%s", kid);
        state_audit("key-export", detail);
        print_secret(cli, kid, exported.text);
        return STATUS_DONE;
}

const struct command command_key_export = {
        .words = "key export",
        .operands = "KID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "Print the secret of an HS256 key, in base64url (root)",
        .more = "Whoever has it can make tokens as well as check them. The daemon need not run.",
        .run = run,
};
