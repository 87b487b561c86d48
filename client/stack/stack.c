/* The stack of a PAM service. */
#include "stack.h"

#include "../../common/cleanup.h"
#include "root.h"

#include <stdarg.h>
#include <string.h>

#define INCLUDES_MAX 16 /* libpam's own bound on substacks */

/* A few files that include each other several times each would be read until doomsday. */
#define READS_MAX 1024

/* Where the reading is: which lines of a file are wanted, and how deep. */
struct place {
        const char *root;
        const char *file;
        enum stack_group wanted;
        unsigned number;
        unsigned depth, includes;
};

static int include(struct stack *stack, const struct place *from, const struct line *line);

__attribute__((format(printf, 3, 4))) static void problem_note(struct stack *stack,
                                                               const struct place *at,
                                                               const char *format, ...) {
        _cleanup_(freep) char *what = NULL;
        va_list args;

        if (stack->problem)
                return;
        va_start(args, format);
        if (vasprintf(&what, format, args) < 0)
                what = NULL;
        va_end(args);
        if (asprintf(&stack->problem, "%s:%u: %s", at->file, at->number, what ? what : "wrong") < 0)
                stack->problem = NULL;
}

/* Takes the line. */
static int entry_add(struct stack *stack, const struct place *at, struct line *line,
                     bool is_substack) {
        struct stack_entry *more = reallocarray(stack->entries, stack->count + 1, sizeof *more);

        if (!more)
                return -ENOMEM;
        stack->entries = more;
        more[stack->count] = (struct stack_entry){.line = *line,
                                                  .file = strdup(at->file),
                                                  .number = at->number,
                                                  .depth = at->depth,
                                                  .is_substack = is_substack};
        *line = (struct line){0};
        return more[stack->count++].file ? 0 : -ENOMEM;
}

static bool is_wanted(const struct place *at, const struct line *line) {
        return at->wanted == GROUP_ANY || line->group == GROUP_ANY || line->group == at->wanted;
}

static int line_take(struct stack *stack, const struct place *at, struct line *line) {
        bool is_substack = !line->is_bracketed && strcmp(line->control, "substack") == 0;
        struct line copy = *line;
        int r;

        if (!line->is_bracketed && strcmp(line->control, "include") == 0)
                return include(stack, at, line);
        if (!is_substack)
                return entry_add(stack, at, line, false);
        /* The bytes of the line live on in the entry. */
        r = entry_add(stack, at, line, true);
        return r < 0 ? r : include(stack, at, &copy);
}

static int line_add(struct stack *stack, const struct place *at, const char *bytes, size_t len) {
        _cleanup_(line_clear) struct line line = {0};
        int r;

        r = line_read(bytes, len, &line);
        if (r == -ENODATA)
                return 0;
        if (r == -EINVAL) {
                problem_note(stack, at, "libpam cannot read this line");
                return 0;
        }
        if (r < 0 || !is_wanted(at, &line))
                return r;
        return line_take(stack, at, &line);
}

/* libpam takes everything behind a '#' for a comment, wherever it stands. */
static size_t without_comment(const char *line, size_t len) {
        const char *hash = memchr(line, '#', len);

        return hash ? (size_t)(hash - line) : len;
}

static int logical_line(FILE *to, const char **at, struct place *place) {
        size_t len, used;
        bool goes_on;

        do {
                len = strcspn(*at, "\n");
                used = without_comment(*at, len);
                goes_on = used == len && len > 0 && (*at)[len - 1] == '\\';
                if (fwrite(*at, 1, goes_on ? used - 1 : used, to) < used - goes_on)
                        return -ENOMEM;
                if (goes_on && fputc(' ', to) == EOF)
                        return -ENOMEM;
                *at += len;
                if (**at)
                        (*at)++;
                place->number++;
        } while (goes_on && **at);
        return 0;
}

static int lines_add(struct stack *stack, struct place place, const char *bytes) {
        unsigned first;
        int r = 0;

        place.number = 0;
        while (r == 0 && *bytes) {
                _cleanup_(freep) char *line = NULL;
                size_t len = 0;
                FILE *to = open_memstream(&line, &len);

                if (!to)
                        return -ENOMEM;
                first = place.number + 1;
                r = logical_line(to, &bytes, &place);
                if (fclose(to) != 0)
                        r = -ENOMEM;
                if (r == 0) {
                        struct place at = place;

                        at.number = first;
                        r = line_add(stack, &at, line, len);
                }
        }
        return r;
}

static int file_note(struct stack *stack, const char *name) {
        char **more;
        size_t i;

        for (i = 0; i < stack->file_count; i++)
                if (strcmp(stack->files[i], name) == 0)
                        return 0;
        more = reallocarray(stack->files, stack->file_count + 1, sizeof *more);
        if (!more)
                return -ENOMEM;
        stack->files = more;
        more[stack->file_count] = strdup(name);
        return more[stack->file_count++] ? 0 : -ENOMEM;
}

int stack_file(const char *root, const char *name, char **ret_path, char **ret_bytes) {
        static const char *const dirs[] = {STACK_DIR "/", STACK_DIR_VENDOR "/"};
        size_t i, count = *name == '/' ? 1 : ELEMENTS(dirs);
        int r = -ENOENT;

        for (i = 0; r == -ENOENT && i < count; i++) {
                _cleanup_(freep) char *path = NULL;

                if (asprintf(&path, "%s%s", *name == '/' ? "" : dirs[i], name) < 0)
                        return -ENOMEM;
                r = root_read(root, path, STACK_FILE_MAX, ret_bytes);
                if (r == 0)
                        *ret_path = take(path);
        }
        return r;
}

static int file_add(struct stack *stack, const struct place *place, const char *name) {
        _cleanup_(freep) char *path = NULL, *bytes = NULL;
        struct place inside = *place;
        int r;

        r = stack_file(place->root, name, &path, &bytes);
        if (r == 0 && *name != '/')
                r = file_note(stack, name);
        if (r < 0)
                return r;
        inside.file = path;
        return lines_add(stack, inside, bytes);
}

static int include(struct stack *stack, const struct place *from, const struct line *line) {
        struct place inside = *from;
        int r;

        if (line->group != GROUP_ANY)
                inside.wanted = line->group;
        if (strcmp(line->control, "substack") == 0)
                inside.depth++;
        if (++inside.includes > INCLUDES_MAX || ++stack->read_count > READS_MAX) {
                problem_note(stack, from, "files include each other");
                return 0;
        }
        r = file_add(stack, &inside, line->module);
        if (r == 0 || r == -ENOMEM)
                return r;
        problem_note(stack, from, "cannot include %s: %s", line->module, strerror(-r));
        return 0;
}

int stack_read(const char *root, const char *service, struct stack **ret) {
        _cleanup_(stack_freep) struct stack *stack = calloc(1, sizeof *stack);
        struct place place = {.root = root, .wanted = GROUP_ANY};
        int r;

        if (!stack)
                return -ENOMEM;
        stack->service = strdup(service);
        if (!stack->service)
                return -ENOMEM;
        r = file_add(stack, &place, service);
        if (r < 0)
                return r;
        *ret = take(stack);
        return 0;
}

void stack_free(struct stack *stack) {
        size_t i;

        if (!stack)
                return;
        for (i = 0; i < stack->count; i++) {
                line_clear(&stack->entries[i].line);
                free(stack->entries[i].file);
        }
        for (i = 0; i < stack->file_count; i++)
                free(stack->files[i]);
        free(stack->entries);
        free(stack->files);
        free(stack->problem);
        free(stack->service);
        free(stack);
}

const char *stack_module_name(const struct stack_entry *entry) {
        const char *slash = strrchr(entry->line.module, '/');

        return slash ? slash + 1 : entry->line.module;
}
