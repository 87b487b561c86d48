/* All keys of one section at once: the loops over the table of keys. */
#include "sections.h"

#include "../../common/cleanup.h"

#include <string.h>

/* The words of a list, space-separated; their grammars have no space. */
static int list_join(cfg_opt_t *option, char **ret) {
        _cleanup_(freep) char *words = NULL;
        size_t size = 1;
        char *at;
        unsigned i;

        for (i = 0; i < cfg_opt_size(option); i++)
                size += strlen(cfg_opt_getnstr(option, i)) + 1;
        words = calloc(1, size);
        if (!words)
                return -ENOMEM;
        for (at = words, i = 0; i < cfg_opt_size(option); i++) {
                if (i > 0)
                        at = stpcpy(at, " ");
                at = stpcpy(at, cfg_opt_getnstr(option, i));
        }
        *ret = take(words);
        return 0;
}

static int value_read(cfg_opt_t *option, const struct key *key, void *object) {
        _cleanup_(freep) char *words = NULL;
        int r;

        if (key->kind == VALUE_LIST) {
                r = list_join(option, &words);
                return r ? r : value_store(key, words, object);
        }
        if (cfg_opt_size(option) > 0)
                return value_store(key, cfg_opt_getnstr(option, 0), object);
        return key->initial ? value_store(key, key->initial, object) : 0;
}

int section_read(cfg_t *from, enum section section, void *object) {
        size_t i;
        int r;

        for (i = 0; i < key_count; i++) {
                if (keys[i].section != section)
                        continue;
                r = value_read(cfg_getopt(from, keys[i].name), &keys[i], object);
                if (r)
                        return r;
        }
        return 0;
}

void section_clear(enum section section, void *object) {
        size_t i;

        for (i = 0; i < key_count; i++)
                if (keys[i].section == section)
                        value_clear(&keys[i], object);
}

void section_print(enum section section, const void *object, int indent, FILE *to) {
        size_t i;

        for (i = 0; i < key_count; i++)
                if (keys[i].section == section)
                        value_print(&keys[i], object, indent, to);
}

int section_keep_fixed(enum section section, const void *running, void *fresh,
                       void (*differs)(const char *key)) {
        size_t i;
        int r;

        for (i = 0; i < key_count; i++) {
                const struct key *key = &keys[i];

                if (key->section != section || !key->fixed || value_equal(key, running, fresh))
                        continue;
                differs(key->name);
                r = value_copy(key, running, fresh);
                if (r)
                        return r;
        }
        return 0;
}
