/* Reads a service's file as pam.d(5) says: comments, continued lines, @include, include, substack.
 * It follows what auth and account would run, and refuses a stack whose answer could be none. What
 * is no line of pam.d(5) it passes over: Linux-PAM denies there. */
#include "pam_stack.h"

#include "../../common/cleanup.h"
#include "../../common/text.h"
#include "guarded.h"
#include "sources.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES (64 * 1024)
#define DEPTH_MAX      10 /* Linux-PAM goes no deeper */
#define BLANKS         " \t"

enum facility {
        AUTH = 1 << 0,
        ACCOUNT = 1 << 1,
};

static const struct unwanted {
        const char *module;
        const char *why;
} unwanted[] = {
        {"pam_jeton.so", "it would ask jetond again"},
        {"pam_rootok.so", "it lets root in, and who asks here is root"},
};

struct walk {
        const char *directory;
        char *wrong;
        unsigned found; /* enum facility: of which there is a line */
        unsigned depth;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct walk *walk, const char *format,
                                                        ...) {
        va_list args;

        va_start(args, format);
        vsnprintf(walk->wrong, PAM_STACK_WRONG_MAX, format, args);
        va_end(args);
        return -EINVAL;
}

/* ---- may it be believed? ---- */

static int open_trusted(const struct walk *walk, const char *path, mode_t type, int *ret) {
        char wrong[GUARDED_WRONG_MAX];

        return guarded_open(path, type, ret, wrong) < 0 ? refuse(walk, "%s", wrong) : 0;
}

static int file_read(const struct walk *walk, const char *path, char **ret) {
        _cleanup_(freep) char *text = calloc(1, FILE_MAX_BYTES + 1);
        _cleanup_(closep) int fd = -1;
        size_t len = 0;
        ssize_t n;
        int r;

        if (!text)
                return -ENOMEM;
        r = open_trusted(walk, path, S_IFREG, &fd);
        if (r)
                return r;
        while ((n = read(fd, text + len, FILE_MAX_BYTES - len)) > 0)
                len += (size_t)n;
        if (n < 0 || len == FILE_MAX_BYTES || memchr(text, '\0', len))
                return refuse(walk, "%s: no text that can be read", path);
        *ret = take(text);
        return 0;
}

/* ---- its lines ---- */

/* A backslash before the end of a line continues it. */
static void lines_join(char *text) {
        char *at;

        while ((at = strstr(text, "\\\n")))
                at[0] = at[1] = ' ';
}

static char *word_take(char **rest) {
        char *word = *rest + strspn(*rest, BLANKS);
        size_t len = strcspn(word, BLANKS);

        if (*word == '[')
                len = strcspn(word, "]") + (strchr(word, ']') ? 1 : 0);
        *rest = word + len;
        if (**rest)
                *(*rest)++ = '\0';
        return word;
}

static unsigned facility_of(const char *word) {
        if (*word == '-')
                word++;
        if (strcasecmp(word, "auth") == 0)
                return AUTH;
        return strcasecmp(word, "account") == 0 ? ACCOUNT : 0;
}

static int module_check(const struct walk *walk, const char *path, const char *module) {
        const char *slash = strrchr(module, '/');
        size_t i;

        for (i = 0; i < ELEMENTS(unwanted); i++)
                if (strcmp(slash ? slash + 1 : module, unwanted[i].module) == 0)
                        return refuse(walk, "%s: %s must not be asked: %s", path,
                                      unwanted[i].module, unwanted[i].why);
        return 0;
}

static int file_walk(struct walk *walk, const char *name, unsigned facilities);

static int line_walk(struct walk *walk, const char *path, char *line, unsigned facilities) {
        char *type = word_take(&line), *control;
        unsigned facility;

        if (strcasecmp(type, "@include") == 0)
                return file_walk(walk, word_take(&line), facilities);
        facility = facility_of(type) & facilities;
        if (!facility)
                return 0;
        control = word_take(&line);
        if (strcasecmp(control, "include") == 0 || strcasecmp(control, "substack") == 0)
                return file_walk(walk, word_take(&line), facility);
        walk->found |= facility;
        return module_check(walk, path, word_take(&line));
}

static int text_walk(struct walk *walk, const char *path, char *text, unsigned facilities) {
        char *rest = text, *line;
        int r = 0;

        lines_join(text);
        while (r == 0 && (line = strsep(&rest, "\n"))) {
                line[strcspn(line, "#")] = '\0';
                r = line_walk(walk, path, line, facilities);
        }
        return r;
}

/* What a service includes by a mere name libpam takes from its own folder, wherever the service is
 * from. */
static bool is_elsewhere(const struct walk *walk, const char *name) {
        return walk->depth > 0 && name[0] != '/' && strcmp(walk->directory, PAM_DIRECTORY) != 0;
}

static int file_walk(struct walk *walk, const char *name, unsigned facilities) {
        _cleanup_(freep) char *path = NULL, *text = NULL;
        int r;

        if (walk->depth == DEPTH_MAX)
                return refuse(walk, "%s: includes itself", name);
        if (is_elsewhere(walk, name))
                return refuse(walk,
                              "%s: Linux-PAM looks for it in " PAM_DIRECTORY
                              ": include it by its whole path",
                              name);
        if (name[0] == '/')
                r = asprintf(&path, "%s", name);
        else
                r = asprintf(&path, "%s/%s", walk->directory, name);
        if (r < 0)
                return -ENOMEM;
        r = file_read(walk, path, &text);
        if (r)
                return r;
        walk->depth++;
        r = text_walk(walk, path, text, facilities);
        walk->depth--;
        return r;
}

/* Without a line of its own Linux-PAM takes those of the service "other". */
static int found_check(const struct walk *walk, const char *service) {
        if (walk->found == (AUTH | ACCOUNT))
                return 0;
        return refuse(walk, "%s/%s: has no line for %s", walk->directory, service,
                      walk->found & AUTH ? "account" : "auth");
}

int pam_stack_check(const char *directory, const char *service,
                    char ret_wrong[PAM_STACK_WRONG_MAX]) {
        struct walk walk = {.directory = directory, .wrong = ret_wrong};
        _cleanup_(closep) int fd = -1;
        int r;

        snprintf(ret_wrong, PAM_STACK_WRONG_MAX, "%s/%s: out of memory", directory, service);
        r = open_trusted(&walk, directory, S_IFDIR, &fd);
        if (r == 0)
                r = file_walk(&walk, service, AUTH | ACCOUNT);
        return r ? r : found_check(&walk, service);
}
