/* jeton doctor: what the checks have in common. A check looks at one thing, changes nothing, and
 * says what it found; doctor.c has the table. */
#ifndef JETON_CLI_DOCTOR_H
#define JETON_CLI_DOCTOR_H

#include "../command.h"
#include "../output.h"

#include <jansson.h>

enum verdict {
        VERDICT_OK,
        VERDICT_UNSEEN, /* it could not be looked at; the finding says why */
        VERDICT_WARNING,
        VERDICT_BROKEN,
        VERDICT_COUNT,
};

struct doctor {
        struct cli *cli;
        const char *root;  /* borrowed, --root; NULL: the host that runs */
        bool is_host;      /* the host's own daemon, not one of --socket */
        bool is_there;     /* a daemon to believe listens; the check "listener" sets it */
        bool has_pam;      /* a PAM service uses the module; the check "pam" sets it */
        const char *check; /* the one that looks now */
        json_t *findings;  /* owned */
        size_t counts[VERDICT_COUNT];
        char *user_trouble; /* owned: why there are no users; NULL while there are */
        json_t *users;      /* owned: all of the database, where the caller is an admin */
};

/* How long the daemon may take: what the PAM module gives it. */
#define DOCTOR_TIMEOUT_MS 3000

/* One finding. `advice` is what to do; NULL where there is nothing to do. What stands in the text
 * may come from outside: it is made harmless when it is printed. */
void doctor_find(struct doctor *doctor, enum verdict verdict, const char *advice,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* What is done about the daemon. Of one that is not the host's own systemd knows nothing. */
enum remedy {
        REMEDY_START,
        REMEDY_RESTART,
        REMEDY_RESTART_KEEPING_LOG,
        REMEDY_REMOVE,
        REMEDY_LOG,
        REMEDY_FOLDER,
        REMEDY_COUNT,
};

const char *doctor_remedy(const struct doctor *doctor, enum remedy remedy);

/* What the daemon answers to an admin by the kernel's word: an array, or with `is_list` unset an
 * object. 0 with a reference that is to be given back; otherwise -errno, and why in *ret_trouble,
 * which is to be freed. */
int doctor_ask(struct doctor *doctor, const char *path, bool is_list, json_t **ret,
               char **ret_trouble);

/* "2026-01-31T12:00:00Z" as seconds since 1970. 0 or -EINVAL. */
int doctor_time(const char *text, int64_t *ret);

/* "3 days", "5 h", "a moment": how long ago that was; in `ret`, or a constant. */
const char *doctor_age(int64_t seconds, char ret[DURATION_SIZE]);

/* The daemon's own folder, below --root where that is given. To be freed; NULL: no memory, which is
 * then a finding. */
char *doctor_state(struct doctor *doctor);

/* Whose process or file that is: root, or the caller's own where he named the daemon. */
static inline bool doctor_trusts(const struct doctor *doctor, uid_t uid) {
        return uid == 0 || uid == doctor->cli->place.also_uid;
}

void check_socket(struct doctor *doctor);
void check_listener(struct doctor *doctor);
void check_health(struct doctor *doctor);
void check_web_socket(struct doctor *doctor);
void check_proxy(struct doctor *doctor);
void check_configuration(struct doctor *doctor);
void check_sources(struct doctor *doctor);
void check_issuers(struct doctor *doctor);
void check_start(struct doctor *doctor);
void check_restores(struct doctor *doctor);
void check_room(struct doctor *doctor);
void check_pages(struct doctor *doctor);
void check_keys(struct doctor *doctor);
void check_clock(struct doctor *doctor);
void check_pam(struct doctor *doctor);
void check_accounts(struct doctor *doctor);
void check_links(struct doctor *doctor);
void check_lockouts(struct doctor *doctor);

#endif
