/* /proc/PID/comm and /proc/PID/cgroup. */
#include "caller.h"

#include "../../common/cleanup.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define CGROUP_MAX 4096

static struct text file_read(uint32_t pid, const char *name, char *buffer, size_t size) {
        _cleanup_(closep) int fd = -1;
        char path[64];
        ssize_t n;

        snprintf(path, sizeof path, "/proc/%u/%s", pid, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd < 0 ? -1 : read(fd, buffer, size);
        return (struct text){buffer, n > 0 ? (size_t)n : 0};
}

static bool ends_in(struct text text, struct text end) {
        return text.len > end.len && memcmp(text.p + text.len - end.len, end.p, end.len) == 0;
}

static bool is_unit(struct text part) {
        return ends_in(part, TEXT(".service")) || ends_in(part, TEXT(".scope"));
}

static struct text last_unit(struct text path) {
        struct text part = TEXT_NONE, unit = TEXT_NONE;
        size_t i, begin = 0;

        for (i = 0; i <= path.len; i++) {
                if (i < path.len && path.p[i] != '/')
                        continue;
                part = (struct text){path.p + begin, i - begin};
                if (is_unit(part))
                        unit = part;
                begin = i + 1;
        }
        return unit;
}

/* The line of version 2 is "0::/path". */
struct text caller_unit(struct text cgroup) {
        const char *line = cgroup.len > 0 ? memmem(cgroup.p, cgroup.len, "0::/", 4) : NULL, *end;
        size_t left;

        if (!line || (line != cgroup.p && line[-1] != '\n'))
                return TEXT_NONE;
        left = cgroup.len - (size_t)(line - cgroup.p);
        end = memchr(line, '\n', left);
        return last_unit((struct text){line + 4, (end ? (size_t)(end - line) : left) - 4});
}

void caller_describe(uint32_t pid, struct caller *ret) {
        char buffer[CGROUP_MAX];
        struct text text;

        *ret = (struct caller){0};
        text = file_read(pid, "comm", buffer, sizeof buffer);
        if (text.len > 0 && text.p[text.len - 1] == '\n')
                text.len--;
        text_copy(text, ret->comm, sizeof ret->comm);
        text_copy(caller_unit(file_read(pid, "cgroup", buffer, sizeof buffer)), ret->unit,
                  sizeof ret->unit);
}
