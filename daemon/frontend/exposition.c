/* The table of metrics. A label has one of the words of its list and never one that somebody wrote,
 * so that no caller makes another time series. */
#include "exposition.h"

#include "../../common/cleanup.h"
#include "tally.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* ---- labels ---- */

struct label {
        const char *name;
        const char *const *words; /* NULL among them: no such number */
        size_t count;
};

#define LABEL(key, ...)                                                              \
        {                                                                            \
                .name = (key), .words = (const char *const[]){__VA_ARGS__},          \
                .count = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) \
        }

static const struct label grants =
        LABEL("grant", [COUNTED_PASSWORD] = "password", [COUNTED_REFRESH_TOKEN] = "refresh_token",
              [COUNTED_CLIENT_CREDENTIALS] = "client_credentials", [COUNTED_PEER] = "peer",
              [COUNTED_TOKEN_EXCHANGE] = "token_exchange", [COUNTED_ID_TOKEN] = "id_token",
              [COUNTED_CREDENTIAL] = "unit_credential", [COUNTED_LOGIN] = "system_login");
static const struct label errors = {"error", counted_error_names, COUNTED_ERRORS};
static const struct label attempts =
        LABEL("result", [COUNTED_RIGHT] = "right", [COUNTED_WRONG] = "wrong",
              [COUNTED_THROTTLED] = "throttled", [COUNTED_LOGIN_CODE] = "login_code");
static const struct label budgets = LABEL("budget", [COUNTED_CONNECTIONS] = "connections",
                                          [COUNTED_CALLS] = "calls", [COUNTED_HASHES] = "hashes");
static const struct label classes = LABEL(
        "class", [CLASS_PRIVILEGED] = "privileged", [CLASS_LOCAL] = "local", [CLASS_WEB] = "web");
static const struct label jobs =
        LABEL("state", [COUNTED_WAITING] = "waiting", [COUNTED_RUNNING] = "running");
static const struct label sessions = LABEL(
        "kind", [COUNTED_REFRESH_SESSIONS] = "refresh", [COUNTED_LOGIN_SESSIONS] = "system_login");
static const struct label algorithms = LABEL("alg", [KEY_ES256] = "ES256", [KEY_RS256] = "RS256",
                                             [KEY_EDDSA] = "EdDSA", [KEY_HS256] = "HS256");
static const struct label states = LABEL(
        "state", [KEY_PREPARED] = "prepared", [KEY_ACTIVE] = "active", [KEY_RETIRED] = "retired");
/* PAM workers end by themselves. */
static const struct label processes =
        LABEL("process", [PROCESS_FRONTEND] = "frontend", [PROCESS_AUTHORITY] = "authority",
              [PROCESS_SIGNER] = "signer", [PROCESS_WORKER] = "worker", [PROCESS_NAMES] = "names",
              [PROCESS_UNITS] = "units", [PROCESS_ISSUER] = "issuer");

/* ---- the metrics ---- */

static const struct metric {
        const char *name, *help;
        enum { GAUGE, COUNTER } type;
        enum counts_page page;
        size_t first;                       /* word */
        const struct label *label, *second; /* NULL: none */
} metrics[] = {
        {"jeton_start_time_seconds", "When counting began, in seconds since 1970.", GAUGE,
         COUNTS_AUTHORITY, COUNT_STARTED_AT, NULL, NULL},
        {"jeton_tokens_issued_total", "Access tokens issued.", COUNTER, COUNTS_AUTHORITY,
         COUNT_ISSUED, &grants, NULL},
        {"jeton_refusals_total", "Requests that the authority refused, by their error code.",
         COUNTER, COUNTS_AUTHORITY, COUNT_REFUSED, &errors, NULL},
        {"jeton_password_attempts_total", "Passwords that were presented.", COUNTER,
         COUNTS_AUTHORITY, COUNT_ATTEMPTS, &attempts, NULL},
        {"jeton_lockouts_total", "Failed attempts that made their user wait there.", COUNTER,
         COUNTS_AUTHORITY, COUNT_LOCKOUTS, NULL, NULL},
        {"jeton_locked_pairs", "Pairs of user and source that have to wait now.", GAUGE,
         COUNTS_AUTHORITY, COUNT_LOCKED, NULL, NULL},
        {"jeton_refresh_reuse_detected_total",
         "Used refresh tokens that were presented again and ended their session.", COUNTER,
         COUNTS_AUTHORITY, COUNT_REUSED, NULL, NULL},
        {"jeton_over_budget_total", "Connections, calls and hashes refused for want of budget.",
         COUNTER, COUNTS_AUTHORITY, COUNT_OVER_BUDGET, &budgets, NULL},
        {"jeton_hashes_total", "Password hashes that workers computed.", COUNTER, COUNTS_AUTHORITY,
         COUNT_HASHED, NULL, NULL},
        {"jeton_hash_jobs", "Password hashes that wait for a worker or are with one.", GAUGE,
         COUNTS_AUTHORITY, COUNT_JOBS, &jobs, NULL},
        {"jeton_workers", "Hash workers that are there.", GAUGE, COUNTS_AUTHORITY, COUNT_WORKERS,
         NULL, NULL},
        {"jeton_connections_accepted_total", "Connections accepted.", COUNTER, COUNTS_AUTHORITY,
         COUNT_ACCEPTED, &classes, NULL},
        {"jeton_connections", "Connections that are open.", GAUGE, COUNTS_AUTHORITY,
         COUNT_CONNECTIONS, &classes, NULL},
        {"jeton_calls", "Requests that the authority is at.", GAUGE, COUNTS_AUTHORITY, COUNT_CALLS,
         NULL, NULL},
        {"jeton_sessions", "Sessions that are alive.", GAUGE, COUNTS_AUTHORITY, COUNT_SESSIONS,
         &sessions, NULL},
        {"jeton_revocations", "Revocations that are kept.", GAUGE, COUNTS_AUTHORITY,
         COUNT_REVOCATIONS, NULL, NULL},
        {"jeton_revocations_max", "Revocations that the status page holds.", GAUGE,
         COUNTS_AUTHORITY, COUNT_REVOCATIONS_MAX, NULL, NULL},
        {"jeton_signing_keys", "Signing keys.", GAUGE, COUNTS_AUTHORITY, COUNT_KEYS, &algorithms,
         &states},
        {"jeton_signing_key_active_since_seconds",
         "Since when the key that signs does so, in seconds since 1970; 0: there is none.", GAUGE,
         COUNTS_AUTHORITY, COUNT_KEY_ACTIVE_AT, &algorithms, NULL},
        {"jeton_process_restarts_total", "Processes that ended by mishap and were started anew.",
         COUNTER, COUNTS_PARENT, 0, &processes, NULL},
};

static void head_write(FILE *to, const char *name, const char *help, const char *type) {
        fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void pairs_write(FILE *to, const struct metric *metric, const char *word,
                        const uint64_t *values) {
        const struct label *second = metric->second;
        size_t i;

        for (i = 0; i < second->count; i++)
                if (second->words[i])
                        fprintf(to, "%s{%s=\"%s\",%s=\"%s\"} %" PRIu64 "\n", metric->name,
                                metric->label->name, word, second->name, second->words[i],
                                values[i]);
}

static void labelled_write(FILE *to, const struct metric *metric, const uint64_t *values) {
        const struct label *label = metric->label;
        size_t i, width = metric->second ? metric->second->count : 1;

        for (i = 0; i < label->count; i++) {
                if (!label->words[i])
                        continue;
                if (metric->second)
                        pairs_write(to, metric, label->words[i], values + i * width);
                else
                        fprintf(to, "%s{%s=\"%s\"} %" PRIu64 "\n", metric->name, label->name,
                                label->words[i], values[i]);
        }
}

static void metric_write(FILE *to, const struct metric *metric, const struct sheets *sheets) {
        const uint64_t *values = &sheets->pages[metric->page][metric->first];

        head_write(to, metric->name, metric->help, metric->type == COUNTER ? "counter" : "gauge");
        if (metric->label)
                labelled_write(to, metric, values);
        else
                fprintf(to, "%s %" PRIu64 "\n", metric->name, *values);
}

/* ---- what the frontends count ---- */

static const struct tally *tally_of(const struct sheets *sheets, unsigned class) {
        return (const struct tally *)sheets->pages[class];
}

static void responses_write(FILE *to, const struct sheets *sheets) {
        static const char name[] = "jeton_http_responses_total";
        unsigned class;
        size_t i;

        head_write(to, name, "Answers to HTTP requests.", "counter");
        for (class = 0; class < CLASS_COUNT; class ++)
                for (i = 0; i < RESPONSE_STATUSES; i++)
                        fprintf(to, "%s{class=\"%s\",code=\"%u\"} %" PRIu64 "\n", name,
                                classes.words[class], response_status(i),
                                tally_of(sheets, class)->by_status[i]);
}

static struct tally_route route_sum(const struct sheets *sheets, size_t row) {
        struct tally_route sum = {0};
        unsigned class;
        size_t i;

        for (class = 0; class < CLASS_COUNT; class ++) {
                const struct tally_route *one = &tally_of(sheets, class)->routes[row];

                for (i = 0; i <= TALLY_BOUNDS; i++)
                        sum.within[i] += one->within[i];
                sum.sum_us += one->sum_us;
        }
        return sum;
}

#define DURATION "jeton_http_request_duration_seconds"
#define MILLION  1000000
#define SECONDS  "%" PRIu64 ".%06" PRIu64
#define ROUTE    "{method=\"%s\",route=\"%s\""

/* Buckets are cumulative there. */
static void route_write(FILE *to, const char *method, const char *pattern,
                        const struct tally_route *route) {
        uint64_t count = 0, bound;
        size_t i;

        for (i = 0; i < TALLY_BOUNDS; i++) {
                bound = tally_bounds_us[i];
                count += route->within[i];
                fprintf(to, DURATION "_bucket" ROUTE ",le=\"%g\"} %" PRIu64 "\n", method, pattern,
                        (double)bound / MILLION, count);
        }
        count += route->within[i];
        fprintf(to, DURATION "_bucket" ROUTE ",le=\"+Inf\"} %" PRIu64 "\n", method, pattern, count);
        fprintf(to, DURATION "_sum" ROUTE "} " SECONDS "\n", method, pattern,
                route->sum_us / MILLION, route->sum_us % MILLION);
        fprintf(to, DURATION "_count" ROUTE "} %" PRIu64 "\n", method, pattern, count);
}

static void routes_write(FILE *to, const struct sheets *sheets) {
        struct tally_route sum;
        size_t count, i;
        const struct route *rows = route_rows(&count);

        head_write(to, DURATION,
                   "From a request that has been read to its answer; none: it had no route here.",
                   "histogram");
        for (i = 0; i < count; i++) {
                sum = route_sum(sheets, i);
                route_write(to, rows[i].method, rows[i].pattern, &sum);
        }
        sum = route_sum(sheets, TALLY_ROUTES - 1);
        route_write(to, "none", "none", &sum);
}

/* ---- all of it ---- */

int exposition_write(const struct sheets *sheets, char **ret, size_t *ret_len) {
        FILE *to = open_memstream(ret, ret_len);
        size_t i;

        if (!to)
                return -ENOMEM;
        head_write(to, "jeton_build_info", "The version that runs.", "gauge");
        fprintf(to, "jeton_build_info{version=\"%s\"} 1\n", JETON_VERSION);
        for (i = 0; i < ELEMENTS(metrics); i++)
                metric_write(to, &metrics[i], sheets);
        responses_write(to, sheets);
        routes_write(to, sheets);
        if (fclose(to) == 0)
                return 0;
        free(take(*ret));
        return -ENOMEM;
}
