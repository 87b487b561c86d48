/* SIGHUP: the configuration is read anew. A bad file changes nothing. */
#include "reload.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "children.h"
#include "notify.h"
#include "outside.h"
#include "setup.h"
#include "supervise.h"

#include <string.h>

static void needs_restart(const char *key) {
        log_warning("%s is changed only by a restart: it keeps its old value", key);
}

static int settings_read(const struct parent *parent, struct settings **ret) {
        struct settings_source source = {
                .file = parent->options.config,
                .must_exist = parent->options.config_given,
                .single_uid = parent->options.state != NULL,
        };
        _cleanup_(settings_freep) struct settings *fresh = NULL;
        char error[SETTINGS_ERROR_MAX];
        int r;

        r = settings_load(&source, &fresh, error);
        if (r) {
                log_error("kept the old settings: %s", error);
                return r;
        }
        if (*error)
                log_warning("%s", error);
        r = settings_keep_fixed(parent->settings, fresh, needs_restart);
        if (r == 0)
                r = outside_check_own(fresh, parent->issuer);
        if (r) {
                log_error("kept the old settings: %s", strerror(-r));
                return r;
        }
        *ret = take(fresh);
        return 0;
}

/* A child that cannot be told must not go on with settings that are no longer true. */
static void child_tell(struct child *child) {
        if (child->pid == 0 || setup_send_again(child) == 0)
                return;
        log_error("%s does not take the new settings: killed", child_title(child).text);
        kill(child->pid, SIGKILL);
}

/* The file may have been moved away. Where a new one cannot be opened, the lines go on to the old.
 */
static void audit_reopen(struct parent *parent) {
        if (audit_places_open(&parent->audit, parent->settings->audit_file) < 0)
                log_warning("audit lines go where they went before");
}

static int fresh_rules_read(const struct parent *parent, const struct settings *fresh,
                            struct rules *ret) {
        const struct rules_judge judge = {
                .programs = parent->options.programs,
                .worker = identities_of(&parent->identities, ACCOUNT_WORKER),
        };
        char error[SETTINGS_ERROR_MAX];
        int r = rules_read(fresh, &judge, ret, error);

        if (r)
                log_error("kept the old settings: %s", error);
        return r;
}

void reload(struct parent *parent) {
        _cleanup_(settings_freep) struct settings *fresh = NULL;
        struct rules rules = RULES_NONE;
        size_t i;

        notify_reloading();
        if (settings_read(parent, &fresh) == 0 && fresh_rules_read(parent, fresh, &rules) == 0) {
                settings_freep(&parent->settings);
                parent->settings = take(fresh);
                rules_close(&parent->rules);
                parent->rules = rules;
                audit_reopen(parent);
                for (i = 0; i < parent->child_count; i++)
                        child_tell(&parent->children[i]);
                children_start_wanted(parent);
                log_info("took the new settings of %s", parent->options.config);
        }
        notify_ready();
}
