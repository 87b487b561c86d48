/* What each child is sent: the table of descriptors shows who holds what, the functions below who
 * is told what. */
#include "setup.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/jwt/pages.h"
#include "../../common/log.h"
#include "children.h"
#include "outside_tell.h"
#include "sources.h"

#include <poll.h>
#include <stddef.h>

#define FLUSH_MS 5000

static int say(struct child *child, enum message_type type, const void *message, int fd) {
        return channel_send(&child->control, type, 0, message, fd);
}

/* ---- descriptors ---- */

#define AT(field) offsetof(struct parent, field)

static const struct gift {
        enum process to;
        enum descriptor what;
        size_t at; /* of the descriptor in struct parent; -1 there: not given */
} gifts[] = {
        {PROCESS_AUTHORITY, DESCRIPTOR_LISTEN, AT(local.fd)},
        {PROCESS_AUTHORITY, DESCRIPTOR_LISTEN_WEB, AT(web.fd)},
        {PROCESS_AUTHORITY, DESCRIPTOR_LISTEN_CREDENTIALS, AT(credentials.fd)},
        {PROCESS_AUTHORITY, DESCRIPTOR_DB_DIR, AT(places.fd[PLACE_DB])},
        {PROCESS_AUTHORITY, DESCRIPTOR_TOKENS_DIR, AT(places.fd[PLACE_TOKENS])},
        {PROCESS_AUTHORITY, DESCRIPTOR_KEYS_PAGE, AT(pages.reader[PAGE_KEYS])},
        {PROCESS_AUTHORITY, DESCRIPTOR_STATUS_PAGE, AT(pages.writer[PAGE_STATUS])},
        {PROCESS_AUTHORITY, DESCRIPTOR_FILTER, AT(filters[PROCESS_AUTHORITY])},

        {PROCESS_SIGNER, DESCRIPTOR_KEYS_DIR, AT(places.fd[PLACE_KEYS])},
        {PROCESS_SIGNER, DESCRIPTOR_KEYS_PAGE, AT(pages.writer[PAGE_KEYS])},
        {PROCESS_SIGNER, DESCRIPTOR_FILTER, AT(filters[PROCESS_SIGNER])},

        {PROCESS_FRONTEND, DESCRIPTOR_KEYS_PAGE, AT(pages.reader[PAGE_KEYS])},
        {PROCESS_FRONTEND, DESCRIPTOR_STATUS_PAGE, AT(pages.reader[PAGE_STATUS])},
        {PROCESS_FRONTEND, DESCRIPTOR_FILTER, AT(filters[PROCESS_FRONTEND])},

        {PROCESS_WORKER, DESCRIPTOR_FILTER, AT(filters[PROCESS_WORKER])},

        {PROCESS_NAMES, DESCRIPTOR_FILTER, AT(filters[PROCESS_NAMES])},

        {PROCESS_UNITS, DESCRIPTOR_FILTER, AT(filters[PROCESS_UNITS])},

        {PROCESS_ISSUER, DESCRIPTOR_FILTER, AT(filters[PROCESS_ISSUER])},
};

/* What is opened anew in a reload, and given again. */
static const struct gift gifts_again[] = {
        {PROCESS_AUTHORITY, DESCRIPTOR_JOURNAL, AT(audit.journal)},
        {PROCESS_AUTHORITY, DESCRIPTOR_AUDIT_FILE, AT(audit.file)},

        {PROCESS_WORKER, DESCRIPTOR_QUALITY, AT(rules.quality)},
        {PROCESS_WORKER, DESCRIPTOR_BLOCKLIST, AT(rules.blocklist)},
};

static int descriptor_send(struct child *child, enum descriptor what, int fd) {
        struct msg_descriptor message = {.what = (uint8_t)what};

        return say(child, MSG_DESCRIPTOR, &message, fd);
}

static int channel_send_to(struct child *child, const struct child *other, int fd) {
        struct msg_descriptor message = {
                .what = DESCRIPTOR_CHANNEL,
                .process = (uint8_t)other->program->process,
                .instance = other->instance,
                .start = other->start,
        };

        return say(child, MSG_DESCRIPTOR, &message, fd);
}

static int gifts_send(struct child *child, const struct gift *gift, size_t count) {
        int r = 0;

        for (; r == 0 && count > 0; gift++, count--) {
                const char *place = (const char *)child->parent + gift->at;
                int fd = *(const int *)(const void *)place;

                if (gift->to == child->program->process && fd >= 0)
                        r = descriptor_send(child, gift->what, fd);
        }
        return r;
}

/* Each frontend writes in a page of its own; the authority reads those, and ours. */
static int counts_send(struct child *child) {
        const struct count_pages *pages = &child->parent->counts;
        bool is_writer = child->program->process == PROCESS_FRONTEND;
        struct msg_descriptor message = {.what = DESCRIPTOR_COUNTS};
        int r = 0;

        if (!is_writer && child->program->process != PROCESS_AUTHORITY)
                return 0;
        for (; r == 0 && message.instance < COUNTS_SHARED; message.instance++)
                if (!is_writer || message.instance == child->instance)
                        r = say(child, MSG_DESCRIPTOR, &message,
                                is_writer ? pages->writer[message.instance]
                                          : pages->reader[message.instance]);
        return r;
}

/* ---- channels to the authority ---- */

static int authority_end_send(struct child *authority, struct child *child) {
        int r;

        if (child->authority_end < 0)
                return 0;
        r = channel_send_to(authority, child, child->authority_end);
        closep(&child->authority_end);
        return r;
}

static int channel_open(struct child *child) {
        struct child *authority = child_find(child->parent, PROCESS_AUTHORITY, 0);
        _cleanup_(closep) int own_end = -1;
        int ends[2], r;

        r = channel_pair(ends);
        if (r)
                return r;
        own_end = ends[0];
        closep(&child->authority_end);
        child->authority_end = ends[1];
        r = channel_send_to(child, authority, own_end);
        if (r == 0 && authority->pid > 0)
                r = authority_end_send(authority, child);
        return r;
}

/* The authority starts last: it is given the ends of all the others. */
static int channels_send(struct child *authority) {
        size_t i;
        int r = 0;

        for (i = 0; r == 0 && i < authority->parent->child_count; i++)
                r = authority_end_send(authority, &authority->parent->children[i]);
        return r;
}

/* ---- settings ---- */

static int frontend_tell(struct child *child) {
        const struct settings *settings = child->parent->settings;
        struct msg_setup_frontend message = {
                .class = (uint8_t)child->instance,
                .max_connections = settings->max_connections,
                .request_ms = settings->request_s * 1000,
                .idle_ms = settings->idle_s * 1000,
                .leeway_s = settings->leeway_s,
        };

        return say(child, MSG_SETUP_FRONTEND, &message, -1);
}

/* Bits of enum key_algorithm: the default, and what an audience wants. */
static uint32_t algorithms_wanted(const struct settings *settings) {
        uint32_t wanted = 1u << settings_algorithm(settings);
        size_t i;

        for (i = 0; i < settings->audience_count; i++)
                if (settings->audiences[i].algorithm)
                        wanted |= 1u << settings->audiences[i].algorithm;
        return wanted;
}

static int signer_tell(struct child *child) {
        const struct settings *settings = child->parent->settings;
        struct msg_setup_signer message = {
                .issuer = text_of(child->parent->issuer),
                .max_lifetime_s = settings->max_lifetime_s,
                .algorithm = (uint8_t)settings_algorithm(settings),
                .algorithms = algorithms_wanted(settings),
                .rotate_s = settings->key_rotate_s,
                .prepare_s = settings->key_prepare_s,
        };

        return say(child, MSG_SETUP_SIGNER, &message, -1);
}

static int admin_tell(struct child *child, uid_t uid) {
        struct msg_setup_admin message = {.uid = uid};

        return say(child, MSG_SETUP_ADMIN, &message, -1);
}

static int admins_tell(struct child *child) {
        struct text list = text_of(child->parent->settings->admin), name;
        struct identity identity;
        int r = 0;

        if (child->parent->options.state)
                r = admin_tell(child, geteuid());
        while (r == 0 && text_next_word(&list, &name)) {
                if (account_find(name, &identity))
                        log_warning("admin %s is no user of this host any more",
                                    log_escape(name).text);
                else
                        r = admin_tell(child, identity.uid);
        }
        return r;
}

static int audience_tell(struct child *child, const struct audience *audience) {
        struct msg_setup_audience message = {
                .name = text_of(audience->name),
                .lifetime_s = audience->lifetime_s,
                .kind = (uint8_t)audience->kind,
                .algorithm = (uint8_t)audience->algorithm,
                .roles = text_of(audience->roles),
        };
        size_t i;
        int r;

        r = say(child, MSG_SETUP_AUDIENCE, &message, -1);
        for (i = 0; r == 0 && i < audience->scope_count; i++) {
                struct msg_setup_scope scope = {
                        .name = text_of(audience->scopes[i].name),
                        .roles = text_of(audience->scopes[i].roles),
                };

                r = say(child, MSG_SETUP_SCOPE, &scope, -1);
        }
        return r;
}

static int member_tell(struct child *child, bool is_group, uint32_t id) {
        struct msg_setup_member message = {.is_group = is_group, .id = id};

        return say(child, MSG_SETUP_MEMBER, &message, -1);
}

static int users_tell(struct child *child, const struct service *service) {
        struct text list = text_of(service->user), name;
        struct identity identity;
        int r = 0;

        while (r == 0 && text_next_word(&list, &name)) {
                if (account_find(name, &identity))
                        log_warning("identity %s: %s is no user of this host any more",
                                    service->name, log_escape(name).text);
                else
                        r = member_tell(child, false, identity.uid);
        }
        return r;
}

static int groups_tell(struct child *child, const struct service *service) {
        struct text list = text_of(service->group), name;
        gid_t gid;
        int r = 0;

        while (r == 0 && text_next_word(&list, &name)) {
                if (group_find(name, &gid))
                        log_warning("identity %s: %s is no group of this host any more",
                                    service->name, log_escape(name).text);
                else
                        r = member_tell(child, true, gid);
        }
        return r;
}

static int service_tell(struct child *child, const struct service *service) {
        struct msg_setup_identity message = {
                .name = text_of(service->name),
                .audiences = text_of(service->audience),
                .scopes = text_of(service->scope),
                .roles = text_of(service->role),
                .lifetime_s = service->lifetime_s,
                .act_for = (uint8_t)service->act_for,
                .is_self = service->is_self,
                .unit = text_of(service->unit),
        };
        int r;

        r = say(child, MSG_SETUP_IDENTITY, &message, -1);
        if (r == 0)
                r = users_tell(child, service);
        return r ? r : groups_tell(child, service);
}

static int source_tell(struct child *child, const struct source *source) {
        struct msg_setup_source message = {
                .name = text_of(source->name),
                .kind = (uint8_t)source_kind(source),
                .min_uid = source_min_uid(child->parent->settings, source),
                .create = (uint8_t)source->create,
        };

        return say(child, MSG_SETUP_SOURCE, &message, -1);
}

static int pam_tell(struct child *child) {
        const struct settings *settings = child->parent->settings;
        const struct source *source = &settings->sources[child->source];
        struct msg_setup_pam message = {
                .service = text_of(source_service(source)),
                .directory = text_of(source_directory(source)),
                .min_uid = source_min_uid(settings, source),
        };

        return say(child, MSG_SETUP_PAM, &message, -1);
}

/* UINT32_MAX is nobody's. */
static uint32_t metrics_gid(const struct settings *settings) {
        gid_t gid;

        if (!settings->metrics_group || !*settings->metrics_group)
                return UINT32_MAX;
        if (group_find(text_of(settings->metrics_group), &gid) == 0)
                return gid;
        log_warning("metrics-group: %s is no group of this host any more",
                    log_escape(text_of(settings->metrics_group)).text);
        return UINT32_MAX;
}

static int authority_tell(struct child *child) {
        const struct parent *parent = child->parent;
        const struct settings *settings = parent->settings;
        struct msg_setup_authority message = {
                .issuer = text_of(parent->issuer),
                .access_lifetime_s = settings->access_lifetime_s,
                .min_uid = settings->min_uid,
                .password_grant_web = settings->password_grant == PASSWORD_GRANT_WEB,
                .registration_open = settings->registration == REGISTRATION_OPEN,
                .max_registered_per_uid = settings->max_registered_per_uid,
                .max_registered_shared = settings->max_registered_shared,
                .max_connections = settings->max_connections,
                .max_connections_per_uid = settings->max_connections_per_uid,
                .password_min = settings->password_min,
                .password_max_age_s = settings->password_max_age_s,
                .leeway_s = settings->leeway_s,
                .refresh = (uint8_t)settings->refresh,
                .refresh_idle_s = settings->refresh_idle_s,
                .refresh_lifetime_s = settings->refresh_lifetime_s,
                .max_calls_per_uid = settings->max_calls_per_uid,
                .max_hashes_per_uid = settings->max_hashes_per_uid,
                .algorithm = (uint8_t)settings_algorithm(settings),
                .pam_workers = settings->pam_workers,
                .login_code_services = text_of(settings->login_code),
                .login_code_s = settings->login_code_s,
                .metrics_gid = metrics_gid(settings),
        };
        size_t i;
        int r;

        r = say(child, MSG_SETUP_AUTHORITY, &message, -1);
        if (r == 0)
                r = admins_tell(child);
        for (i = 0; r == 0 && i < settings->source_count; i++)
                r = source_tell(child, &settings->sources[i]);
        for (i = 0; r == 0 && i < settings->audience_count; i++)
                r = audience_tell(child, &settings->audiences[i]);
        for (i = 0; r == 0 && i < settings->service_count; i++)
                r = service_tell(child, &settings->services[i]);
        return r ? r : outside_tell_authority(child);
}

static int (*const tells[PROCESS_COUNT])(struct child *) = {
        [PROCESS_FRONTEND] = frontend_tell, [PROCESS_AUTHORITY] = authority_tell,
        [PROCESS_SIGNER] = signer_tell,     [PROCESS_PAM] = pam_tell,
        [PROCESS_ISSUER] = outside_tell,
};

static int settings_send(struct child *child, bool reload) {
        struct msg_go go = {.reload = reload};
        int r = 0;

        if (tells[child->program->process])
                r = tells[child->program->process](child);
        if (r == 0)
                r = say(child, MSG_GO, &go, -1);
        return r ? r : setup_flush(child);
}

/* ---- all of it ---- */

int setup_send(struct child *child) {
        int r;

        r = gifts_send(child, gifts, ELEMENTS(gifts));
        if (r == 0)
                r = gifts_send(child, gifts_again, ELEMENTS(gifts_again));
        if (r == 0)
                r = counts_send(child);
        if (r)
                return r;
        if (child->program->process == PROCESS_AUTHORITY)
                r = channels_send(child);
        else
                r = channel_open(child);
        return r ? r : settings_send(child, false);
}

int setup_send_again(struct child *child) {
        int r;

        if (child->program->is_on_demand)
                return 0;
        r = gifts_send(child, gifts_again, ELEMENTS(gifts_again));
        if (r)
                return r;
        return tells[child->program->process] ? settings_send(child, true) : setup_flush(child);
}

int setup_flush(struct child *child) {
        struct pollfd waiting = {child->control.fd, POLLOUT, 0};
        int64_t deadline = clock_monotonic_ms() + FLUSH_MS;
        int r;

        for (;;) {
                r = channel_flush(&child->control);
                if (r != -EAGAIN)
                        return r;
                if (poll(&waiting, 1, clock_left_ms(deadline)) <= 0)
                        return -ETIMEDOUT;
        }
}
