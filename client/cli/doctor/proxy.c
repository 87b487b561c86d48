/* A proxy belongs on web.sock: on jeton.sock the daemon would take it for each of its callers. */
#include "doctor.h"

#include "../../../common/cleanup.h"
#include "../../request.h"
#include "../../stack/root.h"

#include <sys/stat.h>

/* ---- web.sock, where there is one, must know nobody by uid ---- */

static void judge_web(struct doctor *doctor, const char *path, const struct answer *answer) {
        if (answer->status == 401)
                doctor_find(doctor, VERDICT_OK, NULL, "%s knows nobody by uid", path);
        else
                doctor_find(doctor, VERDICT_BROKEN,
                            "stop the proxy: its callers may be taken for the proxy",
                            "%s does not refuse \"Authorization: Peer\": status %u", path,
                            answer->status);
}

static void ask_web(struct doctor *doctor, char *path) {
        struct exchange_request request = {
                .method = "GET", .path = "/users", .authorization = TEXT("Peer")};
        struct place place = {.socket_path = path, .also_uid = doctor->cli->place.also_uid};
        _cleanup_(answer_clear) struct answer answer = {0};
        int r;

        r = request_send(&place, DOCTOR_TIMEOUT_MS, &request, &doctor->cli->failure, &answer);
        if (r == -EACCES)
                doctor_find(doctor, VERDICT_UNSEEN, "run it as root",
                            "%s is for the proxy's group alone", path);
        else if (r < 0)
                doctor_find(doctor, VERDICT_BROKEN, doctor_remedy(doctor, REMEDY_RESTART), "%s",
                            doctor->cli->failure.text);
        else
                judge_web(doctor, path, &answer);
}

void check_web_socket(struct doctor *doctor) {
        _cleanup_(freep) char *path = NULL;
        struct stat st;

        if (asprintf(&path, "%s/web.sock", doctor->cli->place.dir) < 0)
                return;
        if (lstat(path, &st) < 0) {
                doctor_find(doctor, VERDICT_OK, NULL, "there is none at %s", path);
                return;
        }
        if ((st.st_mode & S_IRWXO) != 0)
                doctor_find(doctor, VERDICT_WARNING, "chmod 0660, or restart jetond",
                            "%s has mode %04o: every account can pass for the proxy", path,
                            (unsigned)st.st_mode & 07777);
        ask_web(doctor, path);
}

/* ---- the proxies' own configuration ---- */

static const char *const places[] = {
        "/etc/nginx", "/etc/apache2", "/etc/httpd", "/etc/caddy", "/etc/haproxy", "/etc/lighttpd",
};

#define FOLDERS_MAX 6
#define FILE_MAX    (1 << 20)

struct search {
        struct doctor *doctor;
        unsigned depth, found, unreadable;
};

static void search_folder(struct search *search, const char *path);

/* A line up to its comment, which begins with # where a word could. */
static size_t words_len(const char *line) {
        size_t i, len = strcspn(line, "\n");

        for (i = 0; i < len; i++)
                if (line[i] == '#' && (i == 0 || strchr(" \t;{}", line[i - 1])))
                        return i;
        return len;
}

static void search_lines(struct search *search, const char *path, const char *bytes) {
        unsigned number;

        for (number = 1; *bytes; number++) {
                if (memmem(bytes, words_len(bytes), "jeton.sock", 10)) {
                        search->found++;
                        doctor_find(search->doctor, VERDICT_BROKEN,
                                    "use web.sock: `web` in jetond.conf(5) makes it",
                                    "%s:%u sends to jeton.sock, where the proxy passes for its "
                                    "callers",
                                    path, number);
                }
                bytes += strcspn(bytes, "\n");
                bytes += *bytes == '\n';
        }
}

/* What a package keeps for later is no configuration. */
static bool is_kept(const char *name) {
        size_t len = strlen(name);

        return *name == '.' || name[len - 1] == '~' || strstr(name, ".dpkg-") ||
               (len > 10 && strcmp(name + len - 10, "-available") == 0);
}

static void search_entry(struct search *search, const char *folder, const char *name) {
        _cleanup_(freep) char *path = NULL, *bytes = NULL;
        int r;

        if (is_kept(name) || asprintf(&path, "%s/%s", folder, name) < 0)
                return;
        r = root_read(search->doctor->root, path, FILE_MAX, &bytes);
        if (r == 0)
                search_lines(search, path, bytes);
        else if (r == -EINVAL && search->depth < FOLDERS_MAX)
                search_folder(search, path);
        else if (r == -EACCES)
                search->unreadable++;
}

static void search_folder(struct search *search, const char *path) {
        _cleanup_(closedirp) DIR *dir = NULL;
        const struct dirent *entry;

        if (root_dir(search->doctor->root, path, &dir) < 0)
                return;
        search->depth++;
        while ((entry = readdir(dir)))
                search_entry(search, path, entry->d_name);
        search->depth--;
}

void check_proxy(struct doctor *doctor) {
        struct search search = {.doctor = doctor};
        size_t i;

        for (i = 0; i < ELEMENTS(places); i++)
                search_folder(&search, places[i]);
        if (search.unreadable > 0)
                doctor_find(doctor, VERDICT_UNSEEN, "run it as root",
                            "%u files of proxies cannot be read", search.unreadable);
        if (search.found == 0)
                doctor_find(doctor, VERDICT_OK, NULL, "no proxy's configuration names jeton.sock");
}
