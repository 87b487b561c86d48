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

/* Which file it is, and the option that makes jetond read it. */
struct settings_place {
        char *path;   /* owned */
        char *option; /* owned; "-c" or "--state" */
        char *value;  /* owned */
};

static void settings_place_clear(struct settings_place *place) {
        free(place->path);
        free(place->option);
        free(place->value);
}

static int settings_find(const struct doctor *doctor, struct settings_place *place) {
        const char *dir = doctor->cli->place.dir, *root = doctor->root ? doctor->root : "";
        bool is_state = !doctor->root && !doctor->is_host;
        int n;

        n = is_state ? asprintf(&place->path, "%s/../jetond.conf", dir)
                     : asprintf(&place->path, "%s%s", root, SETTINGS);
        if (n < 0)
                place->path = NULL;
        n = is_state ? asprintf(&place->value, "%s/..", dir)
                     : asprintf(&place->value, "%s%s", root, SETTINGS);
        if (n < 0)
                place->value = NULL;
        place->option = strdup(is_state ? "--state" : "-c");
        return place->path && place->value && place->option ? 0 : -ENOMEM;
}

static int run_jetond(const struct settings_place *place, const char *task, char **ret_output,
                      int *ret_status) {
        static const char *const places[] = {"jetond", "../sbin/jetond", "/usr/local/sbin/jetond",
                                             "/usr/sbin/jetond", NULL};
        _cleanup_(freep) char *program = NULL;
        const char *argv[] = {NULL, task, place->option, place->value, NULL};
        int r;

        r = program_find(places, &program);
        argv[0] = program;
        return r < 0 ? r : program_run(argv, ret_output, ret_status);
}

int settings_ask(const struct doctor *doctor, const char *task, char **ret_output,
                 int *ret_status) {
        _cleanup_(settings_place_clear) struct settings_place place = {0};
        int r = settings_find(doctor, &place);

        if (r < 0)
                return r;
        return access(place.path, F_OK) < 0 ? -errno
                                            : run_jetond(&place, task, ret_output, ret_status);
}

static void judge_settings(struct doctor *doctor, const struct settings_place *place) {
        _cleanup_(freep) char *output = NULL;
        int r, status = -1;

        r = run_jetond(place, "-n", &output, &status);
        if (r < 0)
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "jetond -n cannot be run: %s",
                            strerror(-r));
        else if (status != 0)
                doctor_find(doctor, VERDICT_BROKEN,
                            "jetond.conf(5) has the settings; jetond -n checks them", "%.*s",
                            (int)first_line(output), output);
        else
                doctor_find(doctor, VERDICT_OK, NULL, "%s is good", place->path);
}

void check_configuration(struct doctor *doctor) {
        _cleanup_(settings_place_clear) struct settings_place place = {0};

        if (settings_find(doctor, &place) < 0)
                return;
        if (access(place.path, R_OK) == 0)
                judge_settings(doctor, &place);
        else if (errno == ENOENT)
                doctor_find(doctor, VERDICT_OK, NULL, "no %s: all settings are the defaults",
                            place.path);
        else
                doctor_find(doctor, VERDICT_UNSEEN, "run it as root", "%s: %s", place.path,
                            strerror(errno));
}

/* ---- the unit ---- */

#define UNIT "jetond.service"

/* The last error of the unit; NULL when the journal has none, or does not tell. */
static char *last_error(const char *root) {
        _cleanup_(freep) char *output = NULL, *folder = NULL;
        const char *argv[] = {"journalctl", "--no-pager", "-q", "-o", "cat", "-p", "err",
                              "-n",         "1",          "-u", UNIT, NULL,  NULL};
        int status;

        if (root && asprintf(&folder, "--directory=%s/var/log/journal", root) < 0)
                return NULL;
        argv[11] = folder;
        if (program_run(argv, &output, &status) < 0 || status != 0 || first_line(output) == 0)
                return NULL;
        output[first_line(output)] = '\0';
        return take(output);
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

static void say_not_running(struct doctor *doctor, struct text state, struct text result) {
        _cleanup_(freep) char *error = last_error(NULL);

        doctor_find(doctor, VERDICT_BROKEN,
                    error ? "mend that, then systemctl restart jetond"
                          : "systemctl start jetond, then journalctl -u jetond (as root) says why",
                    "the service is %.*s (%.*s)%s%s", TEXT_ARGS(state), TEXT_ARGS(result),
                    error ? "; its last error: " : "", error ? error : "");
}

static void judge_unit(struct doctor *doctor, const char *output) {
        struct text state = property(output, "ActiveState");
        struct text restarts = property(output, "NRestarts");

        if (text_is(property(output, "LoadState"), TEXT("not-found")))
                doctor_find(doctor, VERDICT_WARNING, "make install, then systemctl daemon-reload",
                            "systemd has no " UNIT);
        else if (!text_is(state, TEXT("active")))
                say_not_running(doctor, state, property(output, "Result"));
        else if (restarts.len > 0 && !text_is(restarts, TEXT("0")))
                doctor_find(doctor, VERDICT_WARNING, "journalctl -u jetond says why",
                            "the service runs, after %.*s restarts", TEXT_ARGS(restarts));
        else
                doctor_find(doctor, VERDICT_OK, NULL, "the service runs");
}

static void ask_systemd(struct doctor *doctor) {
        static const char *const argv[] = {
                "systemctl", "show", "-p", "LoadState,ActiveState,Result,NRestarts", UNIT, NULL};
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
        _cleanup_(freep) char *error = last_error(doctor->root);

        if (error)
                doctor_find(doctor, VERDICT_WARNING, NULL, "the last error in that journal: %s",
                            error);
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
