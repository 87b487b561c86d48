/* jeton doctor: looks at everything that a login needs, and says what to do about what is wrong. It
 * changes nothing and prints no secret, because it reads none. */
#include "doctor.h"

#include "../../../common/cleanup.h"
#include "../../../common/log.h"
#include "../../../common/wire/wire.h"
#include "../output.h"

/* In the order in which one would look; later checks use what earlier ones saw. */
static const struct check {
        const char *name;
        bool is_live; /* of a daemon that runs: nothing to see below --root */
        void (*look)(struct doctor *doctor);
} checks[] = {
        {"configuration", false, check_configuration},
        {"sources", false, check_sources},
        {"issuers", false, check_issuers},
        {"last start", false, check_start},
        {"restores", false, check_restores},
        {"room", false, check_room},
        {"socket", true, check_socket},
        {"listener", true, check_listener},
        {"health", true, check_health},
        {"pages", true, check_pages},
        {"keys", true, check_keys},
        {"clock", true, check_clock},
        {"web socket", true, check_web_socket},
        {"proxy", false, check_proxy},
        {"pam", false, check_pam},
        {"accounts", true, check_accounts},
        {"links", true, check_links},
        {"lockouts", true, check_lockouts},
};

static const char *const verdict_words[VERDICT_COUNT] = {
        [VERDICT_OK] = "ok",
        [VERDICT_UNSEEN] = "unseen",
        [VERDICT_WARNING] = "warning",
        [VERDICT_BROKEN] = "broken",
};

static void print_finding(const json_t *finding) {
        const char *check = json_string_value(json_object_get(finding, "check"));
        const char *verdict = json_string_value(json_object_get(finding, "verdict"));
        const char *advice = json_string_value(json_object_get(finding, "advice"));

        printf("%-8s %-13s ", verdict, check);
        output_text(text_of(json_string_value(json_object_get(finding, "found"))));
        if (advice) {
                fputs("; ", stdout);
                output_text(text_of(advice));
        }
        putchar('\n');
}

/* What came from files need not be UTF-8. */
static json_t *text_json(const char *text) {
        json_t *json = text_is_printable_utf8(text_of(text)) ? json_string(text) : NULL;

        return json ? json : json_string(log_escape(text_of(text)).text);
}

void doctor_find(struct doctor *doctor, enum verdict verdict, const char *advice,
                 const char *format, ...) {
        _cleanup_(freep) char *found = NULL;
        va_list args;
        json_t *finding;

        va_start(args, format);
        if (vasprintf(&found, format, args) < 0)
                found = NULL;
        va_end(args);
        doctor->counts[verdict]++;
        finding = json_pack("{s:s, s:s, s:o, s:o?}", "check", doctor->check, "verdict",
                            verdict_words[verdict], "found",
                            text_json(found ? found : "out of memory"), "advice",
                            advice ? text_json(advice) : NULL);
        if (!finding || json_array_append_new(doctor->findings, finding) < 0)
                log_error("out of memory");
        else if (!doctor->cli->json)
                print_finding(finding);
}

static const struct {
        const char *host, *other;
} remedies[REMEDY_COUNT] = {
        [REMEDY_START] = {"start it: systemctl start jetond", "start it: jetond --state DIR"},
        [REMEDY_RESTART] = {"restart it: systemctl restart jetond", "restart it"},
        [REMEDY_RESTART_KEEPING_LOG] = {"restart it: systemctl restart jetond, and keep its log",
                                        "restart it, and keep its log"},
        [REMEDY_REMOVE] = {"remove it, then restart the daemon: systemctl restart jetond",
                           "remove it, then restart the daemon"},
        [REMEDY_LOG] = {"its log says why: journalctl -u jetond", "its log says why"},
        [REMEDY_FOLDER] = {"systemd-tmpfiles --create jeton.conf makes it",
                           "jetond --state DIR makes it"},
};

const char *doctor_remedy(const struct doctor *doctor, enum remedy remedy) {
        return doctor->is_host ? remedies[remedy].host : remedies[remedy].other;
}

static void run_checks(struct doctor *doctor) {
        size_t i;

        for (i = 0; i < ELEMENTS(checks); i++) {
                doctor->check = checks[i].name;
                if (doctor->root && checks[i].is_live)
                        doctor_find(doctor, VERDICT_UNSEEN, NULL, "nothing runs below --root");
                else
                        checks[i].look(doctor);
        }
}

static void print_end(const struct doctor *doctor) {
        size_t warnings = doctor->counts[VERDICT_WARNING];

        printf("\n%zu ok, %zu warning%s, %zu broken, %zu unseen\n", doctor->counts[VERDICT_OK],
               warnings, warnings == 1 ? "" : "s", doctor->counts[VERDICT_BROKEN],
               doctor->counts[VERDICT_UNSEEN]);
        if (geteuid() != 0)
                puts("root sees more: the settings, the journal, keys, links and lockouts");
}

static enum status status_of(const struct doctor *doctor) {
        if (doctor->counts[VERDICT_BROKEN] > 0)
                return STATUS_BROKEN;
        return doctor->counts[VERDICT_WARNING] > 0 ? STATUS_REFUSED : STATUS_DONE;
}

static void doctor_clear(struct doctor *doctor) {
        json_decref(doctor->findings);
        json_decref(doctor->users);
        free(doctor->user_trouble);
}

static enum status run(struct cli *cli) {
        _cleanup_(doctor_clear) struct doctor doctor = {
                .cli = cli,
                .root = option_value(&cli->arguments, OPTION_ROOT),
                .is_host = strcmp(cli->place.socket_path, JETON_SOCKET_DEFAULT) == 0,
                .findings = json_array(),
        };

        run_checks(&doctor);
        if (cli->json)
                output_json(doctor.findings);
        else
                print_end(&doctor);
        return status_of(&doctor);
}

const struct command command_doctor = {
        .words = "doctor",
        .operands = "",
        .options = OPTION_BIT(OPTION_ROOT),
        .line = "Look at all that a login needs, and say what to do",
        .more = "One line for each thing: ok, warning, broken, or unseen where it could not be\n"
                "looked at. The status is 2 when something is broken, 1 with a warning, else 0.\n"
                "Nothing is changed. As root it sees more.",
        .run = run,
};
