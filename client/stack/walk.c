/* What a stack comes to. */
#include "walk.h"

#include "../../common/cleanup.h"
#include "../../common/text.h"

#include <string.h>

const char *const stack_code_names[CODE_COUNT] = {
        [CODE_SUCCESS] = "success",
        [CODE_IGNORE] = "ignore",
        [CODE_AUTH_ERR] = "auth_err",
        [CODE_PERM_DENIED] = "perm_denied",
        [CODE_USER_UNKNOWN] = "user_unknown",
        [CODE_AUTHINFO_UNAVAIL] = "authinfo_unavail",
        [CODE_ACCT_EXPIRED] = "acct_expired",
        [CODE_NEW_AUTHTOK_REQD] = "new_authtok_reqd",
        [CODE_MODULE_UNKNOWN] = "module_unknown",
};

/* The words for controls, in the long form. */
static const struct {
        const char *word;
        const char *means;
} controls[] = {
        {"required", "success=ok new_authtok_reqd=ok ignore=ignore default=bad"},
        {"requisite", "success=ok new_authtok_reqd=ok ignore=ignore default=die"},
        {"sufficient", "success=done new_authtok_reqd=done default=ignore"},
        {"optional", "success=ok new_authtok_reqd=ok default=ignore"},
};

enum action_kind {
        ACTION_BAD,
        ACTION_IGNORE,
        ACTION_OK,
        ACTION_DONE,
        ACTION_DIE,
        ACTION_RESET,
        ACTION_JUMP
};

struct action {
        enum action_kind kind;
        unsigned long long jump;
};

static const struct {
        const char *word;
        enum action_kind kind;
} actions[] = {
        {"ignore", ACTION_IGNORE}, {"ok", ACTION_OK},   {"done", ACTION_DONE},
        {"bad", ACTION_BAD},       {"die", ACTION_DIE}, {"reset", ACTION_RESET},
};

static struct action action_read(struct text word) {
        struct action action = {ACTION_BAD, 0};
        size_t i;

        for (i = 0; i < ELEMENTS(actions); i++)
                if (text_is(word, text_of(actions[i].word)))
                        action.kind = actions[i].kind;
        if (text_number(word, 1000, &action.jump) == 0 && action.jump > 0)
                action.kind = ACTION_JUMP;
        return action;
}

static struct text control_text(const struct line *line) {
        size_t i;

        for (i = 0; !line->is_bracketed && i < ELEMENTS(controls); i++)
                if (strcasecmp(line->control, controls[i].word) == 0)
                        return text_of(controls[i].means);
        return text_of(line->control);
}

/* "name=action", and the last of a name counts; libpam takes a code that is not there for bad. */
static struct action action_of(const struct line *line, enum stack_code code) {
        struct text control = control_text(line), word;
        struct action found = {ACTION_BAD, 0}, otherwise = found;
        bool is_found = false;

        while (text_next_word(&control, &word)) {
                const char *equals = memchr(word.p, '=', word.len);
                struct text name = {word.p, equals ? (size_t)(equals - word.p) : 0};
                struct text value = {word.p + name.len + 1, word.len - name.len - 1};

                if (!equals)
                        continue;
                if (text_is(name, TEXT("default"))) {
                        otherwise = action_read(value);
                } else if (text_is(name, text_of(stack_code_names[code]))) {
                        found = action_read(value);
                        is_found = true;
                }
        }
        return is_found ? found : otherwise;
}

enum impression { IMPRESSION_NONE, IMPRESSION_GOOD, IMPRESSION_BAD };

struct walk {
        const struct stack *stack;
        enum stack_group group;
        enum impression impression;
        bool is_success; /* libpam's status */
        enum impression before[32];
        bool was_success[32];
};

#define DEPTH_MAX 31

static bool is_of_group(const struct walk *walk, size_t i) {
        return walk->stack->entries[i].line.group == walk->group;
}

static size_t next_of_group(const struct walk *walk, size_t i) {
        do
                i++;
        while (i < walk->stack->count && !is_of_group(walk, i));
        return i;
}

/* Behind the rest of the substack that entry i is in; at depth 0 the end of the stack. */
static size_t end_of_substack(const struct walk *walk, size_t i) {
        unsigned depth = walk->stack->entries[i].depth;

        if (depth == 0)
                return walk->stack->count;
        while (i < walk->stack->count &&
               (!is_of_group(walk, i) || walk->stack->entries[i].depth >= depth))
                i++;
        return i;
}

/* A substack counts as one; to jump behind the end is an error. */
static size_t jump(struct walk *walk, size_t i, unsigned long long count) {
        unsigned depth = walk->stack->entries[i].depth;
        size_t next = next_of_group(walk, i);

        while (count > 0 && next < walk->stack->count &&
               walk->stack->entries[next].depth >= depth) {
                do
                        next = next_of_group(walk, next);
                while (next < walk->stack->count && walk->stack->entries[next].depth > depth);
                count--;
        }
        if (count > 0) {
                walk->impression = IMPRESSION_BAD;
                walk->is_success = false;
        }
        return next;
}

static void impress(struct walk *walk, enum action_kind kind, enum stack_code code) {
        bool is_open = walk->impression == IMPRESSION_NONE ||
                       (walk->impression == IMPRESSION_GOOD && walk->is_success);

        if (kind == ACTION_BAD || kind == ACTION_DIE) {
                walk->impression = IMPRESSION_BAD;
                walk->is_success = false;
        } else if (is_open) {
                walk->impression = IMPRESSION_GOOD;
                walk->is_success = code == CODE_SUCCESS;
        }
}

static size_t step(struct walk *walk, size_t i, enum stack_code code) {
        const struct stack_entry *entry = &walk->stack->entries[i];
        struct action action = action_of(&entry->line, code);

        if (action.kind == ACTION_IGNORE)
                return next_of_group(walk, i);
        if (action.kind == ACTION_JUMP)
                return jump(walk, i, action.jump);
        if (action.kind == ACTION_RESET) {
                walk->impression = walk->before[entry->depth];
                walk->is_success = walk->was_success[entry->depth];
                return next_of_group(walk, i);
        }
        impress(walk, action.kind, code);
        if (action.kind == ACTION_DIE ||
            (action.kind == ACTION_DONE && walk->impression == IMPRESSION_GOOD))
                return end_of_substack(walk, i);
        return next_of_group(walk, i);
}

/* What a "reset" inside goes back to. */
static void substack_enter(struct walk *walk, const struct stack_entry *entry) {
        walk->before[entry->depth + 1] = walk->impression;
        walk->was_success[entry->depth + 1] = walk->is_success;
}

bool stack_succeeds(const struct stack *stack, enum stack_group group, stack_answer *answer,
                    const void *context) {
        struct walk walk = {.stack = stack, .group = group};
        size_t i = 0;

        while (i < stack->count) {
                const struct stack_entry *entry = &stack->entries[i];

                if (!is_of_group(&walk, i) || entry->depth >= DEPTH_MAX) {
                        i = next_of_group(&walk, i);
                } else if (entry->is_substack) {
                        substack_enter(&walk, entry);
                        i = next_of_group(&walk, i);
                } else {
                        i = step(&walk, i, answer(entry, context));
                }
        }
        return walk.impression == IMPRESSION_GOOD && walk.is_success;
}
