/* /proc/PID/comm and /proc/PID/cgroup.
 *
 * Below its slices, which root alone can make, the first folder of the path is the unit. What is
 * deeper belongs to whoever the unit's cgroup was delegated to: a user's own systemd makes folders
 * of any name there. */
#include "caller.h"

#include "../../common/cleanup.h"
#include "../../common/wire/bytes.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define CGROUP_MAX 4096

#define INIT_PID 1

static struct text file_read(uint32_t pid, const char *name, char *buffer, size_t size) {
        _cleanup_(closep) int fd = -1;
        char path[64];
        ssize_t n;

        snprintf(path, sizeof path, "/proc/%u/%s", pid, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd < 0 ? -1 : read(fd, buffer, size);
        return (struct text){buffer, n > 0 ? (size_t)n : 0};
}

static bool is_slice(struct text part) {
        const struct text end = TEXT(".slice");

        return part.len > end.len &&
               text_is((struct text){part.p + part.len - end.len, end.len}, end);
}

/* systemd puts a "_" before what the kernel could take for a file of its own, and before "_". */
static struct text unescaped(struct text part) {
        bool is_escaped = part.len > 0 && part.p[0] == '_';

        return (struct text){part.p + is_escaped, part.len - is_escaped};
}

static struct text unit_in(struct text path) {
        struct text part;

        do
                part = cut_at(&path, '/');
        while (is_slice(part));
        part = unescaped(part);
        return name_is_unit(part) ? part : TEXT_NONE;
}

/* The line of version 2 is "0::/path". No name of a cgroup has a newline (the kernel sees to it).
 */
struct text caller_unit_of(struct text cgroup) {
        const char *line = cgroup.len > 0 ? memmem(cgroup.p, cgroup.len, "0::/", 4) : NULL, *end;
        size_t left;

        if (!line || (line != cgroup.p && line[-1] != '\n'))
                return TEXT_NONE;
        left = cgroup.len - (size_t)(line - cgroup.p);
        end = memchr(line, '\n', left);
        return unit_in((struct text){line + 4, (end ? (size_t)(end - line) : left) - 4});
}

/* A proc file system has the numbers of the pid namespace that it was mounted for, and what others
 * run is not in it with hidepid=: init, the first process of every namespace, has to be. */
bool caller_can_be_seen(void) {
        char number[16], self[16], comm[COMM_SIZE];
        ssize_t n = readlink("/proc/self", self, sizeof self);

        snprintf(number, sizeof number, "%d", getpid());
        return n > 0 && text_is((struct text){self, (size_t)n}, text_of(number)) &&
               file_read(INIT_PID, "comm", comm, sizeof comm).len > 0;
}

void caller_comm(uint32_t pid, char ret[COMM_SIZE]) {
        char buffer[COMM_SIZE];
        struct text text = file_read(pid, "comm", buffer, sizeof buffer);

        if (text.len > 0 && text.p[text.len - 1] == '\n')
                text.len--;
        ret[0] = '\0';
        text_copy(text, ret, COMM_SIZE);
}

/* A file that fills the buffer may go on: its last name may be the begin of another. */
void caller_unit(uint32_t pid, char ret[UNIT_MAX + 1]) {
        char buffer[CGROUP_MAX];
        struct text text = file_read(pid, "cgroup", buffer, sizeof buffer);

        ret[0] = '\0';
        if (text.len < sizeof buffer)
                text_copy(caller_unit_of(text), ret, UNIT_MAX + 1);
}
