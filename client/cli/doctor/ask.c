/* Questions of the doctor to the daemon, and what their answers are read with. */
#include "doctor.h"

#include "../../../common/cleanup.h"
#include "../../request.h"
#include "../state.h"

#include <time.h>

static int trouble_of(struct doctor *doctor, const struct answer *answer, char **ret_trouble) {
        int r = answer_refusal(answer, &doctor->cli->failure);
        bool is_forbidden = answer->status == 401 || answer->status == 403;

        *ret_trouble = strdup(is_forbidden ? "only an admin may ask: run it as root"
                                           : doctor->cli->failure.text);
        return is_forbidden ? -EACCES : r;
}

int doctor_ask(struct doctor *doctor, const char *path, bool is_list, json_t **ret,
               char **ret_trouble) {
        struct exchange_request request = {
                .method = "GET", .path = path, .authorization = TEXT("Peer")};
        _cleanup_(answer_clear) struct answer answer = {0};
        struct cli *cli = doctor->cli;
        int r;

        if (!doctor->is_there) {
                *ret_trouble = strdup("no daemon to ask");
                return -ENOENT;
        }
        r = request_send(&cli->place, DOCTOR_TIMEOUT_MS, &request, &cli->failure, &answer);
        if (r < 0) {
                *ret_trouble = strdup(cli->failure.text);
                return r;
        }
        if (answer.status != 200 || json_is_array(answer.json) != is_list)
                return trouble_of(doctor, &answer, ret_trouble);
        *ret = json_incref(answer.json);
        return 0;
}

int doctor_time(const char *text, int64_t *ret) {
        struct tm parts = {0};
        const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;

        if (!end || strcmp(end, "Z") != 0)
                return -EINVAL;
        *ret = timegm(&parts);
        return 0;
}

const char *doctor_age(int64_t seconds, char ret[DURATION_SIZE]) {
        return seconds > 0 ? duration_text(seconds, ret) : "a moment";
}

char *doctor_state(struct doctor *doctor) {
        _cleanup_(freep) char *dir = NULL;
        char *folder = NULL;

        if (state_dir(&doctor->cli->place, &dir) < 0 ||
            asprintf(&folder, "%s%s", doctor->root ? doctor->root : "", dir) < 0) {
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "out of memory");
                return NULL;
        }
        return folder;
}
