/* JSON bodies, read by a table like that of POST /users. What was taken can be written again.
 * links: daemon/frontend/json.c daemon/frontend/json_read.c daemon/frontend/date.c
 * needs: jansson */
#include "../../common/cleanup.h"
#include "../../daemon/frontend/json.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct json_member members[] = {
        {"username", JSON_KIND_STRING, true, false, "username"},
        {"full_name", JSON_KIND_STRING, false, true, "full_name"},
        {"roles", JSON_KIND_WORDS, false, false, "roles"},
        {"uid", JSON_KIND_UID, false, true, "uid"},
        {"allow_account_name", JSON_KIND_FLAG, false, false, "allow_account_name"},
};

static void write_again(const struct json_values *values) {
        _cleanup_(json_clear) struct json json;
        char *text;
        size_t len;

        json_begin_object(&json);
        json_add_text(&json, "username", values->at[0].text);
        json_add_text_or_null(&json, "full_name", values->at[1].text);
        json_add_words(&json, "roles", values->at[2].text);
        json_add_number(&json, "uid", values->at[3].uid);
        json_add_flag(&json, "allow_account_name", values->at[4].flag);
        len = json_len(&json);
        if (len == 0)
                abort();
        text = malloc(len);
        if (text)
                json_write(&json, text, len);
        free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static bool is_ready;
        struct json_values values = {0};
        struct fault fault = {0};
        int r;

        if (!is_ready)
                json_init();
        is_ready = true;
        r = json_read((struct text){(const char *)data, size}, members, ELEMENTS(members), &values,
                      &fault);
        if (r == 0)
                write_again(&values);
        else if (r == -EBADMSG && (fault.status != 400 || values.document))
                abort();
        json_values_clear(&values);
        return 0;
}
