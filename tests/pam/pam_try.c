/* Runs PAM transactions as an application would and says what came of them.
 *
 *      pam_try [confdir=DIR] [service=NAME] [user=NAME] [rhost=HOST] [repeat=N] [threads=N]
 *              [phases=auth,account,setcred,open,close,password,expired,reset,wait]
 *              [password=TEXT | password-length=N] [new-password=TEXT]
 *              [answer=password|fail|no-array|no-answer|no-function] [standard=closed] [search=yes]
 *
 * "password" is a change as passwd(1) asks for it, which is root for everybody, "expired" one that
 * login(1) asks for when a password has run out, "reset" one by root. The phase "wait" reads
 * standard input to its end.
 *
 * It prints, a line each: "log LEVEL TEXT" as the stack logs; "token-file PATH" when a session was
 * opened, "token-file -" when that gave it none or it was closed; for the last transaction of every
 * thread "PHASE CODE MILLISECONDS"; "said TEXT" for each thing that the person is told; "prompts
 * N"; "descriptors BEFORE AFTER"; "tasks N", which is 1 when no thread was left behind; "residues
 * N" for search=yes, which makes a password that stands nowhere else and counts its copies in
 * memory afterwards. It ends with status 0 whatever the codes are. */
/* needs: pam */
#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <stdarg.h>
#include <stdatomic.h>

#define PHASES_MAX  8
#define THREADS_MAX 32

/* As the command line has them. */
static struct settings {
        const char *confdir, *service, *user, *phases;
        const char *password, *new_password, *password_length, *answer;
        const char *rhost, *repeat, *threads, *standard, *search;
} settings = {
        .confdir = "/etc/pam.d",
        .service = "other",
        .phases = "auth,account",
        .password = "",
        .new_password = "another good one",
        .answer = "password",
        .standard = "open",
};

static int output = STDOUT_FILENO;
static atomic_uint prompts;

static void fail(const char *what, int code) {
        dprintf(output, "pam_try: %s: %d\n", what, code);
        exit(2);
}

/* ---- the log: libpam's calls of syslog(3) end here, because the program's symbols go first ----
 */

void syslog(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
void __syslog_chk(int priority, int flag, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void log_show(int priority, const char *format, va_list args)
        __attribute__((format(printf, 2, 0)));

static void log_show(int priority, const char *format, va_list args) {
        char line[2048];
        char *at;

        vsnprintf(line, sizeof line, format, args);
        for (at = line; *at; at++)
                if (*at == '\n')
                        *at = ' ';
        dprintf(output, "log %d %s\n", priority & 7, line);
}

void syslog(int priority, const char *format, ...) {
        va_list args;

        va_start(args, format);
        log_show(priority, format, args);
        va_end(args);
}

/* What syslog() is where _FORTIFY_SOURCE is on. */
void __syslog_chk(int priority, int flag, const char *format, ...) {
        va_list args;

        (void)flag;
        va_start(args, format);
        log_show(priority, format, args);
        va_end(args);
}

/* ---- what is left in memory ---- */

#define MARK_LEN 40

/* The searched password, a character at a time: only copies of it can be whole. */
static char mark_at(size_t i) {
        return (char)('a' + i * i % 23);
}

static char *mark_make(void) {
        char *mark = malloc(MARK_LEN + 1);
        size_t i;

        if (!mark)
                return NULL;
        for (i = 0; i < MARK_LEN; i++)
                mark[i] = mark_at(i);
        mark[MARK_LEN] = '\0';
        return mark;
}

/* The beginning and the end of a copy may have been written over by what came later. */
static bool is_residue(const char *at) {
        size_t i;

        for (i = MARK_LEN / 4; i < MARK_LEN * 3 / 4; i++)
                if (at[i] != mark_at(i))
                        return false;
        return true;
}

static unsigned residues_of_memory(void) {
        _cleanup_(fclosep) FILE *maps = fopen("/proc/self/maps", "re");
        unsigned long start, end;
        unsigned count = 0;
        const char *at;
        char line[512];

        if (!maps)
                fail("/proc/self/maps", errno);
        while (fgets(line, sizeof line, maps)) {
                if (sscanf(line, "%lx-%lx rw", &start, &end) != 2 || !strstr(line, " rw"))
                        continue;
                for (at = (const char *)start; at + MARK_LEN <= (const char *)end; at++)
                        count += is_residue(at);
        }
        return count;
}

/* ---- the conversation ---- */

static char *password_make(void) {
        size_t len;
        char *password;

        if (settings.search)
                return mark_make();
        if (!settings.password_length)
                return strdup(settings.password);
        len = strtoul(settings.password_length, NULL, 10);
        password = malloc(len + 1);
        if (!password)
                return NULL;
        memset(password, 'x', len);
        password[len] = '\0';
        return password;
}

/* What libpam asks for in pam_chauthtok(), once and again. */
static char *answer_make(const char *prompt) {
        if (strstr(prompt, "ew password") && !settings.password_length)
                return strdup(settings.new_password);
        return password_make();
}

static bool is_prompt(const struct pam_message *message) {
        return message->msg_style == PAM_PROMPT_ECHO_OFF;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **ret,
                    void *context) {
        struct text answer = text_of(settings.answer);
        int i;

        (void)context;
        *ret = NULL;
        prompts += is_prompt(messages[0]);
        if (text_is(answer, TEXT("fail")))
                return PAM_CONV_ERR;
        if (text_is(answer, TEXT("no-array")))
                return PAM_SUCCESS;
        *ret = calloc((size_t)count, sizeof **ret);
        if (!*ret)
                return PAM_BUF_ERR;
        for (i = 0; i < count; i++)
                if (!is_prompt(messages[i]))
                        dprintf(output, "said %s\n", messages[i]->msg);
                else if (!text_is(answer, TEXT("no-answer")))
                        (*ret)[i].resp = answer_make(messages[i]->msg);
        return PAM_SUCCESS;
}

/* ---- one transaction ---- */

static void token_file_show(pam_handle_t *pamh) {
        const char *path = pam_getenv(pamh, "BEARER_TOKEN_FILE");

        dprintf(output, "token-file %s\n", path ? path : "-");
}

static int session_open(pam_handle_t *pamh, int flags) {
        int code = pam_open_session(pamh, flags);

        token_file_show(pamh);
        return code;
}

static int session_close(pam_handle_t *pamh, int flags) {
        int code = pam_close_session(pamh, flags);

        token_file_show(pamh);
        return code;
}

/* A set-uid program of somebody who is not root. */
static int password_change(pam_handle_t *pamh, int flags) {
        uid_t real = getuid();
        int code;

        if (real == 0 && setreuid(1, (uid_t)-1) < 0)
                fail("setreuid", errno);
        code = pam_chauthtok(pamh, flags);
        if (real == 0 && setreuid(0, (uid_t)-1) < 0)
                fail("setreuid", errno);
        return code;
}

static int wait_for_end(pam_handle_t *pamh, int flags) {
        char byte;

        (void)pamh;
        (void)flags;
        while (read(STDIN_FILENO, &byte, 1) > 0)
                ;
        return PAM_SUCCESS;
}

static const struct phase {
        struct text name;
        int (*run)(pam_handle_t *pamh, int flags);
        int flags;
} phases[] = {
        {TEXT("auth"), pam_authenticate, 0},
        {TEXT("account"), pam_acct_mgmt, 0},
        {TEXT("setcred"), pam_setcred, PAM_ESTABLISH_CRED},
        {TEXT("password"), password_change, 0},
        {TEXT("expired"), pam_chauthtok, PAM_CHANGE_EXPIRED_AUTHTOK},
        {TEXT("reset"), pam_chauthtok, 0},
        {TEXT("open"), session_open, 0},
        {TEXT("close"), session_close, 0},
        {TEXT("wait"), wait_for_end, 0},
};

struct result {
        const struct phase *phase;
        int code;
        int64_t ms;
};

struct transaction {
        struct result results[PHASES_MAX];
        size_t count;
};

static const struct phase *phase_find(struct text name) {
        size_t i;

        for (i = 0; i < ELEMENTS(phases); i++)
                if (text_is(phases[i].name, name))
                        return &phases[i];
        fail("no such phase", 0);
        return NULL;
}

static void phase_run(pam_handle_t *pamh, struct text name, struct transaction *to) {
        struct result *result = &to->results[to->count++];
        int64_t began = clock_monotonic_ms();

        result->phase = phase_find(name);
        result->code = result->phase->run(pamh, result->phase->flags);
        result->ms = clock_monotonic_ms() - began;
}

static pam_handle_t *start(void) {
        bool has_function = !text_is(text_of(settings.answer), TEXT("no-function"));
        struct pam_conv conversation = {.conv = has_function ? converse : NULL};
        pam_handle_t *pamh = NULL;
        int code;

        code = pam_start_confdir(settings.service, settings.user, &conversation, settings.confdir,
                                 &pamh);
        if (code != PAM_SUCCESS)
                fail("pam_start_confdir", code);
        if (settings.rhost)
                pam_set_item(pamh, PAM_RHOST, settings.rhost);
        return pamh;
}

static void transact(struct transaction *ret) {
        pam_handle_t *pamh = start();
        const char *at = settings.phases;
        int code = PAM_SUCCESS;
        size_t len;

        ret->count = 0;
        for (; *at && ret->count < PHASES_MAX; at += at[len] ? len + 1 : len) {
                len = strcspn(at, ",");
                phase_run(pamh, (struct text){at, len}, ret);
                code = ret->results[ret->count - 1].code;
        }
        pam_end(pamh, code);
}

static void *transact_again_and_again(void *context) {
        unsigned long n = settings.repeat ? strtoul(settings.repeat, NULL, 10) : 1;

        while (n-- > 0)
                transact(context);
        return NULL;
}

/* ---- what is told ---- */

static const char *const code_names[] = {
        [PAM_SUCCESS] = "PAM_SUCCESS",
        [PAM_OPEN_ERR] = "PAM_OPEN_ERR",
        [PAM_SYMBOL_ERR] = "PAM_SYMBOL_ERR",
        [PAM_SERVICE_ERR] = "PAM_SERVICE_ERR",
        [PAM_SYSTEM_ERR] = "PAM_SYSTEM_ERR",
        [PAM_BUF_ERR] = "PAM_BUF_ERR",
        [PAM_PERM_DENIED] = "PAM_PERM_DENIED",
        [PAM_AUTH_ERR] = "PAM_AUTH_ERR",
        [PAM_AUTHINFO_UNAVAIL] = "PAM_AUTHINFO_UNAVAIL",
        [PAM_USER_UNKNOWN] = "PAM_USER_UNKNOWN",
        [PAM_ACCT_EXPIRED] = "PAM_ACCT_EXPIRED",
        [PAM_CONV_ERR] = "PAM_CONV_ERR",
        [PAM_AUTHTOK_ERR] = "PAM_AUTHTOK_ERR",
        [PAM_NEW_AUTHTOK_REQD] = "PAM_NEW_AUTHTOK_REQD",
        [PAM_IGNORE] = "PAM_IGNORE",
        [PAM_ABORT] = "PAM_ABORT",
        [PAM_MODULE_UNKNOWN] = "PAM_MODULE_UNKNOWN",
};

static const char *code_name(int code) {
        const char *name = NULL;

        if (code >= 0 && (size_t)code < ELEMENTS(code_names))
                name = code_names[code];
        return name ? name : "PAM_OTHER";
}

static void transaction_show(const struct transaction *transaction) {
        size_t i;

        for (i = 0; i < transaction->count; i++) {
                const struct result *result = &transaction->results[i];

                dprintf(output, "%.*s %s %lld\n", TEXT_ARGS(result->phase->name),
                        code_name(result->code), (long long)result->ms);
        }
}

static unsigned entries_of(const char *path) {
        DIR *dir = opendir(path);
        unsigned n = 0;

        if (!dir)
                fail(path, errno);
        while (readdir(dir))
                n++;
        closedir(dir);
        return n - 2; /* . and .. */
}

/* ---- */

static const struct known {
        const char *name;
        const char **place;
} known[] = {
        {"confdir", &settings.confdir},
        {"service", &settings.service},
        {"user", &settings.user},
        {"phases", &settings.phases},
        {"password", &settings.password},
        {"password-length", &settings.password_length},
        {"new-password", &settings.new_password},
        {"answer", &settings.answer},
        {"rhost", &settings.rhost},
        {"repeat", &settings.repeat},
        {"threads", &settings.threads},
        {"standard", &settings.standard},
        {"search", &settings.search},
};

static void setting_read(const char *argument) {
        size_t len = strcspn(argument, "="), i;

        for (i = 0; i < ELEMENTS(known) && argument[len] == '='; i++)
                if (text_is((struct text){argument, len}, text_of(known[i].name))) {
                        *known[i].place = argument + len + 1;
                        return;
                }
        fail(argument, 0);
}

/* As a daemon that forgot them: the next descriptors that anyone opens are 0, 1 and 2. */
static void standard_close(void) {
        output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100);
        if (output < 0)
                fail("fcntl", errno);
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        close(STDERR_FILENO);
}

static void run_threads(unsigned count) {
        static struct transaction transactions[THREADS_MAX];
        pthread_t threads[THREADS_MAX];
        unsigned i;

        for (i = 0; i < count; i++)
                if (pthread_create(&threads[i], NULL, transact_again_and_again, &transactions[i]))
                        fail("pthread_create", errno);
        for (i = 0; i < count; i++)
                pthread_join(threads[i], NULL);
        for (i = 0; i < count; i++)
                transaction_show(&transactions[i]);
}

static void run_once(void) {
        struct transaction transaction = {.count = 0};

        transact_again_and_again(&transaction);
        transaction_show(&transaction);
}

int main(int argc, char **argv) {
        unsigned threads, before;
        int i;

        for (i = 1; i < argc; i++)
                setting_read(argv[i]);
        if (text_is(text_of(settings.standard), TEXT("closed")))
                standard_close();
        threads = settings.threads ? (unsigned)strtoul(settings.threads, NULL, 10) : 0;
        before = entries_of("/proc/self/fd");
        if (threads > 0)
                run_threads(threads < THREADS_MAX ? threads : THREADS_MAX);
        else
                run_once();
        dprintf(output, "prompts %u\n", prompts);
        dprintf(output, "descriptors %u %u\n", before, entries_of("/proc/self/fd"));
        dprintf(output, "tasks %u\n", entries_of("/proc/self/task"));
        if (settings.search)
                dprintf(output, "residues %u\n", residues_of_memory());
        return 0;
}
