/* jetond, the parent of all.
 *
 * Runs as:     root; with --state under the caller's uid, like all its children.
 * Holds:       the listening sockets, the directories, the public pages, the lock; the right to
 * start the other programs under their uids. Trusts:      the configuration files, which only root
 * can write, and the names of users in them. Its children it does not: it takes four messages
 * without texts from them. If captured: everything is lost. So it reads no byte that a client
 * wrote.
 *
 * It lives in the foreground until SIGTERM; when it dies, the kernel ends its children. */
#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "children.h"
#include "filter.h"
#include "issuer.h"
#include "notify.h"
#include "outside.h"
#include "pam_workers.h"
#include "restored.h"
#include "spawn.h"
#include "supervise.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define PROGRAM "jetond"

/* ---- the settings, and the tasks that end with them ---- */

/* Of "FILE:LINE: what is wrong". */
typedef void say_error(int level, const char *error);

static int settings_get(struct parent *parent, say_error *say) {
        struct settings_source source = {
                .file = parent->options.config,
                .must_exist = parent->options.config_given && !parent->options.settings_only,
                .single_uid = parent->options.state != NULL,
                .is_foreign = parent->options.settings_only || parent->options.task == TASK_JWKS,
        };
        char error[SETTINGS_ERROR_MAX];
        int r;

        r = settings_load(&source, &parent->settings, error);
        if (*error)
                say(r ? LOG_ERR : LOG_WARNING, error);
        return r;
}

static void error_print(int level, const char *error) {
        (void)level;
        fprintf(stderr, "%s\n", error);
}

static void error_log(int level, const char *error) {
        log_line(level, "%s", error);
}

static int rules_get(struct parent *parent, say_error *say) {
        struct rules_judge judge = {
                .programs = parent->options.programs,
                .worker = identities_of(&parent->identities, ACCOUNT_WORKER),
                .may_be_missing = parent->options.task != TASK_RUN,
        };
        char error[SETTINGS_ERROR_MAX];
        struct identity worker;
        int r;

        /* A task has looked for no accounts; where there is none yet it asks as itself. */
        if (!judge.worker && geteuid() == 0 && !parent->options.state &&
            account_find(TEXT("jeton-worker"), &worker) == 0)
                judge.worker = &worker;
        r = rules_read(parent->settings, &judge, &parent->rules, error);
        if (r)
                say(LOG_ERR, error);
        return r;
}

static void (*const prints[])(const struct settings *, FILE *) = {
        [TASK_CHECK] = NULL,
        [TASK_PRINT] = settings_print,
        [TASK_JWKS] = outside_print_sources,
};

static int task_do(struct parent *parent) {
        int r;

        r = settings_get(parent, error_print);
        if (r == 0)
                r = spawn_init();
        if (r == 0 && !parent->options.settings_only && parent->options.task != TASK_JWKS)
                r = rules_get(parent, error_print);
        if (r == 0 && prints[parent->options.task]) {
                prints[parent->options.task](parent->settings, stdout);
                r = fflush(stdout) == 0 ? 0 : -EIO;
        }
        return r;
}

/* ---- the steps of a start ---- */

static int process_close_up(void) {
        const struct rlimit no_core = {0, 0};

        umask(022);
        if (setrlimit(RLIMIT_CORE, &no_core) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return -errno;
        return 0;
}

static int rights_check(const struct parent *parent) {
        if (parent->options.state) {
                log_notice("--state: all processes run as uid %u; between them stand seccomp and "
                           "Landlock, not uids, and whoever has that uid reads the keys",
                           (unsigned)geteuid());
                return 0;
        }
        if (geteuid() == 0)
                return 0;
        log_error("it must be started as root, to give each of its programs a uid of its own; "
                  "to try it without root: jetond --state DIR");
        return -EPERM;
}

/* Somebody's power went. */
static int restore_finish(struct parent *parent) {
        char kept[RESTORE_KEPT_MAX];
        bool done;
        int r;

        r = restored_finish(parent->places.fd[PLACE_STATE], &done, kept);
        if (r)
                log_error("%s/" RESTORE_READY ": the restore that was broken off cannot be brought "
                          "to its end: %s",
                          parent->places.path[PLACE_STATE], strerror(-r));
        else if (done)
                log_notice("a restore that was broken off is at its end%s%s",
                           *kept ? "; what was there before is in " : "", kept);
        return r;
}

static int places_get(struct parent *parent) {
        int r;

        r = identities_find(parent->options.state != NULL, &parent->identities);
        if (r == 0)
                r = places_name(parent->options.state, &parent->places);
        if (r == 0)
                r = places_open(&parent->places, &parent->identities);
        if (r == 0)
                r = places_lock(&parent->places);
        if (r == 0)
                r = restore_finish(parent);
        return r ? r : places_open_locked(&parent->places, &parent->identities);
}

static int issuer_get(struct parent *parent) {
        struct issuer_source source = {
                .configured = parent->settings->issuer ? parent->settings->issuer : "",
                .state_dir = parent->places.fd[PLACE_STATE],
                .state_path = parent->places.path[PLACE_STATE],
                .programs = parent->options.programs,
                .worker = identities_of(&parent->identities, ACCOUNT_WORKER),
        };

        return issuer_find(&source, parent->issuer);
}

static int local_listen(struct parent *parent) {
        _cleanup_(freep) char *path = NULL;

        if (asprintf(&path, "%s/jeton.sock", parent->places.path[PLACE_RUN]) < 0)
                return -ENOMEM;
        return listener_open(parent->places.fd[PLACE_RUN], path, 0666, (gid_t)-1, &parent->local);
}

/* For systemd, which asks as root. */
static int credentials_listen(struct parent *parent) {
        _cleanup_(freep) char *path = NULL;

        if (asprintf(&path, "%s/credentials.sock", parent->places.path[PLACE_RUN]) < 0)
                return -ENOMEM;
        return listener_open(parent->places.fd[PLACE_RUN], path, 0600, (gid_t)-1,
                             &parent->credentials);
}

static int web_listen(struct parent *parent) {
        const struct web *web = &parent->settings->web;
        _cleanup_(freep) char *path = NULL;
        gid_t group;
        int r;

        if (!parent->settings->has_web)
                return 0;
        r = group_find(text_of(web->group), &group);
        if (r) {
                log_error("web: there is no group %s", web->group);
                return r;
        }
        if (web->socket && *web->socket)
                return listener_open_path(web->socket, 0660, group, &parent->web);
        if (asprintf(&path, "%s/web.sock", parent->places.path[PLACE_RUN]) < 0)
                return -ENOMEM;
        return listener_open(parent->places.fd[PLACE_RUN], path, 0660, group, &parent->web);
}

static int filters_get(struct parent *parent) {
        enum process process;
        int r = 0;

        for (process = PROCESS_FRONTEND; r == 0 && process < PROCESS_COUNT; process++)
                r = filter_compile(process, &parent->filters[process]);
        if (r)
                log_error("the system call filters cannot be compiled: %s", strerror(-r));
        return r;
}

static void ready_say(const struct parent *parent) {
        const char *socket = parent->local.path;

        log_info("ready: issuer %s, socket %s", parent->issuer, socket);
        if (parent->first_start && parent->options.state)
                log_notice(
                        "first start: make the first admin with: jeton --socket %s user add NAME "
                        "--admin",
                        socket);
        else if (parent->first_start)
                log_notice("first start: make the first admin, as root, with: jeton user add NAME "
                           "--admin");
        notify_ready();
}

static int counts_get(struct parent *parent) {
        int r = count_pages_open(&parent->counts);

        if (r < 0)
                log_error("no memory to count in: %s", strerror(-r));
        return r;
}

static int prepare(struct parent *parent) {
        int r;

        r = places_get(parent);
        if (r == 0)
                r = pam_workers_prepare(parent);
        if (r == 0)
                r = issuer_get(parent);
        if (r == 0)
                r = outside_check_own(parent->settings, parent->issuer);
        if (r == 0)
                r = page_files_open(parent->places.fd[PLACE_RUN], &parent->pages);
        if (r == 0)
                r = local_listen(parent);
        if (r == 0)
                r = credentials_listen(parent);
        if (r == 0)
                r = web_listen(parent);
        if (r == 0)
                r = audit_places_open(&parent->audit, parent->settings->audit_file);
        if (r == 0)
                r = rules_get(parent, error_log);
        if (r == 0)
                r = filters_get(parent);
        if (r == 0)
                r = counts_get(parent);
        return r ? r : children_new(parent);
}

static int begin(struct parent *parent) {
        int r;

        r = spawn_init();
        if (r == 0)
                r = process_close_up();
        if (r == 0)
                r = supervise_init(parent);
        if (r)
                log_error("cannot start: %s", strerror(-r));
        return r;
}

static int run(struct parent *parent) {
        int r;

        r = rights_check(parent);
        if (r == 0)
                r = children_check(parent);
        if (r == 0)
                r = begin(parent);
        if (r == 0)
                r = settings_get(parent, error_log);
        if (r)
                return r;
        log_set_level(settings_log_level(parent->settings));
        spawn_set_log_level(settings_log_level(parent->settings));
        r = prepare(parent);
        if (r == 0)
                r = children_start(parent);
        if (r)
                return r;
        ready_say(parent);
        return supervise_run(parent);
}

static void parent_init(struct parent *parent) {
        unsigned i;

        *parent = (struct parent){
                .places = {.lock = -1},
                .pages = {{-1, -1}, {-1, -1}},
                .local = {-1, NULL},
                .web = {-1, NULL},
                .audit = {-1, -1},
                .rules = RULES_NONE,
                .signals = -1,
        };
        count_pages_init(&parent->counts);
        for (i = 0; i < PLACE_COUNT; i++)
                parent->places.fd[i] = -1;
        for (i = 0; i < PROCESS_COUNT; i++)
                parent->filters[i] = -1;
}

/* The lock goes last: until then the names in the run directory are ours. */
static void parent_clear(struct parent *parent) {
        unsigned i;

        children_kill(parent);
        pam_orphans_end(parent);
        children_free(parent);
        supervise_clear(parent);
        listener_close(&parent->local);
        listener_close(&parent->web);
        listener_close(&parent->credentials);
        audit_places_close(&parent->audit);
        rules_close(&parent->rules);
        for (i = 0; i < PROCESS_COUNT; i++)
                closep(&parent->filters[i]);
        page_files_close(&parent->pages);
        count_pages_close(&parent->counts);
        places_clear(&parent->places);
        settings_freep(&parent->settings);
        options_clear(&parent->options);
}

int main(int argc, char **argv) {
        _cleanup_(parent_clear) struct parent parent;
        int r;

        parent_init(&parent);
        log_init(PROGRAM, LOG_INFO);
        r = options_read(argc, argv, &parent.options);
        if (r == 0 && !parent.options.is_complete)
                r = parent.options.task == TASK_RUN ? run(&parent) : task_do(&parent);
        return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
