/* Reads the configuration files with libconfuse and refuses what it lets pass: a key that is set
 * twice, a section that is opened twice, a value out of bounds. Everything that is wrong is told as
 * FILE:LINE: what. What the keys are stands in keys.c; what becomes of them in settings.c. */
#include "config.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "comments.h"
#include "fragments.h"
#include "issuer_word.h"
#include "keys.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

/* Of one section: all keys might be its, beside the subsections, the last word and the end. */
#define MAX_OPTIONS (KEYS_MAX + 8)
#define FILE_MAX    (1024 * 1024)

/* libconfuse takes the end of a file for the end of every section that is open. So each file gets a
 * last word, which is known outside of sections only. */
#define LAST_WORD "end-of-file"

/* Where a key was set, or where a section was closed. */
struct mention {
        const cfg_t *section;
        const char *key; /* borrowed from the table of keys; NULL: the section itself */
        char *file;
        int line;
};

struct config {
        cfg_t *root;
        struct mention *mentions;
        size_t mention_count;
        char *error;   /* SETTINGS_ERROR_MAX bytes, borrowed; the first error stands */
        bool is_ended; /* the file's last word was seen */
};

/* libconfuse has no room for a pointer of ours, and its scanner is one for the whole process. NULL
 * while no file is read: libconfuse reads its own defaults through the same functions. */
static struct config *reading;

static void error_write(char *error, const char *file, int line, const char *what) {
        if (*error)
                return;
        if (line > 0)
                snprintf(error, SETTINGS_ERROR_MAX, "%s:%d: %s", file, line, what);
        else
                snprintf(error, SETTINGS_ERROR_MAX, "%s: %s", file, what);
}

__attribute__((format(printf, 2, 0))) static void error_take(cfg_t *section, const char *format,
                                                             va_list args) {
        char what[SETTINGS_ERROR_MAX];

        if (!reading)
                return;
        vsnprintf(what, sizeof what, format, args);
        if (strstr(what, LAST_WORD))
                snprintf(what, sizeof what, "the file ends within %s%s",
                         section == reading->root ? "a setting" : "section ",
                         section == reading->root ? "" : section->name);
        issuer_word_restore(what);
        error_write(reading->error, section->filename, section->line,
                    log_escape(text_of(what)).text);
}

static enum section section_of(const cfg_t *section) {
        static const char *const names[] = {
                [SECTION_WEB] = "web",
                [SECTION_AUDIENCE] = "audience",
                [SECTION_SCOPE] = "scope",
                [SECTION_IDENTITY] = "identity",
                [SECTION_SELF] = "self",
                [SECTION_SOURCE] = "source",
                [SECTION_OUTSIDE] = ISSUER_SECTION,
        };
        unsigned i;

        for (i = SECTION_WEB; i < ELEMENTS(names); i++)
                if (strcmp(names[i], section->name) == 0)
                        return i;
        return SECTION_ROOT;
}

static const struct mention *mention_find(const struct config *config, const cfg_t *section,
                                          const char *key) {
        size_t i;

        for (i = 0; i < config->mention_count; i++) {
                const struct mention *mention = &config->mentions[i];

                if (mention->section != section || !mention->key != !key)
                        continue;
                if (!key || strcmp(mention->key, key) == 0)
                        return mention;
        }
        return NULL;
}

static int mention_add(struct config *config, const cfg_t *section, const char *key) {
        struct mention *more =
                reallocarray(config->mentions, config->mention_count + 1, sizeof *config->mentions);
        _cleanup_(freep) char *file = strdup(section->filename);

        if (more)
                config->mentions = more;
        if (!more || !file)
                return -ENOMEM;
        more[config->mention_count++] = (struct mention){section, key, take(file), section->line};
        return 0;
}

/* A list may grow with "+=", also in a later file; "=" a second time is an error. libconfuse has
 * emptied the list and made room for this value before it asks. */
static bool is_set_again(const struct mention *earlier, const cfg_opt_t *option,
                         enum value_kind kind) {
        return earlier && (kind != VALUE_LIST || option->nvalues == 1);
}

static int value_seen(cfg_t *section, cfg_opt_t *option, const char *value, void *ret) {
        const struct key *key = key_find(section_of(section), option->name);
        const struct mention *earlier;
        char wrong[VALUE_WRONG_MAX];

        *(const char **)ret = value;
        if (!reading)
                return 0;
        earlier = mention_find(reading, section, key->name);
        if (is_set_again(earlier, option, key->kind)) {
                cfg_error(section, "%s is set already, at %s:%d", key->name, earlier->file,
                          earlier->line);
                return -1;
        }
        if (value_check(key, value, wrong)) {
                cfg_error(section, "%s, not '%s'", wrong, value);
                return -1;
        }
        return earlier ? 0 : mention_add(reading, section, key->name);
}

static int section_seen(cfg_t *parent, cfg_opt_t *option) {
        cfg_t *section = cfg_opt_getnsec(option, option->nvalues - 1);
        const char *title = cfg_title(section);

        if (!title && option->nvalues > 1) {
                cfg_error(parent, "section %s is there already", option->name);
                return -1;
        }
        if (title && !title_is_good(section_of(section), text_of(title))) {
                cfg_error(parent, "'%s' is no name for a section %s%s", title, option->name,
                          title_must_be(section_of(section)));
                return -1;
        }
        return mention_add(reading, section, NULL);
}

static int last_word_seen(cfg_t *section, cfg_opt_t *option, int count, const char **words) {
        (void)section;
        (void)option;
        (void)count;
        (void)words;
        reading->is_ended = true;
        return 0;
}

/* ---- what libconfuse is told ---- */

static size_t options_from_keys(enum section section, bool single_uid, cfg_opt_t *ret) {
        size_t i, count = 0;

        for (i = 0; i < key_count; i++) {
                const struct key *key = &keys[i];

                if (key->section != section)
                        continue;
                ret[count] = (cfg_opt_t)CFG_STR_CB(key->name, NULL, CFGF_NODEFAULT, value_seen);
                if (key->kind == VALUE_LIST)
                        ret[count] =
                                (cfg_opt_t)CFG_STR_LIST_CB(key->name, "{}", CFGF_NONE, value_seen);
                /* "+=" adds to the default of a list, so libconfuse must know it. */
                if (key->kind == VALUE_LIST && key->initial && !(single_uid && key->system_only))
                        ret[count].def.parsed = (char *)(uintptr_t)key->initial;
                count++;
        }
        return count;
}

static cfg_opt_t section_option(const char *name, cfg_opt_t *options, int flags) {
        cfg_opt_t option = CFG_SEC(name, options, CFGF_MULTI | flags);

        option.validcb = section_seen;
        return option;
}

#define TITLED (CFGF_TITLE | CFGF_NO_TITLE_DUPES)

static cfg_t *root_new(bool single_uid) {
        cfg_opt_t root[MAX_OPTIONS] = {CFG_END()}, web[MAX_OPTIONS] = {CFG_END()};
        cfg_opt_t audience[MAX_OPTIONS] = {CFG_END()}, scope[MAX_OPTIONS] = {CFG_END()};
        cfg_opt_t identity[MAX_OPTIONS] = {CFG_END()}, self[MAX_OPTIONS] = {CFG_END()};
        cfg_opt_t source[MAX_OPTIONS] = {CFG_END()}, outside[MAX_OPTIONS] = {CFG_END()};
        size_t count;

        options_from_keys(SECTION_IDENTITY, single_uid, identity);
        options_from_keys(SECTION_SELF, single_uid, self);
        options_from_keys(SECTION_SCOPE, single_uid, scope);
        options_from_keys(SECTION_WEB, single_uid, web);
        options_from_keys(SECTION_SOURCE, single_uid, source);
        options_from_keys(SECTION_OUTSIDE, single_uid, outside);
        count = options_from_keys(SECTION_AUDIENCE, single_uid, audience);
        audience[count] = section_option("scope", scope, TITLED);
        count = options_from_keys(SECTION_ROOT, single_uid, root);
        root[count++] = section_option("web", web, CFGF_NONE);
        root[count++] = section_option("audience", audience, TITLED);
        root[count++] = section_option("identity", identity, TITLED);
        root[count++] = section_option("self", self, CFGF_NONE);
        root[count++] = section_option("source", source, TITLED);
        root[count++] = section_option(ISSUER_SECTION, outside, TITLED);
        root[count] = (cfg_opt_t)CFG_FUNC(LAST_WORD, last_word_seen);
        return cfg_init(root, CFGF_NONE); /* copies all of them */
}

/* ---- the files ---- */

/* Whoever may write the settings may make himself admin. */
static int file_is_trusted(int fd, const char *path, char *error) {
        const char *wrong = NULL;
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                wrong = "not a regular file";
        else if (st.st_uid != 0 && st.st_uid != geteuid())
                wrong = "owned by another user than root and the one who starts jetond";
        else if (st.st_mode & (S_IWGRP | S_IWOTH))
                wrong = "writable by others than its owner";
        if (!wrong)
                return 0;
        error_write(error, path, 0, wrong);
        return -EPERM;
}

/* The whole file, and the last word behind it. */
static int text_read(int fd, char **ret) {
        static const char last_word[] = "\n" LAST_WORD "()\n";
        _cleanup_(freep) char *text = malloc(FILE_MAX + sizeof last_word);
        size_t len = 0;
        ssize_t n;

        if (!text)
                return -ENOMEM;
        while ((n = read(fd, text + len, FILE_MAX - len)) > 0)
                len += (size_t)n;
        if (n < 0)
                return -errno;
        if (len == FILE_MAX)
                return -EFBIG;
        if (memchr(text, '\0', len))
                return -EILSEQ;
        memcpy(text + len, last_word, sizeof last_word);
        *ret = take(text);
        return 0;
}

static int text_prepare(char *text, const char *path, char *error) {
        int line = comments_blank(text);

        if (line > 0)
                error_write(error, path, line, "this quotation mark is closed nowhere");
        else
                issuer_word_mark(text);
        return line > 0 ? -EINVAL : 0;
}

static int file_text(const char *path, char *error, char **ret) {
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        _cleanup_(freep) char *text = NULL;
        int r;

        r = fd < 0 ? -errno : file_is_trusted(fd, path, error);
        if (r == 0)
                r = text_read(fd, &text);
        if (r == 0)
                r = text_prepare(text, path, error);
        if (r)
                error_write(error, path, 0, strerror(-r));
        else
                *ret = take(text);
        return r;
}

static int text_parse(struct config *config, char *text) {
        _cleanup_(fclosep) FILE *file = fmemopen(text, strlen(text), "re");
        int r;

        if (!file)
                return -errno;
        reading = config;
        config->is_ended = false;
        r = cfg_parse_fp(config->root, file);
        reading = NULL;
        return r == CFG_SUCCESS && config->is_ended ? 0 : -EINVAL;
}

static int file_read(struct config *config, const char *path) {
        _cleanup_(freep) char *text = NULL;
        int r;

        r = file_text(path, config->error, &text);
        if (r)
                return r;
        free(config->root->filename);
        config->root->filename = strdup(path);
        if (!config->root->filename)
                return -ENOMEM;
        r = text_parse(config, text);
        if (r)
                error_write(config->error, path, config->root->line, "the file ends too early");
        return r;
}

static int fragment_read(void *context, const char *path) {
        return file_read(context, path);
}

static int directory_read(struct config *config, const char *dir) {
        int r = fragments_read(dir, fragment_read, config);

        if (r < 0)
                error_write(config->error, dir, 0, strerror(-r));
        return r;
}

/* "role = {...}" and then "role = {}" leaves no trace but this. */
static int emptied_again(const struct config *config) {
        size_t i;

        for (i = 0; i < config->mention_count; i++) {
                const struct mention *mention = &config->mentions[i];

                if (!mention->key ||
                    cfg_size((cfg_t *)(uintptr_t)mention->section, mention->key) > 0)
                        continue;
                error_write(config->error, mention->file, mention->line,
                            "this list is set again, to nothing, further on");
                return -EINVAL;
        }
        return 0;
}

int config_read(const struct settings_source *source, char *ret_error, struct config **ret) {
        _cleanup_(config_freep) struct config *config = calloc(1, sizeof *config);
        _cleanup_(freep) char *dir = NULL;
        int r = 0;

        if (!config)
                return -ENOMEM;
        config->error = ret_error;
        config->root = root_new(source->single_uid);
        if (!config->root)
                return -ENOMEM;
        cfg_set_error_function(config->root, error_take);
        if (source->must_exist || access(source->file, F_OK) == 0)
                r = file_read(config, source->file);
        if (r)
                return r;
        if (asprintf(&dir, "%.*s/conf.d", (int)(strrchr(source->file, '/') - source->file),
                     source->file) < 0)
                return -ENOMEM;
        r = directory_read(config, dir);
        if (r == 0)
                r = emptied_again(config);
        if (r)
                return r;
        *ret = take(config);
        return 0;
}

void config_free(struct config *config) {
        size_t i;

        if (!config)
                return;
        for (i = 0; i < config->mention_count; i++)
                free(config->mentions[i].file);
        free(config->mentions);
        if (config->root)
                cfg_free(config->root);
        free(config);
}

cfg_t *config_root(const struct config *config) {
        return config->root;
}

int config_error(const struct config *config, const cfg_t *section, const char *key,
                 const char *what) {
        const struct mention *mention = mention_find(config, section, key);

        if (!mention)
                mention = mention_find(config, section, NULL);
        if (mention)
                error_write(config->error, mention->file, mention->line, what);
        else
                error_write(config->error, "settings", 0, what);
        return -EINVAL;
}
