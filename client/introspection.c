/* What the daemon answers about a token. */
#include "introspection.h"

#include "../common/cleanup.h"

#include <stddef.h>

static int text_read(const json_t *value, char *ret, size_t size) {
        struct text text = {json_string_value(value), json_string_length(value)};

        if (!json_is_string(value) || !text_is_printable_utf8(text))
                return -EBADMSG;
        return text_copy(text, ret, size) < 0 ? -EBADMSG : 0;
}

static int words_read(const json_t *array, char *ret, size_t size) {
        size_t i, used = 0;

        for (i = 0; i < json_array_size(array); i++) {
                if (i > 0 && used + 1 < size)
                        ret[used++] = ' ';
                if (text_read(json_array_get(array, i), ret + used, size - used) < 0)
                        return -EBADMSG;
                used += strlen(ret + used);
        }
        return 0;
}

static int number_read(const json_t *value, int64_t *ret) {
        if (!json_is_integer(value))
                return -EBADMSG;
        *ret = json_integer_value(value);
        return 0;
}

#define MEMBER(name, field) \
        { name, offsetof(struct claims, field), sizeof(((struct claims *)0)->field) }

static const struct {
        const char *name;
        size_t offset, size;
} texts[] =
        {
                MEMBER("iss", iss),     MEMBER("sub", sub),     MEMBER("aud", aud),
                MEMBER("jti", jti),     MEMBER("sid", sid),     MEMBER("client_id", client_id),
                MEMBER("scope", scope), MEMBER("roles", roles), MEMBER("username", username),
                MEMBER("amr", amr),
},
  times[] = {
          MEMBER("exp", exp),
          MEMBER("iat", iat),
          MEMBER("auth_time", auth_time),
};

/* A list is a text of words, or an array of them (RFC 7519 4.1.3). */
static int texts_read(const json_t *answer, struct claims *ret) {
        size_t i;

        for (i = 0; i < ELEMENTS(texts); i++) {
                const json_t *value = json_object_get(answer, texts[i].name);
                char *place = (char *)ret + texts[i].offset;
                int r = 0;

                if (json_is_array(value))
                        r = words_read(value, place, texts[i].size);
                else if (value)
                        r = text_read(value, place, texts[i].size);
                if (r < 0)
                        return r;
        }
        return *ret->iss && *ret->sub && *ret->aud ? 0 : -EBADMSG;
}

static int times_read(const json_t *answer, struct claims *ret) {
        size_t i;
        int r;

        for (i = 0; i < ELEMENTS(times); i++) {
                const json_t *value = json_object_get(answer, times[i].name);

                r = value ? number_read(value, (int64_t *)((char *)ret + times[i].offset)) : 0;
                if (r < 0)
                        return r;
        }
        return ret->exp > 0 && ret->iat > 0 ? 0 : -EBADMSG;
}

static int uid_read(const json_t *answer, struct claims *ret) {
        const json_t *value = json_object_get(answer, "uid");
        int64_t uid = 0;

        if (!value)
                return 0;
        if (number_read(value, &uid) < 0 || uid < 0 || uid >= UINT32_MAX)
                return -EBADMSG;
        ret->uid = (uint32_t)uid;
        ret->has_uid = true;
        return 0;
}

static int claims_of(const json_t *answer, struct claims *ret) {
        int r;

        r = texts_read(answer, ret);
        if (r == 0)
                r = times_read(answer, ret);
        return r < 0 ? r : uid_read(answer, ret);
}

/* Of a token that is not active nothing else is said. */
int introspection_read(const json_t *answer, bool *ret_active, struct claims *ret_claims) {
        const json_t *active = json_object_get(answer, "active");
        int r = 0;

        if (!json_is_boolean(active))
                return -EBADMSG;
        if (json_is_true(active))
                r = claims_of(answer, ret_claims);
        if (r == 0)
                *ret_active = json_is_true(active);
        return r;
}
