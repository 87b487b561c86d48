/* The command line, taken apart by getopt_long(3). */
#include "arguments.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

#include <getopt.h>

static const struct option_about options[OPTION_COUNT] = {
        [OPTION_HELP] = {"help", no_argument, true, "--help", "this text", NULL},
        [OPTION_VERSION] = {"version", no_argument, true, "--version", "the version", NULL},
        [OPTION_JSON] = {"json", no_argument, true, "--json", "print JSON, for programs", NULL},
        [OPTION_SOCKET] = {"socket", required_argument, false, "--socket PATH",
                           "another daemon's socket (also JETON_SOCKET)", VALUES_FILES},
        [OPTION_FULL_NAME] = {"full-name", required_argument, false, "--full-name TEXT",
                              "the person's name, any UTF-8", NULL},
        [OPTION_EMAIL] = {"email", required_argument, false, "--email ADDRESS", "an address", NULL},
        [OPTION_ROLE] = {"role", required_argument, true, "--role ROLE", "a role; may repeat",
                         NULL},
        [OPTION_ADMIN] = {"admin", no_argument, false, "--admin", "the same as --role admin", NULL},
        [OPTION_LINK] = {"link", optional_argument, false, "--link[=ACCOUNT|UID]",
                         "link to a local account; alone: the account of that name", NULL},
        [OPTION_REMOVE] = {"remove", no_argument, false, "--remove", "remove the link", NULL},
        [OPTION_ALLOW_ACCOUNT_NAME] = {"allow-account-name", no_argument, false,
                                       "--allow-account-name",
                                       "though a local account has that name", NULL},
        [OPTION_PASSWORD_STDIN] = {"password-stdin", no_argument, false, "--password-stdin",
                                   "read the password from standard input, one line", NULL},
        [OPTION_HASH_STDIN] = {"hash-stdin", no_argument, false, "--hash-stdin",
                               "read another system's hash of the password, one line", NULL},
        [OPTION_MUST_CHANGE] = {"must-change", no_argument, false, "--must-change",
                                "it must be changed at the next login", NULL},
        [OPTION_SKIP] = {"skip", required_argument, false, "--skip N", "leave out the first N",
                         NULL},
        [OPTION_LIMIT] = {"limit", required_argument, false, "--limit N", "at most N", NULL},
        [OPTION_Q] = {"q", required_argument, false, "--q TEXT",
                      "only where the name, full name or e-mail holds TEXT", NULL},
        [OPTION_AUDIENCE] = {"audience", required_argument, true, "--audience AUDIENCE",
                             "whom the token is for; the issuer itself unless told", NULL},
        [OPTION_SCOPE] = {"scope", required_argument, false, "--scope SCOPE",
                          "what the token is good for, space-separated", NULL},
        [OPTION_HEADER] = {"header", no_argument, false, "--header",
                           "print it as an HTTP header, for curl -H", NULL},
        [OPTION_TOKEN_FILE] = {"token-file", required_argument, false, "--token-file FILE",
                               "read the token from FILE; \"-\" is standard input", VALUES_FILES},
        [OPTION_SAVE] = {"save", no_argument, false, "--save",
                         "keep the login in a file of one's own, for `jeton token`", NULL},
        [OPTION_MIN_VALID] = {"min-valid", required_argument, false, "--min-valid SECONDS",
                              "refresh a saved token that lives shorter; 60 unless told", NULL},
        [OPTION_ALL] = {"all", no_argument, false, "--all", "as an admin: anybody's", NULL},
        [OPTION_ALG] = {"alg", required_argument, false, "--alg ALGORITHM",
                        "ES256, RS256, EdDSA or HS256", "ES256 RS256 EdDSA HS256"},
        [OPTION_NOW] = {"now", no_argument, false, "--now", "without waiting for verifiers", NULL},
        [OPTION_ROOT] = {"root", required_argument, false, "--root DIR",
                         "look at the files below DIR, of a host that does not run", VALUES_FILES},
        [OPTION_SERVICE] = {"service", required_argument, false, "--service NAME",
                            "the PAM service, as pam.d(5) names it", NULL},
        [OPTION_SESSION] = {"session", no_argument, false, "--session",
                            "credentials and a session too (root)", NULL},
        [OPTION_MODULE] = {"module", required_argument, false, "--module FILE",
                           "another pam_jeton.so than the installed one", VALUES_FILES},
        [OPTION_ARGUMENT] = {"argument", required_argument, true, "--argument WORD",
                             "an argument for pam_jeton; may repeat", NULL},
        [OPTION_CLIENT_ID] = {"client-id", required_argument, false, "--client-id NAME",
                              "which client or identity section; \"local\": self", NULL},
        [OPTION_EXCHANGE] = {"exchange", no_argument, false, "--exchange",
                             "a narrower token for the one at hand", NULL},
        [OPTION_LIFETIME] = {"lifetime", required_argument, false, "--lifetime SECONDS",
                             "how long the narrower token lives at most", NULL},
        [OPTION_OUT] = {"out", required_argument, false, "--out FILE",
                        "write it to FILE, for its owner alone", VALUES_FILES},
        [OPTION_NAME] = {"name", required_argument, false, "--name TEXT",
                         "what it is called, any UTF-8", NULL},
        [OPTION_UID] = {"uid", required_argument, false, "--uid UID|ACCOUNT",
                        "the process's effective user", NULL},
        [OPTION_GROUP] = {"group", required_argument, true, "--group GID|GROUP",
                          "a group of the process; may repeat; those of the account unless told",
                          NULL},
        [OPTION_UNIT] = {"unit", required_argument, false, "--unit UNIT",
                         "the systemd unit that the process is in; none unless told", NULL},
        [OPTION_JWK] = {"jwk", required_argument, false, "--jwk FILE",
                        "check with the key in FILE, a JWK, and not with this host's",
                        VALUES_FILES},
        [OPTION_JWKS] = {"jwks", required_argument, false, "--jwks FILE",
                         "check with the keys in FILE, a JWK set", VALUES_FILES},
        [OPTION_RAW] = {"raw", no_argument, false, "--raw",
                        "what is signed may be anything, not only claims", NULL},
        [OPTION_TYPE] = {"type", required_argument, false, "--type TYPE",
                         "what the header's typ must be", NULL},
        [OPTION_ISSUER] = {"issuer", required_argument, false, "--issuer ISSUER",
                           "whose token it must be; whose subject it is", NULL},
        [OPTION_SUBJECT] = {"subject", required_argument, false, "--subject SUB",
                            "what the issuer calls the person: sub of his ID tokens", NULL},
        [OPTION_LEEWAY] = {"leeway", required_argument, false, "--leeway SECONDS",
                           "how far clocks may differ; 60 unless told", NULL},
        [OPTION_AT] = {"at", required_argument, false, "--at TIME",
                       "as if it were TIME, in seconds since 1970", NULL},
        [OPTION_FORMAT] = {"format", required_argument, false, "--format FORMAT",
                           "json, which is one object a line, or csv; import: shadow or sqlite too",
                           VALUES_OWN},
        [OPTION_DRY_RUN] = {"dry-run", no_argument, false, "--dry-run",
                            "look at everything and change nothing", NULL},
        [OPTION_PASSWD] = {"passwd", required_argument, false, "--passwd FILE",
                           "full names for shadow lines, from a file like /etc/passwd",
                           VALUES_FILES},
        [OPTION_WITHOUT_PASSWORDS] = {"without-passwords", no_argument, false,
                                      "--without-passwords", "leave hashes out; FILE may have none",
                                      NULL},
        [OPTION_NAME_FROM] = {"name-from", required_argument, false, "--name-from email",
                              "without a user name: what is before the @ of the address", "email"},
        [OPTION_MAP_ROLE] = {"map-role", required_argument, true, "--map-role FROM=TO",
                             "the role FROM of the file is TO here, or none; may repeat", NULL},
        [OPTION_CHECK] = {"check", no_argument, false, "--check", "only look whether FILE is whole",
                          NULL},
        [OPTION_WITHOUT_KEYS] = {"without-keys", no_argument, false, "--without-keys",
                                 "leave the private keys out", NULL},
        [OPTION_REPLACE] = {"replace", no_argument, false, "--replace",
                            "though there are users; what was there is kept beside it", NULL},
        [OPTION_KEEP_SESSIONS] = {"keep-sessions", no_argument, false, "--keep-sessions",
                                  "let tokens and sessions of before go on", NULL},
        [OPTION_USER] = {"user", required_argument, false, "--user NAME|ID", "which user", NULL},
        [OPTION_BEFORE] = {"before", required_argument, false, "--before WHEN",
                           "only what began before WHEN", NULL},
};

#define FIRST_CODE 256

static void fill_getopt(struct option ret[OPTION_COUNT + 1]) {
        int i;

        for (i = 0; i < OPTION_COUNT; i++)
                ret[i] =
                        (struct option){options[i].name, options[i].argument, NULL, FIRST_CODE + i};
        ret[OPTION_COUNT] = (struct option){0};
}

static int take_option(struct arguments *arguments, enum option_id option, const char *value) {
        if (!options[option].repeats && option_is_given(arguments, option)) {
                log_error("--%s is there twice", options[option].name);
                return -EINVAL;
        }
        if (arguments->given_count == GIVEN_MAX) {
                log_error("more than %d options", GIVEN_MAX);
                return -EINVAL;
        }
        arguments->given[arguments->given_count++] = (struct given){option, value};
        return 0;
}

int arguments_parse(int argc, char **argv, struct arguments *ret) {
        struct option list[OPTION_COUNT + 1];
        struct arguments arguments = {.given_count = 0};
        int code, r;

        fill_getopt(list);
        while ((code = getopt_long(argc, argv, "h", list, NULL)) != -1) {
                if (code == '?')
                        return -EINVAL;
                code = code == 'h' ? OPTION_HELP : code - FIRST_CODE;
                r = take_option(&arguments, (enum option_id)code, optarg);
                if (r < 0)
                        return r;
        }
        arguments.operands = argv + optind;
        arguments.operand_count = argc - optind;
        *ret = arguments;
        return 0;
}

const char *option_next(const struct arguments *arguments, enum option_id option, size_t *at) {
        while (*at < arguments->given_count) {
                const struct given *given = &arguments->given[(*at)++];

                if (given->option == option)
                        return given->value;
        }
        return NULL;
}

bool option_is_given(const struct arguments *arguments, enum option_id option) {
        size_t i;

        for (i = 0; i < arguments->given_count; i++)
                if (arguments->given[i].option == option)
                        return true;
        return false;
}

const char *option_value(const struct arguments *arguments, enum option_id option) {
        size_t at = 0;

        return option_next(arguments, option, &at);
}

int option_join(const struct arguments *arguments, enum option_id option, char *ret, size_t size) {
        const char *value;
        size_t at = 0, len = 0;
        int n;

        ret[0] = '\0';
        while ((value = option_next(arguments, option, &at))) {
                n = snprintf(ret + len, size - len, "%s%s", len > 0 && *value ? " " : "", value);
                if (n < 0 || (size_t)n >= size - len) {
                        log_error("the values of --%s are longer than %zu bytes",
                                  options[option].name, size - 1);
                        return -ENAMETOOLONG;
                }
                len += (size_t)n;
        }
        return 0;
}

const char *operand(const struct arguments *arguments, int index) {
        return index < arguments->operand_count ? arguments->operands[index] : NULL;
}

const char *option_unexpected(const struct arguments *arguments, uint64_t allowed) {
        size_t i;

        for (i = 0; i < arguments->given_count; i++)
                if (!(allowed & OPTION_BIT(arguments->given[i].option)))
                        return options[arguments->given[i].option].name;
        return NULL;
}

const struct option_about *option_about(enum option_id option) {
        return &options[option];
}

void options_print_help(uint64_t wanted) {
        int i;

        for (i = 0; i < OPTION_COUNT; i++)
                if (wanted & OPTION_BIT(i))
                        printf("  %-22s  %s\n", options[i].spelling, options[i].help);
}
