/* The parent copies bytes and understands none of them: libpwquality, which alone knows what is a
 * setting, is linked to the worker. So a worker is asked whether they are good, before any of them
 * counts. */
#include "rules.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../privsep/message.h"
#include "ask.h"
#include "fragments.h"
#include "keys.h"
#include "sealed.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#define PARTS_MAX   64
#define ANSWER_SIZE 256
#define ASK_MS      5000

/* Files that are copied one behind the other. */
struct reading {
        struct sealed sealed;
        struct part {
                char *path;         /* owned */
                size_t lines_until; /* of all up to its end */
        } parts[PARTS_MAX];
        size_t count;
        char *error; /* borrowed, SETTINGS_ERROR_MAX bytes */
};

static void reading_clear(struct reading *reading) {
        size_t i;

        for (i = 0; i < reading->count; i++)
                free(reading->parts[i].path);
        sealed_close(&reading->sealed);
}

__attribute__((format(printf, 2, 3))) static void say(char *error, const char *format, ...) {
        va_list args;

        va_start(args, format);
        vsnprintf(error, SETTINGS_ERROR_MAX, format, args);
        va_end(args);
}

static int part_read(void *context, const char *path) {
        struct reading *reading = context;
        struct part *part = &reading->parts[reading->count];
        int r = reading->count < PARTS_MAX ? 0 : -EMFILE;

        if (r == 0)
                r = sealed_add(&reading->sealed, path);
        if (r < 0) {
                say(reading->error, "%s: %s: the rules for new passwords cannot be read", path,
                    strerror(-r));
                return r;
        }
        part->path = strdup(path);
        if (!part->path)
                return -ENOMEM;
        part->lines_until = reading->sealed.lines;
        reading->count++;
        return 0;
}

/* ---- pwquality.conf ---- */

/* In libpwquality's own order: what the file says goes before what a fragment says. */
static int quality_copy(struct reading *reading, const char *path) {
        bool may_be_missing = strcmp(path, PASSWORD_RULES_DEFAULT) == 0;
        _cleanup_(freep) char *dir = NULL;
        int r;

        if (asprintf(&dir, "%s.d", path) < 0) {
                dir = NULL;
                return -ENOMEM;
        }
        r = fragments_read(dir, part_read, reading);
        if (r < 0 && !*reading->error)
                say(reading->error, "%s: %s", dir, strerror(-r));
        if (r < 0)
                return r;
        return may_be_missing && access(path, F_OK) < 0 && errno == ENOENT
                       ? 0
                       : part_read(reading, path);
}

static bool line_says_nothing(struct text line) {
        size_t i;

        for (i = 0; i < line.len && isspace((unsigned char)line.p[i]); i++)
                ;
        return i == line.len || line.p[i] == '#';
}

/* As distributions ship it: then nobody need be asked. */
static bool says_nothing(const struct sealed *sealed) {
        void *bytes = mmap(NULL, sealed->len, PROT_READ, MAP_SHARED, sealed->fd, 0);
        struct text line, rest = {bytes, sealed->len};
        bool nothing = true;

        if (bytes == MAP_FAILED)
                return sealed->len == 0;
        while (nothing && text_next_line(&rest, &line))
                nothing = line_says_nothing(line);
        munmap(bytes, sealed->len);
        return nothing;
}

/* "LINE what is wrong", or nothing. */
static int worker_ask(const struct rules_judge *judge, int rules, char *error, char *ret,
                      size_t size) {
        struct spawn spawn = {
                .name = "jetond-worker",
                .argument = "--check-rules",
                .identity = judge->worker,
                .control = rules,
        };
        _cleanup_(freep) char *path = NULL;
        int r, status = 0;

        if (asprintf(&path, "%s/jetond-worker", judge->programs) < 0)
                return -ENOMEM;
        if (judge->may_be_missing && access(path, X_OK) < 0) {
                log_notice("%s: %s: the rules for new passwords are not checked", path,
                           strerror(errno));
                return 0;
        }
        spawn.path = path;
        r = program_ask(&spawn, ASK_MS, ret, size, &status);
        if (r == 0 && *ret == '\0' && status != 0)
                r = -ENOEXEC;
        if (r < 0)
                say(error, "%s: %s: the rules for new passwords cannot be checked", path,
                    strerror(-r));
        return r;
}

static int say_where(const struct reading *reading, const char *answer) {
        char *what;
        size_t line = strtoul(answer, &what, 10), before = 0;
        const struct part *part = reading->parts;

        while (part < reading->parts + reading->count && part->lines_until < line)
                before = (part++)->lines_until;
        if (part == reading->parts + reading->count)
                return -EPROTO;
        say(reading->error, "%s:%zu:%s; mend this line, see pwquality.conf(5)", part->path,
            line - before, log_escape((struct text){what, strcspn(what, "\n")}).text);
        return -EINVAL;
}

static int quality_check(const struct rules_judge *judge, const struct reading *reading) {
        char answer[ANSWER_SIZE] = "";
        int r;

        if (says_nothing(&reading->sealed))
                return 0;
        r = worker_ask(judge, reading->sealed.fd, reading->error, answer, sizeof answer);
        return r == 0 && *answer ? say_where(reading, answer) : r;
}

static int quality_read(const struct settings *settings, const struct rules_judge *judge,
                        char *error, int *ret) {
        _cleanup_(reading_clear) struct reading reading = {.sealed = {.fd = -1}, .error = error};
        int r;

        r = sealed_open(QUALITY_MAX, &reading.sealed);
        if (r == 0)
                r = quality_copy(&reading, settings->password_rules);
        if (r == 0)
                r = sealed_seal(&reading.sealed);
        if (r == 0)
                r = quality_check(judge, &reading);
        if (r == 0)
                *ret = take_fd(&reading.sealed.fd);
        return r;
}

/* ---- the list ---- */

static int blocklist_read(const struct settings *settings, char *error, int *ret) {
        _cleanup_(sealed_close) struct sealed sealed = {.fd = -1};
        const char *path = settings->password_blocklist;
        int r;

        r = sealed_open(BLOCKLIST_MAX, &sealed);
        if (r == 0 && path && *path)
                r = sealed_add(&sealed, path);
        if (r == 0)
                r = sealed_seal(&sealed);
        if (r == 0)
                *ret = take_fd(&sealed.fd);
        else
                say(error, "password-blocklist: %s: %s", text_of(path).len ? path : "none",
                    r == -EFBIG    ? "it has more than 4 MiB: make it shorter"
                    : r == -EINVAL ? "it is no regular file"
                                   : strerror(-r));
        return r;
}

/* ---- both ---- */

int rules_read(const struct settings *settings, const struct rules_judge *judge, struct rules *ret,
               char ret_error[SETTINGS_ERROR_MAX]) {
        _cleanup_(rules_close) struct rules rules = RULES_NONE;
        int r;

        ret_error[0] = '\0';
        r = blocklist_read(settings, ret_error, &rules.blocklist);
        if (r == 0)
                r = quality_read(settings, judge, ret_error, &rules.quality);
        if (r < 0) {
                if (!*ret_error)
                        say(ret_error, "the rules for new passwords: %s", strerror(-r));
                return r;
        }
        *ret = rules;
        rules = RULES_NONE;
        return 0;
}

void rules_close(struct rules *rules) {
        closep(&rules->quality);
        closep(&rules->blocklist);
}
