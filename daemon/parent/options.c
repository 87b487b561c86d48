/* The command line of jetond(8). Paths become absolute here: the working directory is left soon. */
#include "options.h"

#include "../../common/cleanup.h"

#include <getopt.h>
#include <limits.h>
#include <string.h>

#ifndef JETON_VERSION
#define JETON_VERSION "0"
#endif
#ifndef JETON_SYSCONF_DIR
#define JETON_SYSCONF_DIR "/etc/jeton"
#endif
#ifndef JETON_LIBEXEC_DIR
#define JETON_LIBEXEC_DIR "/usr/libexec/jeton"
#endif

static const char usage[] =
        "Usage: jetond [-hnT] [-c FILE] [--state DIR] [--programs DIR]\n"
        "\n"
        "  -c, --config FILE   settings (default " JETON_SYSCONF_DIR "/jetond.conf; with --state\n"
        "                      DIR/jetond.conf), then conf.d/*.conf beside it\n"
        "      --state DIR     keep everything in DIR and run as the caller, without root\n"
        "      --programs DIR  where the other programs are (default " JETON_LIBEXEC_DIR ")\n"
        "  -n                  check the settings and exit\n"
        "  -T                  print the settings in effect and exit\n"
        "      --jwks          print what jeton-issuers.service fetches: address, file, algorithm\n"
        "      --settings-only with -n or -T: another host's, so look at no other file\n"
        "  -h, --help\n"
        "      --version\n"
        "\n"
        "It stays in the foreground. See jetond(8).\n";

enum {
        OPTION_STATE = 256,
        OPTION_PROGRAMS,
        OPTION_SETTINGS_ONLY,
        OPTION_JWKS,
        OPTION_VERSION,
};

static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"state", required_argument, NULL, OPTION_STATE},
        {"programs", required_argument, NULL, OPTION_PROGRAMS},
        {"settings-only", no_argument, NULL, OPTION_SETTINGS_ONLY},
        {"jwks", no_argument, NULL, OPTION_JWKS},
        {"version", no_argument, NULL, OPTION_VERSION},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
};

/* Makes `path` absolute without asking whether it exists. */
static int path_set(const char *path, char **place) {
        _cleanup_(freep) char *here = NULL;
        char *absolute;
        int r;

        if (*path == '/') {
                r = asprintf(&absolute, "%s", path);
        } else {
                here = getcwd(NULL, 0);
                if (!here)
                        return -errno;
                r = asprintf(&absolute, "%s/%s", here, path);
        }
        if (r < 0)
                return -ENOMEM;
        free(*place);
        *place = absolute;
        return 0;
}

static int complete_with(struct options *options, const char *text) {
        options->is_complete = true;
        fputs(text, stdout);
        return 0;
}

static int task_set(struct options *options, enum task task) {
        options->task = task;
        return 0;
}

static int settings_only_set(struct options *options) {
        options->settings_only = true;
        return 0;
}

static int option_take(struct options *options, int option, const char *argument) {
        switch (option) {
        case 'c':
                options->config_given = true;
                return path_set(argument, &options->config);
        case 'n':
                return task_set(options, TASK_CHECK);
        case 'T':
                return task_set(options, TASK_PRINT);
        case OPTION_STATE:
                return path_set(argument, &options->state);
        case OPTION_PROGRAMS:
                return path_set(argument, &options->programs);
        case OPTION_JWKS:
                return task_set(options, TASK_JWKS);
        case OPTION_SETTINGS_ONLY:
                return settings_only_set(options);
        case OPTION_VERSION:
                return complete_with(options, "jetond " JETON_VERSION "\n");
        case 'h':
                return complete_with(options, usage);
        default:
                fputs(usage, stderr);
                return -EINVAL;
        }
}

static int config_default(struct options *options) {
        char path[PATH_MAX];

        if (!options->state)
                return path_set(JETON_SYSCONF_DIR "/jetond.conf", &options->config);
        if ((size_t)snprintf(path, sizeof path, "%s/jetond.conf", options->state) >= sizeof path)
                return -ENAMETOOLONG;
        return path_set(path, &options->config);
}

static int defaults_set(struct options *options) {
        int r = 0;

        if (!options->programs)
                r = path_set(JETON_LIBEXEC_DIR, &options->programs);
        if (r == 0 && !options->config)
                r = config_default(options);
        return r;
}

int options_read(int argc, char **argv, struct options *ret) {
        struct options options = {0};
        int option, r = 0;

        while (r == 0 && !options.is_complete &&
               (option = getopt_long(argc, argv, "c:hnT", long_options, NULL)) != -1)
                r = option_take(&options, option, optarg);
        if (r == 0 && optind < argc && !options.is_complete) {
                fprintf(stderr, "jetond: it takes no argument \"%s\"\n%s", argv[optind], usage);
                r = -EINVAL;
        }
        if (r == 0 && options.settings_only && options.task == TASK_RUN && !options.is_complete) {
                fprintf(stderr, "jetond: --settings-only is for -n and -T\n%s", usage);
                r = -EINVAL;
        }
        if (r == 0)
                r = defaults_set(&options);
        if (r) {
                options_clear(&options);
                return r;
        }
        *ret = options;
        return 0;
}

void options_clear(struct options *options) {
        freep(&options->config);
        freep(&options->state);
        freep(&options->programs);
}
