/* The settings, by the daemon's own reading of them, and how the service last came up, by systemd's
 * word. Both are asked of other programs: no library for either comes into the command. */
#include "doctor.h"
#include "settings.h"

#include "../../../common/cleanup.h"
#include "../../../common/text.h"
#include "../program.h"

#include <sys/stat.h>

#define SETTINGS JETON_SYSCONF_DIR "/jetond.conf"

static size_t first_line(const char *text) {
        return strcspn(text, "\n");
}

/* Where jetond reads them: by itself, unless it is told. */
struct settings_place {
        char *path;  /* owned; conf.d stands beside it */
        char *state; /* owned; NULL: not of --state */
};

static void settings_place_clear(struct settings_place *place) {
        free(place->path);
        free(place->state);
}

static int settings_find(const struct doctor *doctor, struct settings_place *place) {
        const char *root = doctor->root ? doctor->root : "";
        bool is_state = !doctor->root && !doctor->is_host;

        if (is_state && asprintf(&place->state, "%s/..", doctor->cli->place.dir) < 0)
                place->state = NULL;
        if (is_state && !place->state)
                return -ENOMEM;
        if (asprintf(&place->path, "%s%s", is_state ? place->state : root,
                     is_state ? "/jetond.conf" : SETTINGS) < 0)
                place->path = NULL;
        return place->path ? 0 : -ENOMEM;
}

/* jetond reads conf.d also where the file itself is not there; one that cannot be seen it would
 * take for one that is not there. */
static int settings_look(const struct settings_place *place, bool *ret_is_there) {
        if (place->state && access(place->state, F_OK) < 0)
                return -errno;
        *ret_is_there = access(place->path, R_OK) == 0;
        return *ret_is_there || errno == ENOENT ? 0 : -errno;
}

static int run_jetond(const struct doctor *doctor, const struct settings_place *place,
                      const char *task, char **ret_output, int *ret_status) {
        static const char *const places[] = {"jetond", "../sbin/jetond", "/usr/local/sbin/jetond",
                                             "/usr/sbin/jetond", NULL};
        _cleanup_(freep) char *program = NULL;
        const char *mounted[] = {NULL, task, "--settings-only", "-c", place->path, NULL};
        const char *here[] = {NULL, task, place->state ? "--state" : NULL, place->state, NULL};
        const char **argv = doctor->root ? mounted : here;
        int r;

        r = program_find(places, &program);
        argv[0] = program;
        return r < 0 ? r : program_run(argv, ret_output, ret_status);
}

int settings_ask(const struct doctor *doctor, const char *task, char **ret_output,
                 int *ret_status) {
        _cleanup_(settings_place_clear) struct settings_place place = {0};
        bool is_there;
        int r;

        r = settings_find(doctor, &place);
        if (r == 0)
                r = settings_look(&place, &is_there);
        return r < 0 ? r : run_jetond(doctor, &place, task, ret_output, ret_status);
}

int settings_sections(struct doctor *doctor, struct text before,
                      void (*look)(struct doctor *doctor, struct text name, struct text *rest)) {
        _cleanup_(freep) char *output = NULL;
        struct text rest, line, name;
        int status = -1, r, count = 0;

        r = settings_ask(doctor, "-T", &output, &status);
        if (r < 0 || status != 0) {
                doctor_find(doctor, VERDICT_UNSEEN, NULL,
                            "the settings do not tell: see configuration");
                return -ENODATA;
        }
        rest = text_of(output);
        while (settings_line(&rest, &line))
                if (settings_value(line, before, &name)) {
                        look(doctor, name, &rest);
                        count++;
                }
        return count;
}

static void say_good(struct doctor *doctor, const struct settings_place *place, bool is_there) {
        doctor_find(doctor, VERDICT_OK, NULL,
                    is_there ? "%s is good"
                             : "no %s: the defaults, with conf.d beside it, are good",
                    place->path);
        if (doctor->root)
                doctor_find(doctor, VERDICT_UNSEEN, NULL,
                            "stacks of PAM sources, rules for new passwords: jetond would look at "
                            "this system's, not at those below --root");
}

/* What an ordinary account may not read says nothing of the settings. */
static bool is_refused(const char *output) {
        const char *found = strstr(output, strerror(EACCES));

        return geteuid() != 0 && found && found < output + first_line(output);
}

static void judge_settings(struct doctor *doctor, const struct settings_place *place,
                           bool is_there) {
        _cleanup_(freep) char *output = NULL;
        int r, status = -1;

        r = run_jetond(doctor, place, "-n", &output, &status);
        if (r < 0)
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "jetond -n cannot be run: %s",
                            strerror(-r));
        else if (status == 0)
                say_good(doctor, place, is_there);
        else if (is_refused(output))
                doctor_find(doctor, VERDICT_UNSEEN, "run it as root", "%.*s",
                            (int)first_line(output), output);
        else
                doctor_find(doctor, VERDICT_BROKEN,
                            "jetond.conf(5) has the settings; jetond -n checks them", "%.*s",
                            (int)first_line(output), output);
}

void check_configuration(struct doctor *doctor) {
        _cleanup_(settings_place_clear) struct settings_place place = {0};
        bool is_there;
        int r;

        if (settings_find(doctor, &place) < 0)
                return;
        r = settings_look(&place, &is_there);
        if (r == 0)
                judge_settings(doctor, &place, is_there);
        else
                doctor_find(doctor, VERDICT_UNSEEN, r == -EACCES ? "run it as root" : NULL,
                            "%s: %s", place.path, strerror(-r));
}

/* ---- the unit ---- */

#define UNIT "jetond.service"

static char *lines_join(const char *lines) {
        char *joined = calloc(2, strlen(lines) + 1), *at = joined;

        while (joined && *lines) {
                at = mempcpy(at, lines, first_line(lines));
                lines += first_line(lines);
                lines += *lines == '\n';
                at = stpcpy(at, *lines ? "; " : "");
        }
        return joined;
}

/* How many lines one failure has at most: the cause, whom it ended, and what the parent says of it.
 */
#define LINES "3"

/* The last errors that its processes wrote, in one line; NULL when the journal has none, or does
 * not tell. What systemd says of the unit (-u) would come last, and is no more than that it failed.
 */
static char *last_errors(const char *root, struct text invocation) {
        _cleanup_(freep) char *output = NULL, *folder = NULL, *match = NULL;
        const char *argv[] = {"journalctl", "--no-pager", "-q",  "-o", "cat", "-p",
                              "err",        "-n",         LINES, NULL, NULL,  NULL};
        int status;

        if (asprintf(&match, "%s%.*s",
                     invocation.len > 0 ? "_SYSTEMD_INVOCATION_ID=" : "_SYSTEMD_UNIT=" UNIT,
                     TEXT_ARGS(invocation)) < 0 ||
            (root && asprintf(&folder, "--directory=%s/var/log/journal", root) < 0))
                return NULL;
        argv[9] = match;
        argv[10] = folder;
        if (program_run(argv, &output, &status) < 0 || status != 0 || first_line(output) == 0)
                return NULL;
        return lines_join(output);
}

/* The value of "NAME=value" in what systemctl(1) shows. */
static struct text property(const char *output, const char *name) {
        size_t len = strlen(name);
        const char *at;

        for (at = output; *at; at += first_line(at) + (at[first_line(at)] == '\n'))
                if (strncmp(at, name, len) == 0 && at[len] == '=')
                        return (struct text){at + len + 1, first_line(at) - len - 1};
        return TEXT_NONE;
}

static void say_not_running(struct doctor *doctor, const char *output) {
        _cleanup_(freep) char *errors = last_errors(NULL, property(output, "InvocationID"));

        doctor_find(doctor, VERDICT_BROKEN,
                    errors ? "mend that, then systemctl restart jetond"
                           : "systemctl start jetond, then journalctl -u jetond (as root) says why",
                    "the service is %.*s (%.*s)%s%s", TEXT_ARGS(property(output, "ActiveState")),
                    TEXT_ARGS(property(output, "Result")), errors ? "; its last errors: " : "",
                    errors ? errors : "");
}

static void judge_unit(struct doctor *doctor, const char *output) {
        struct text state = property(output, "ActiveState");
        struct text restarts = property(output, "NRestarts");

        if (text_is(property(output, "LoadState"), TEXT("not-found")))
                doctor_find(doctor, VERDICT_WARNING, "make install, then systemctl daemon-reload",
                            "systemd has no " UNIT);
        else if (!text_is(state, TEXT("active")))
                say_not_running(doctor, output);
        else if (restarts.len > 0 && !text_is(restarts, TEXT("0")))
                doctor_find(doctor, VERDICT_WARNING, "journalctl -u jetond says why",
                            "the service runs, after %.*s restart%s", TEXT_ARGS(restarts),
                            text_is(restarts, TEXT("1")) ? "" : "s");
        else
                doctor_find(doctor, VERDICT_OK, NULL, "the service runs");
}

static void ask_systemd(struct doctor *doctor) {
        static const char *const argv[] = {
                "systemctl", "show", "-p", "LoadState,ActiveState,Result,NRestarts,InvocationID",
                UNIT,        NULL};
        _cleanup_(freep) char *output = NULL;
        int status = -1, r;

        r = program_run(argv, &output, &status);
        if (r < 0)
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "systemctl: %s", strerror(-r));
        else if (status != 0)
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "systemd does not answer");
        else
                judge_unit(doctor, output);
}

static void read_journal(struct doctor *doctor) {
        _cleanup_(freep) char *errors = last_errors(doctor->root, TEXT_NONE);

        if (errors)
                doctor_find(doctor, VERDICT_WARNING, NULL, "the last errors in that journal: %s",
                            errors);
        else
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "that journal tells of no error");
}

void check_start(struct doctor *doctor) {
        if (doctor->root)
                read_journal(doctor);
        else if (!doctor->is_host)
                doctor_find(doctor, VERDICT_UNSEEN, NULL,
                            "not the host's own daemon: its log is where it was started");
        else
                ask_systemd(doctor);
}
