/* The two public pages and the keys in them, and whether the clock agrees. */
#include "doctor.h"

#include "../../../common/cleanup.h"
#include "../../../common/clock.h"
#include "../../../common/jwt/pages.h"
#include "../../../common/jwt/signature.h"

#include <sys/stat.h>
#include <sys/timex.h>

static const struct {
        const char *name;
        enum page page;
} pages[] = {
        {"keys", PAGE_KEYS},
        {"status", PAGE_STATUS},
};

/* Of page_open() and of what reads the table. */
static const struct {
        int error;
        enum remedy remedy;
        const char *found;
} troubles[] = {
        {-ENOENT, REMEDY_RESTART,
         "is missing: tokens are not verified and PAM logs nobody of jeton's in"},
        {-EPERM, REMEDY_RESTART, "is not root's alone to write, so nobody believes it"},
        {-ELOOP, REMEDY_REMOVE, "is a symbolic link, which nobody follows"},
        {-EBADMSG, REMEDY_RESTART,
         "has another layout than this command knows: another version's, or damaged"},
        {-EAGAIN, REMEDY_LOG, "holds nothing yet: the daemon has not come up"},
};

static void say_trouble(struct doctor *doctor, const char *name, int error) {
        const char *dir = doctor->cli->place.dir;
        size_t i;

        for (i = 0; i < ELEMENTS(troubles); i++)
                if (troubles[i].error == error) {
                        doctor_find(doctor, VERDICT_BROKEN,
                                    doctor_remedy(doctor, troubles[i].remedy), "%s/%s %s", dir,
                                    name, troubles[i].found);
                        return;
                }
        doctor_find(doctor, VERDICT_BROKEN, doctor_remedy(doctor, REMEDY_RESTART), "%s/%s: %s", dir,
                    name, strerror(-error));
}

static int keys_look(int fd) {
        struct keys_table *table = malloc(sizeof *table);
        int r = table ? keys_page_read(fd, table) : -ENOMEM;

        free(table);
        return r;
}

static int status_look(int fd, bool *ret_is_full) {
        _cleanup_(freep) struct page_revocation *revocations = NULL;
        uint32_t count, current;

        return status_page_read_revocations(fd, &revocations, &count, ret_is_full, &current);
}

static void say_good(struct doctor *doctor, const char *name, int fd) {
        char age[DURATION_SIZE];
        struct stat st;

        if (fstat(fd, &st) < 0)
                return;
        doctor_find(doctor, VERDICT_OK, NULL, "%s/%s belongs to uid %u, mode %04o, from %s ago",
                    doctor->cli->place.dir, name, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777,
                    doctor_age(clock_wall_s() - st.st_mtim.tv_sec, age));
}

static void look_at_page(struct doctor *doctor, const char *name, enum page page) {
        const struct place *place = &doctor->cli->place;
        _cleanup_(closep) int fd = -1;
        bool is_full = false;
        int r;

        r = page_open(place->dir, page, place->also_uid, &fd);
        if (r == 0)
                r = page == PAGE_KEYS ? keys_look(fd) : status_look(fd, &is_full);
        if (r < 0)
                say_trouble(doctor, name, r);
        else if (is_full)
                doctor_find(doctor, VERDICT_WARNING,
                            "shorten access-lifetime, or wait until revoked tokens have ended",
                            "%s/%s is full of revocations: verifiers must ask the daemon",
                            place->dir, name);
        else
                say_good(doctor, name, fd);
}

void check_pages(struct doctor *doctor) {
        size_t i;

        for (i = 0; i < ELEMENTS(pages); i++)
                look_at_page(doctor, pages[i].name, pages[i].page);
}

/* ---- the keys: what they are for by the page, since when by the daemon ---- */

#define AGE_MAX_S     (180 * INT64_C(86400))
#define LATE_S        600
#define CLOCK_SLACK_S 2

static void count_keys(struct doctor *doctor, const struct keys_table *table) {
        unsigned counts[KEY_RETIRED + 1] = {0};
        uint32_t i;

        for (i = 0; i < table->count; i++)
                if (table->keys[i].state <= KEY_RETIRED)
                        counts[table->keys[i].state]++;
        if (counts[KEY_ACTIVE] == 0)
                doctor_find(doctor, VERDICT_BROKEN, doctor_remedy(doctor, REMEDY_RESTART),
                            "no key is active, so nothing is signed");
        else
                doctor_find(doctor, VERDICT_OK, NULL, "%u active, %u prepared, %u retired",
                            counts[KEY_ACTIVE], counts[KEY_PREPARED], counts[KEY_RETIRED]);
}

static void look_at_table(struct doctor *doctor) {
        const struct place *place = &doctor->cli->place;
        _cleanup_(freep) struct keys_table *table = calloc(1, sizeof *table);
        _cleanup_(closep) int fd = -1;
        int r = table ? 0 : -ENOMEM;

        if (r == 0)
                r = page_open(place->dir, PAGE_KEYS, place->also_uid, &fd);
        if (r == 0)
                r = keys_page_read(fd, table);
        if (r < 0)
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "the page cannot be read");
        else
                count_keys(doctor, table);
}

static const char *member(const json_t *object, const char *name) {
        return json_string_value(json_object_get(object, name));
}

static void judge_key(struct doctor *doctor, const json_t *key) {
        const char *kid = member(key, "kid"), *state = member(key, "state");
        int64_t now = clock_wall_s(), since, due;
        char age[DURATION_SIZE];

        if (!kid || !state || doctor_time(member(key, "since"), &since) < 0)
                return;
        if (doctor_time(member(key, "active_at"), &due) == 0 && now > due + LATE_S)
                doctor_find(doctor, VERDICT_WARNING, doctor_remedy(doctor, REMEDY_LOG),
                            "key %s should have become active at %s", kid,
                            member(key, "active_at"));
        else if (strcmp(state, "active") == 0 && now - since > AGE_MAX_S)
                doctor_find(doctor, VERDICT_WARNING,
                            "jeton key rotate, or set key-rotate in jetond.conf(5)",
                            "key %s has signed for %s", kid, doctor_age(now - since, age));
        else
                doctor_find(doctor, VERDICT_OK, NULL, "key %s (%s) %s for %s", kid,
                            member(key, "alg") ? member(key, "alg") : "?", state,
                            doctor_age(now - since, age));
}

void check_keys(struct doctor *doctor) {
        _cleanup_(freep) char *trouble = NULL;
        json_t *keys = NULL;
        const json_t *key;
        size_t i;

        look_at_table(doctor);
        if (doctor_ask(doctor, "/keys", true, &keys, &trouble) < 0) {
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "the keys' age: %s",
                            trouble ? trouble : "out of memory");
                return;
        }
        json_array_foreach(keys, i, key) {
                judge_key(doctor, key);
        }
        json_decref(keys);
}

/* ---- the clock ---- */

static void look_at_synchronisation(struct doctor *doctor) {
        struct timex timex = {.modes = 0};
        int state = adjtimex(&timex);

        if (state < 0)
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "the kernel does not tell: %s",
                            strerror(errno));
        else if (state == TIME_ERROR || (timex.status & STA_UNSYNC) != 0)
                doctor_find(doctor, VERDICT_WARNING,
                            "timedatectl set-ntp true, or chrony; other hosts refuse tokens from "
                            "a future",
                            "nothing keeps the clock right");
        else
                doctor_find(doctor, VERDICT_OK, NULL, "synchronised, %ld us off at most",
                            timex.maxerror);
}

/* What was written cannot have been written later than now. */
static int64_t newest_writing(const struct doctor *doctor) {
        int64_t newest = 0;
        struct stat st;
        size_t i;

        for (i = 0; i < ELEMENTS(pages); i++) {
                _cleanup_(freep) char *path = NULL;

                if (asprintf(&path, "%s/%s", doctor->cli->place.dir, pages[i].name) < 0)
                        path = NULL;
                else if (stat(path, &st) == 0 && st.st_mtim.tv_sec > newest)
                        newest = st.st_mtim.tv_sec;
        }
        return newest;
}

static int64_t newest_key(struct doctor *doctor) {
        _cleanup_(freep) char *trouble = NULL;
        int64_t newest = 0, since;
        json_t *keys = NULL;
        const json_t *key;
        size_t i;

        if (doctor_ask(doctor, "/keys", true, &keys, &trouble) < 0)
                return 0;
        json_array_foreach(keys, i, key) {
                if (doctor_time(member(key, "since"), &since) == 0 && since > newest)
                        newest = since;
        }
        json_decref(keys);
        return newest;
}

void check_clock(struct doctor *doctor) {
        int64_t written = newest_writing(doctor), key = newest_key(doctor);
        int64_t ahead = (written > key ? written : key) - clock_wall_s();
        char age[DURATION_SIZE];

        look_at_synchronisation(doctor);
        if (ahead > CLOCK_SLACK_S)
                doctor_find(doctor, VERDICT_BROKEN,
                            "set the clock right, then restart jetond: what it signs now is from "
                            "the past",
                            "it has been set back: keys and pages are of %s from now",
                            doctor_age(ahead, age));
        else
                doctor_find(doctor, VERDICT_OK, NULL, "not behind the keys and pages");
}
