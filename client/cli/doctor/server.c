/* Whether a daemon is there, whose it is, and whether it answers in time. */
#include "doctor.h"

#include "../../../common/cleanup.h"
#include "../../../common/clock.h"
#include "../../request.h"
#include "../account.h"

#include <sys/stat.h>

#define SQUATTED                                                                               \
        "do not log in through jeton: find that process with `ss -xlp`, end it, then restart " \
        "jetond"

#define SLOW_MS 1000

static const char *name_of(uid_t uid) {
        const char *name = account_name(uid);

        return name ? name : "no account";
}

static void look_at_folder(struct doctor *doctor) {
        const char *dir = doctor->cli->place.dir;
        struct stat st;

        if (stat(dir, &st) < 0)
                doctor_find(doctor, errno == EACCES ? VERDICT_UNSEEN : VERDICT_BROKEN,
                            doctor_remedy(doctor, REMEDY_FOLDER), "%s: %s", dir, strerror(errno));
        else if (!doctor_trusts(doctor, st.st_uid) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
                doctor_find(doctor, VERDICT_BROKEN,
                            "others can put a socket and pages of theirs there: chown root:root, "
                            "chmod 0755, and look for what they left",
                            "%s belongs to uid %u (%s), mode %04o", dir, (unsigned)st.st_uid,
                            name_of(st.st_uid), (unsigned)st.st_mode & 07777);
        else
                doctor_find(doctor, VERDICT_OK, NULL, "%s belongs to uid %u, mode %04o", dir,
                            (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
}

static void judge_socket(struct doctor *doctor, const char *path, const struct stat *st) {
        unsigned mode = (unsigned)st->st_mode & 07777;

        if (!S_ISSOCK(st->st_mode))
                doctor_find(doctor, VERDICT_BROKEN, doctor_remedy(doctor, REMEDY_REMOVE),
                            "%s is no socket", path);
        else if (!doctor_trusts(doctor, st->st_uid))
                doctor_find(doctor, VERDICT_BROKEN, SQUATTED, "%s belongs to uid %u (%s)", path,
                            (unsigned)st->st_uid, name_of(st->st_uid));
        else if ((mode & 0666) != 0666)
                doctor_find(doctor, VERDICT_WARNING, doctor_remedy(doctor, REMEDY_RESTART),
                            "%s has mode %04o, so that not every account can connect", path, mode);
        else
                doctor_find(doctor, VERDICT_OK, NULL, "%s belongs to uid %u, mode %04o", path,
                            (unsigned)st->st_uid, mode);
}

void check_socket(struct doctor *doctor) {
        const char *path = doctor->cli->place.socket_path;
        struct stat st;

        look_at_folder(doctor);
        if (lstat(path, &st) == 0)
                judge_socket(doctor, path, &st);
        else if (errno == ENOENT)
                doctor_find(doctor, VERDICT_BROKEN, doctor_remedy(doctor, REMEDY_START),
                            "there is no %s", path);
        else
                doctor_find(doctor, VERDICT_UNSEEN, "run it as root", "%s: %s", path,
                            strerror(errno));
}

/* What connect(2) says of a socket that is there. */
static const struct {
        int error;
        enum remedy remedy;
        const char *found;
} troubles[] = {
        {-ENOENT, REMEDY_START, "nobody is there"},
        {-ECONNREFUSED, REMEDY_START, "the socket is there and nobody listens on it"},
        {-ETIMEDOUT, REMEDY_RESTART, "it takes no connection: its backlog is full"},
};

static void say_unreached(struct doctor *doctor, int error) {
        size_t i;

        if (error == -EACCES) {
                doctor_find(doctor, VERDICT_UNSEEN, "run it as root",
                            "this account may not connect");
                return;
        }
        for (i = 0; i < ELEMENTS(troubles); i++)
                if (troubles[i].error == error) {
                        doctor_find(doctor, VERDICT_BROKEN,
                                    doctor_remedy(doctor, troubles[i].remedy), "%s",
                                    troubles[i].found);
                        return;
                }
        doctor_find(doctor, VERDICT_BROKEN, doctor_remedy(doctor, REMEDY_RESTART),
                    "cannot connect: %s", strerror(-error));
}

void check_listener(struct doctor *doctor) {
        _cleanup_(closep) int fd = -1;
        uid_t server;
        int r;

        r = exchange_reach(doctor->cli->place.socket_path, clock_monotonic_ms() + DOCTOR_TIMEOUT_MS,
                           &server, &fd);
        if (r < 0) {
                say_unreached(doctor, r);
                return;
        }
        doctor->is_there = doctor_trusts(doctor, server);
        if (doctor->is_there)
                doctor_find(doctor, VERDICT_OK, NULL, "uid %u listens", (unsigned)server);
        else
                doctor_find(doctor, VERDICT_BROKEN, SQUATTED,
                            "uid %u (%s) listens in the daemon's place", (unsigned)server,
                            name_of(server));
}

static void judge_health(struct doctor *doctor, const struct answer *answer, int64_t ms) {
        if (answer->status != 200) {
                answer_refusal(answer, &doctor->cli->failure);
                doctor_find(doctor, VERDICT_BROKEN, doctor_remedy(doctor, REMEDY_LOG),
                            "status %u: %s", answer->status, doctor->cli->failure.text);
        } else if (ms > SLOW_MS) {
                doctor_find(doctor, VERDICT_WARNING, "look at the load of the host and at its log",
                            "well, but it took %lld ms to say so", (long long)ms);
        } else {
                doctor_find(doctor, VERDICT_OK, NULL, "well, in %lld ms", (long long)ms);
        }
}

void check_health(struct doctor *doctor) {
        struct exchange_request request = {.method = "GET", .path = "/health"};
        _cleanup_(answer_clear) struct answer answer = {0};
        int64_t began = clock_monotonic_ms();
        int r;

        if (!doctor->is_there) {
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "no daemon to ask");
                return;
        }
        r = request_send(&doctor->cli->place, DOCTOR_TIMEOUT_MS, &request, &doctor->cli->failure,
                         &answer);
        if (r < 0)
                doctor_find(
                        doctor, VERDICT_BROKEN, doctor_remedy(doctor, REMEDY_RESTART_KEEPING_LOG),
                        "no answer within %d ms: %s", DOCTOR_TIMEOUT_MS, doctor->cli->failure.text);
        else
                judge_health(doctor, &answer, clock_monotonic_ms() - began);
}
