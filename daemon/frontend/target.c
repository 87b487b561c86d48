/* The target of a request. What could be spelled in two ways is taken in one: a proxy before us and
 * the routes behind us must never see two different paths. */
#include "target.h"

#include "../../common/wire/bytes.h"

/* RFC 3986 3.3, pchar and the slash; an escape is checked where it is decoded. */
static bool is_path_byte(char byte) {
        return is_unreserved(byte) || (byte && strchr("/%!$&'()*+,;=:@", byte));
}

/* The byte that an escape stands for, or -1 where it may not be written so. */
static int escaped_byte(const char *escape, size_t len) {
        int high, low, byte;

        if (len < 3)
                return -1;
        high = hex_value(escape[1]);
        low = hex_value(escape[2]);
        if (high < 0 || low < 0)
                return -1;
        byte = high << 4 | low;
        if (byte == '/' || is_control((char)byte) || is_unreserved((char)byte))
                return -1;
        return byte;
}

/* Decodes in place: what is decoded is never longer than what was read. */
static int decode_path(char *path, size_t len, struct text *ret, struct fault *fault) {
        size_t at = 0, i;
        int byte;

        for (i = 0; i < len; i++) {
                if (!is_path_byte(path[i]))
                        return fault_bad_request(fault, "the path holds a byte that it may not");
                byte = (unsigned char)path[i];
                if (path[i] == '%') {
                        byte = escaped_byte(path + i, len - i);
                        if (byte < 0)
                                return fault_bad_request(fault, "the path holds a wrong escape");
                        i += 2;
                }
                path[at++] = (char)byte;
        }
        *ret = (struct text){path, at};
        return 0;
}

/* No empty, "." or ".." segments. */
static int check_segments(struct text path, struct fault *fault) {
        struct text segment;

        cut_at(&path, '/');
        while (path.len > 0) {
                segment = cut_at(&path, '/');
                if (segment.len == 0 || text_is(segment, TEXT(".")) || text_is(segment, TEXT("..")))
                        return fault_bad_request(fault, "the path is not in its canonical form");
        }
        return 0;
}

static int check_query(struct text query, struct fault *fault) {
        size_t i;

        for (i = 0; i < query.len; i++)
                if (!is_path_byte(query.p[i]) && query.p[i] != '?')
                        return fault_bad_request(fault, "the query holds a byte that it may not");
        return 0;
}

int target_parse(char *target, size_t len, struct text *ret_path, struct text *ret_query,
                 struct fault *fault) {
        struct text query = {target, len};
        struct text path = cut_at(&query, '?');
        int r;

        if (path.len == 0 || path.p[0] != '/')
                return fault_bad_request(fault, "the target must begin with a slash");
        r = check_query(query, fault);
        if (r == 0)
                r = decode_path(target, path.len, &path, fault);
        if (r == 0)
                r = check_segments(path, fault);
        if (r < 0)
                return r;
        if (path.len > 1 && path.p[path.len - 1] == '/')
                path.len--;
        *ret_path = path;
        *ret_query = query;
        return 0;
}
