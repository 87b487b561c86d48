/* The files with the keys of outside issuers: there, written by whom, good for something, and not
 * too old. Which they are say the settings. */
#include "doctor.h"
#include "settings.h"

#include "../../jws/jwks.h"
#include "../input.h"

#include "../../../common/cleanup.h"
#include "../../../common/clock.h"

#include <fcntl.h>
#include <sys/stat.h>

#define DAY_S         86400
#define FETCHED_MAX_S (2 * DAY_S) /* hourly, says jeton-issuers.timer */
#define BROUGHT_MAX_S (90 * DAY_S)
#define FILE_MAX      (64 * 1024) /* as jetond-issuer reads it */

#define FETCH_ADVICE                                                                        \
        "systemctl enable --now jeton-issuers.timer; journalctl -u jeton-issuers says how " \
        "it went"

struct issuer {
        char *url, *jwks, *alg; /* owned */
        bool is_fetched;
        struct stat file, folder;
};

static void issuer_clear(struct issuer *issuer) {
        free(issuer->url);
        free(issuer->jwks);
        free(issuer->alg);
}

/* ---- what is wrong with one; each says it, or returns false ---- */

static bool is_missing(struct doctor *doctor, struct issuer *issuer, int folder, const char *name) {
        if (folder >= 0 && fstatat(folder, name, &issuer->file, AT_SYMLINK_NOFOLLOW) == 0 &&
            fstat(folder, &issuer->folder) == 0)
                return false;
        doctor_find(doctor, VERDICT_WARNING,
                    issuer->is_fetched ? FETCH_ADVICE : "bring the issuer's JWK set there",
                    "the tokens of %s are refused: %s: %s", issuer->url, issuer->jwks,
                    strerror(errno));
        return true;
}

static bool is_no_file(struct doctor *doctor, struct issuer *issuer) {
        if (S_ISREG(issuer->file.st_mode) && issuer->file.st_size <= FILE_MAX)
                return false;
        doctor_find(doctor, VERDICT_BROKEN,
                    "put the issuer's JWK set there, by rename(2), not by a symlink",
                    "the tokens of %s are refused: %s is no regular file of 64 KiB at most",
                    issuer->url, issuer->jwks);
        return true;
}

static bool is_writable(struct doctor *doctor, struct issuer *issuer) {
        bool is_folder = issuer->folder.st_mode & (S_IWGRP | S_IWOTH);

        if (!is_folder && !(issuer->file.st_mode & (S_IWGRP | S_IWOTH)))
                return false;
        doctor_find(doctor, VERDICT_WARNING, "chmod go-w",
                    "others than its owner can write %s%s, and be anybody of %s",
                    is_folder ? "in the folder of " : "", issuer->jwks, issuer->url);
        return true;
}

/* jetond-issuer is nobody's friend: it reads what everybody reads. */
static bool is_hidden(struct doctor *doctor, struct issuer *issuer) {
        if ((issuer->file.st_mode & S_IROTH) && (issuer->folder.st_mode & S_IXOTH))
                return false;
        doctor_find(doctor, VERDICT_WARNING, "chmod 0644 it, and 0755 its folder",
                    "the user jeton-worker may be unable to read %s", issuer->jwks);
        return true;
}

static size_t keys_count(const struct jwks *jwks, const char *algorithm) {
        size_t i, count = 0;

        for (i = 0; i < jwks->count; i++)
                if (strcmp(algorithm_name(jwks->keys[i].algorithm), algorithm) == 0)
                        count++;
        return count;
}

static bool has_no_key(struct doctor *doctor, struct issuer *issuer, int folder, const char *name) {
        _cleanup_(closep) int fd =
                openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        struct finding finding = {.reason = ""};
        _cleanup_(secret_freep) struct secret *bytes = NULL;
        _cleanup_(jwks_freep) struct jwks *jwks = NULL;
        int r = fd < 0 ? -errno : input_read(fd, FILE_MAX, &bytes);

        if (r < 0) {
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "%s: %s", issuer->jwks, strerror(-r));
                return true;
        }
        jwks = jwks_read(secret_text(bytes), true, &finding);
        if (jwks && keys_count(jwks, issuer->alg) > 0)
                return false;
        doctor_find(doctor, VERDICT_BROKEN,
                    issuer->is_fetched ? FETCH_ADVICE
                                       : "bring the issuer's JWK set there, and set alg to what it "
                                         "signs with",
                    "the tokens of %s are refused: %s has no key of %s%s%s", issuer->url,
                    issuer->jwks, issuer->alg, jwks ? "" : ": ", jwks ? "" : finding.reason);
        return true;
}

static void age_tell(struct doctor *doctor, const struct issuer *issuer) {
        int64_t age = clock_wall_s() - issuer->file.st_mtim.tv_sec;
        char text[DURATION_SIZE];

        if (age > (issuer->is_fetched ? FETCHED_MAX_S : BROUGHT_MAX_S))
                doctor_find(doctor, VERDICT_WARNING,
                            issuer->is_fetched ? FETCH_ADVICE
                                               : "bring a new one, or set jwks-uri to where it is",
                            "the keys of %s in %s are %s old: one that was withdrawn counts here",
                            issuer->url, issuer->jwks, doctor_age(age, text));
        else
                doctor_find(doctor, VERDICT_OK, NULL,
                            "the tokens of %s are verified with the keys in %s, %s old",
                            issuer->url, issuer->jwks, doctor_age(age, text));
}

static void issuer_look(struct doctor *doctor, struct issuer *issuer) {
        const char *name = strrchr(issuer->jwks, '/');
        _cleanup_(closep) int folder = -1;
        char path[4096];

        name = name ? name + 1 : issuer->jwks;
        snprintf(path, sizeof path, "%s%.*s", doctor->root ? doctor->root : "",
                 (int)(name - issuer->jwks), issuer->jwks);
        folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (!is_missing(doctor, issuer, folder, name) && !is_no_file(doctor, issuer) &&
            !is_writable(doctor, issuer) && !is_hidden(doctor, issuer) &&
            !has_no_key(doctor, issuer, folder, name))
                age_tell(doctor, issuer);
}

/* ---- which they are ---- */

static void value_keep(struct text line, struct text before, char **place) {
        struct text value;

        if (settings_value(line, before, &value)) {
                free(*place);
                *place = settings_unescape(value);
        }
}

/* The lines of one section, up to its brace. */
static void section_look(struct doctor *doctor, struct text url, struct text *rest) {
        _cleanup_(issuer_clear) struct issuer issuer = {.url = settings_unescape(url)};
        struct text line = TEXT_NONE, ignored;

        while (!text_is(line, TEXT("}")) && settings_line(rest, &line)) {
                value_keep(line, TEXT("jwks = \""), &issuer.jwks);
                value_keep(line, TEXT("alg = \""), &issuer.alg);
                if (settings_value(line, TEXT("jwks-uri = \""), &ignored))
                        issuer.is_fetched = true;
        }
        if (issuer.url && issuer.jwks && issuer.alg)
                issuer_look(doctor, &issuer);
}

void check_issuers(struct doctor *doctor) {
        if (settings_sections(doctor, TEXT("issuer \""), section_look) == 0)
                doctor_find(doctor, VERDICT_OK, NULL, "no outside issuer is believed");
}
