/* What is said about outside issuers: who verifies their tokens knows no account, and who decides
 * about accounts needs their addresses alone. */
#include "outside_tell.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "guarded.h"
#include "outside.h"

static int issuer_tell(struct child *child, const struct outside_issuer *outside) {
        struct msg_setup_issuer message = {
                .url = text_of(outside->url),
                .audiences = text_of(outside->audience),
                .algorithm = (uint8_t)outside_algorithm(outside),
                .file = text_of(outside->jwks),
        };

        return channel_send(&child->control, MSG_SETUP_ISSUER, 0, &message, -1);
}

/* Without its folder an issuer is as one without keys, and all else goes on. */
static int folder_give(struct child *child, uint32_t number) {
        const struct outside_issuer *outside = &child->parent->settings->outside[number];
        struct msg_descriptor message = {.what = DESCRIPTOR_JWKS_DIR, .instance = number};
        char wrong[GUARDED_WRONG_MAX];
        _cleanup_(closep) int fd = -1;

        if (outside_folder_open(outside, &fd, wrong)) {
                log_error("tokens of %s are refused: %s", outside->url,
                          log_escape_path(text_of(wrong)).text);
                return 0;
        }
        if (*wrong)
                log_warning("who can write there speaks for %s: %s", outside->url,
                            log_escape_path(text_of(wrong)).text);
        return channel_send(&child->control, MSG_DESCRIPTOR, 0, &message, fd);
}

int outside_tell(struct child *child) {
        const struct settings *settings = child->parent->settings;
        uint32_t i;
        int r = 0;

        for (i = 0; r == 0 && i < settings->outside_count; i++)
                r = issuer_tell(child, &settings->outside[i]);
        for (i = 0; r == 0 && i < settings->outside_count; i++)
                r = folder_give(child, i);
        return r;
}

int outside_tell_authority(struct child *authority) {
        const struct settings *settings = authority->parent->settings;
        size_t i;
        int r = 0;

        for (i = 0; r == 0 && i < settings->outside_count; i++) {
                struct msg_setup_issuer message = {.url = text_of(settings->outside[i].url)};

                r = channel_send(&authority->control, MSG_SETUP_ISSUER, 0, &message, -1);
        }
        return r;
}
