/* manifest.json: what the backup is of, and the sums of its parts. They show damage; whoever can
 * write the file can write them too. */
#include "backup.h"

#include "../../../common/cleanup.h"

#include <jansson.h>

#define FORMAT 1

static void hex(const uint8_t sha256[SHA256_LEN], char ret[2 * SHA256_LEN + 1]) {
        size_t i;

        for (i = 0; i < SHA256_LEN; i++)
                snprintf(ret + 2 * i, 3, "%02x", sha256[i]);
}

/* Of all but the manifest itself. */
static json_t *parts_make(const struct archive *archive) {
        json_t *parts = json_array();
        char sum[2 * SHA256_LEN + 1];
        size_t i;

        for (i = 0; i < archive->count; i++) {
                const struct part *part = &archive->parts[i];

                if (strcmp(part->name, PART_MANIFEST) == 0)
                        continue;
                hex(part->sha256, sum);
                json_array_append_new(parts,
                                      json_pack("{s:s, s:I, s:s}", "name", part->name, "size",
                                                (json_int_t)part->size, "sha256", sum));
        }
        return parts;
}

int manifest_add(struct archive *archive, const struct backup_facts *facts) {
        _cleanup_(json_decrefp) json_t *manifest = NULL;
        _cleanup_(freep) char *text = NULL;

        manifest = json_pack("{s:i, s:s, s:I, s:I, s:I, s:o}", "format", FORMAT, "jeton",
                             facts->version, "schema", (json_int_t)facts->schema, "users",
                             (json_int_t)facts->users, "made_at", (json_int_t)archive->made_at,
                             "parts", parts_make(archive));
        text = manifest ? json_dumps(manifest, JSON_INDENT(2)) : NULL;
        return text ? archive_add(archive, PART_MANIFEST, text_of(text)) : -ENOMEM;
}

/* ---- checking ---- */

static json_t *manifest_load(const struct archive *archive, int *ret) {
        const struct part *part = archive_find(archive, PART_MANIFEST);
        _cleanup_(secret_freep) struct secret *text = NULL;

        *ret = part_read(archive, part, &text);
        return *ret < 0 ? NULL : json_loadb(text->bytes, text->len, JSON_REJECT_DUPLICATES, NULL);
}

int manifest_check(const struct archive *archive, struct backup_facts *ret,
                   const char **ret_wrong) {
        _cleanup_(json_decrefp) json_t *manifest = NULL, *parts = parts_make(archive);
        json_int_t format = 0, schema, users, made_at;
        const char *version;
        json_t *said;
        int r;

        manifest = manifest_load(archive, &r);
        *ret_wrong = "has a manifest that cannot be read";
        if (r < 0)
                return r;
        if (json_unpack(manifest, "{s:i}", "format", &format) < 0)
                return -EBADMSG;
        *ret_wrong = "is of another jeton, whose backups are different";
        if (format != FORMAT)
                return -EBADMSG;
        *ret_wrong = "has a manifest that is not whole";
        if (json_unpack(manifest, "{s:s, s:I, s:I, s:I, s:o}", "jeton", &version, "schema", &schema,
                        "users", &users, "made_at", &made_at, "parts", &said) < 0 ||
            text_copy(text_of(version), ret->version, sizeof ret->version) < 0)
                return -EBADMSG;
        *ret_wrong = "is damaged: a part is not what its manifest says";
        if (made_at != archive->made_at || !json_equal(said, parts))
                return -EBADMSG;
        ret->schema = schema;
        ret->users = (uint64_t)users;
        ret->made_at = made_at;
        return 0;
}
