/* What the parent hands over: limits, a directory, a page, the authority's channel. */
#include "signer.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/signature.h"
#include "../../common/log.h"

#include <string.h>

/* Verifiers' clocks may be behind ours; the leeway of the settings is at most this. */
#define KEEP_MARGIN_S 300

static int take_limits(struct signer *signer, struct frame *frame) {
        const struct msg_setup_signer *setup = &frame->message.setup_signer;
        struct limits *limits = &signer->new_limits;

        if (setup->algorithm == KEY_NONE || !algorithm_is_public(setup->algorithm))
                return -EPROTO;
        limits->max_lifetime_s = setup->max_lifetime_s;
        signer->new_algorithm = (enum key_algorithm)setup->algorithm;
        signer->new_rules = (struct key_rules){
                .wanted = setup->algorithms | ALGORITHM_BIT(setup->algorithm),
                .rotate_s = setup->rotate_s,
                .prepare_s = setup->prepare_s,
                .keep_s = setup->max_lifetime_s + KEEP_MARGIN_S,
        };
        return text_copy(setup->issuer, limits->issuer, sizeof limits->issuer);
}

static int take_once(int *place, struct frame *frame) {
        if (*place >= 0)
                return -EPROTO;
        *place = take_fd(&frame->fd);
        return 0;
}

static int take_keys_dir(struct signer *signer, struct frame *frame) {
        return take_once(&signer->keys_dir, frame);
}

static int take_keys_page(struct signer *signer, struct frame *frame) {
        return take_once(&signer->keys_page_fd, frame);
}

static int take_authority(struct signer *signer, struct frame *frame) {
        int r;

        if (frame->message.descriptor.process != PROCESS_AUTHORITY || signer->authority.buffer)
                return -EPROTO;
        r = channel_init(&signer->authority, frame->fd, PROCESS_SIGNER, PROCESS_AUTHORITY, 0);
        if (r == 0)
                take_fd(&frame->fd); /* the channel's now */
        return r;
}

typedef int setup_step(struct signer *signer, struct frame *frame);

static setup_step *const descriptor_steps[DESCRIPTOR_COUNT] = {
        [DESCRIPTOR_KEYS_DIR] = take_keys_dir,
        [DESCRIPTOR_KEYS_PAGE] = take_keys_page,
        [DESCRIPTOR_CHANNEL] = take_authority,
};

static int take_descriptor(struct signer *signer, struct frame *frame) {
        uint8_t what = frame->message.descriptor.what;

        if (what >= DESCRIPTOR_COUNT || !descriptor_steps[what])
                return -EPROTO;
        return descriptor_steps[what](signer, frame);
}

static setup_step *const steps[MSG_COUNT] = {
        [MSG_SETUP_SIGNER] = take_limits,
        [MSG_DESCRIPTOR] = take_descriptor,
};

int setup_take(void *context, struct frame *frame) {
        return steps[frame->type] ? steps[frame->type](context, frame) : -EPROTO;
}

int setup_done(struct signer *signer) {
        if (signer->new_limits.issuer[0] == '\0' || signer->new_limits.max_lifetime_s == 0 ||
            signer->keys_dir < 0 || signer->keys_page_fd < 0 || !signer->authority.buffer) {
                log_error("the set-up lacks something that the signer needs");
                return -EPROTO;
        }
        signer->limits = signer->new_limits;
        signer->rules = signer->new_rules;
        signer->algorithm = signer->new_algorithm;
        signer->authority.phase = PHASE_RUNNING;
        return 0;
}

/* Tokens that are out name the old issuer, and its keys page; another one takes a restart. */
int reload_done(struct signer *signer) {
        if (strcmp(signer->new_limits.issuer, signer->limits.issuer) != 0)
                log_warning("the issuer stays %s: another one takes a restart",
                            log_escape(text_of(signer->limits.issuer)).text);
        if (signer->new_limits.max_lifetime_s > 0)
                signer->limits.max_lifetime_s = signer->new_limits.max_lifetime_s;
        signer->rules = signer->new_rules;
        signer->algorithm = signer->new_algorithm;
        signer->turn_ms = 0;
        signer->new_limits = signer->limits;
        return 0;
}
