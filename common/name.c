/* The grammars of names. Each is an alphabet for the first byte, one for the others and a length.
 */
#include "name.h"

#include "cleanup.h"

#define LOWER    "abcdefghijklmnopqrstuvwxyz"
#define UPPER    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT    "0123456789"
#define HEX      DIGIT "abcdefABCDEF"
#define ALNUM    LOWER UPPER DIGIT
#define URI_BYTE ALNUM "-._~:/?[]@!$&'()*+,;=%" /* RFC 3986 2, without the fragment's # */

struct grammar {
        const char *first, *others;
        size_t max;
};

static const struct grammar user_grammar = {LOWER "_", LOWER DIGIT "_.-", USER_NAME_MAX};
static const struct grammar role_grammar = {LOWER, LOWER DIGIT "_.:-", ROLE_NAME_MAX};
static const struct grammar service_grammar = {ALNUM "_.-", ALNUM "_.-", SERVICE_MAX};
static const struct grammar unit_grammar = {ALNUM ":_.\\@-", ALNUM ":_.\\@-", UNIT_MAX};
static const struct grammar word_grammar = {ALNUM "._:-", ALNUM "._:-", AUDIENCE_MAX};
static const struct grammar uri_grammar = {LOWER UPPER, URI_BYTE, AUDIENCE_MAX};
static const struct grammar host_grammar = {ALNUM, ALNUM ".-", ISSUER_MAX};
static const struct grammar ipv6_grammar = {HEX ":", HEX ":.", 45};
static const struct grammar port_grammar = {"123456789", DIGIT, 5};

/* strchr() alone would find the NUL that ends the alphabet. */
static bool is_in(char byte, const char *alphabet) {
        return byte != '\0' && strchr(alphabet, byte) != NULL;
}

static bool is_made_of(struct text text, const char *alphabet) {
        size_t i;

        for (i = 0; i < text.len; i++)
                if (!is_in(text.p[i], alphabet))
                        return false;
        return true;
}

static bool follows(struct text text, const struct grammar *grammar) {
        if (text.len == 0 || text.len > grammar->max)
                return false;
        return is_in(text.p[0], grammar->first) && is_made_of(text, grammar->others);
}

/* What comes before the first byte of `stops`; `text` keeps the rest, that byte included. */
static struct text cut_before(struct text *text, const char *stops) {
        struct text part = {text->p, 0};

        while (part.len < text->len && !is_in(text->p[part.len], stops))
                part.len++;
        text->p += part.len;
        text->len -= part.len;
        return part;
}

static bool cut_prefix(struct text *text, struct text prefix) {
        if (text->len < prefix.len || !text_is((struct text){text->p, prefix.len}, prefix))
                return false;
        text->p += prefix.len;
        text->len -= prefix.len;
        return true;
}

bool name_is_user(struct text name) {
        /* GET /users/me is the caller himself: a user of that name could not be asked about, and
         * whoever asks for himself must never get somebody else. */
        if (text_is(name, TEXT("me")))
                return false;
        return follows(name, &user_grammar);
}

/* Space-separated, by who takes the name for his own. */
static const char *const reserved_names[] = {
        /* accounts that Linux systems come with, or that people expect there */
        "root toor daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc",
        "gnats nobody nogroup operator adm wheel sudo shadow staff users messagebus sshd dbus",
        "polkitd tss syslog apache nginx http ftp _ _apt",
        /* RFC 2142 mailboxes: certificates have been given to whoever reads them */
        "postmaster hostmaster webmaster abuse noc security info support",
        /* what an application may take for a right, or for nobody at all */
        "admin administrator superuser supervisor system service owner moderator guest anonymous",
        "everyone everybody public any all none null nil undefined unknown true false default self",
        /* words of our own tokens, routes and configuration */
        "jeton jetond uid svc client local user group role peer bearer session token issuer"};

/* Families of such names. */
static const struct text reserved_prefixes[] = {
        {"jeton-", 6}, {"jeton.", 6}, {"jeton_", 6}, {"systemd-", 8}};

bool name_is_reserved(struct text name) {
        size_t i;

        for (i = 0; i < ELEMENTS(reserved_names); i++)
                if (text_list_has(text_of(reserved_names[i]), name))
                        return true;
        for (i = 0; i < ELEMENTS(reserved_prefixes); i++) {
                struct text rest = name;

                if (cut_prefix(&rest, reserved_prefixes[i]))
                        return true;
        }
        return false;
}

bool name_is_role(struct text name) {
        return follows(name, &role_grammar);
}

bool name_is_scope(struct text name) {
        size_t i;

        if (name.len == 0 || name.len > SCOPE_MAX)
                return false;
        for (i = 0; i < name.len; i++) {
                unsigned char byte = (unsigned char)name.p[i];

                if (byte < 0x21 || byte > 0x7e || byte == '"' || byte == '\\')
                        return false;
        }
        return true;
}

bool name_is_service(struct text name) {
        return follows(name, &service_grammar);
}

bool name_is_client(struct text name) {
        return follows(name, &service_grammar) && !text_is(name, TEXT("local"));
}

static bool ends_in(struct text text, struct text end) {
        return text.len > end.len &&
               text_is((struct text){text.p + text.len - end.len, end.len}, end);
}

bool name_is_unit(struct text name) {
        return follows(name, &unit_grammar) &&
               (ends_in(name, TEXT(".service")) || ends_in(name, TEXT(".scope")));
}

/* RFC 3986 2.1: a percent sign begins an escape, or it is no URI. */
static bool has_whole_escapes(struct text text) {
        struct text escape;

        for (cut_before(&text, "%"); text.len > 0; cut_before(&text, "%")) {
                if (text.len < 3)
                        return false;
                escape = (struct text){text.p + 1, 2};
                if (!is_made_of(escape, HEX))
                        return false;
                text.p += 3;
                text.len -= 3;
        }
        return true;
}

bool name_is_audience(struct text name) {
        struct text rest = name, scheme;

        if (follows(name, &word_grammar))
                return true;
        if (!follows(name, &uri_grammar) || !has_whole_escapes(name))
                return false;
        scheme = cut_before(&rest, ":");
        return rest.len > 1 && is_made_of(scheme, ALNUM "+-.");
}

/* Cuts a host off: a name, an IPv4 address, or an IPv6 address in brackets. Nobody's name and
 * password come before it (RFC 3986 3.2.1 would allow them). */
static bool cut_host(struct text *authority) {
        struct text host;

        if (!cut_prefix(authority, TEXT("[")))
                return follows(cut_before(authority, ":"), &host_grammar);
        host = cut_before(authority, "]");
        return follows(host, &ipv6_grammar) && cut_prefix(authority, TEXT("]"));
}

bool name_is_https(struct text name) {
        struct text rest = name, authority;

        if (name.len > ISSUER_MAX || !is_made_of(name, URI_BYTE) || !has_whole_escapes(name))
                return false;
        if (!cut_prefix(&rest, TEXT("https://")))
                return false;
        authority = cut_before(&rest, "/?");
        if (!cut_host(&authority))
                return false;
        if (authority.len == 0)
                return true;
        return cut_prefix(&authority, TEXT(":")) && follows(authority, &port_grammar);
}

bool name_is_issuer(struct text name) {
        return name_is_https(name) && !text_has(name, '?');
}

bool name_is_outside_subject(struct text name) {
        size_t i;

        for (i = 0; i < name.len; i++)
                if (name.p[i] < ' ' || name.p[i] > '~')
                        return false;
        return name.len > 0 && name.len <= OUTSIDE_SUB_MAX;
}

/* Enough to be of use and no more: mail servers know the rest (RFC 5321 4.1.2). */
bool name_is_email(struct text name) {
        const char *at = name.len > 0 ? memchr(name.p, '@', name.len) : NULL;

        return at && at > name.p && at < name.p + name.len - 1 && name.len <= EMAIL_MAX &&
               !text_has(name, ' ') && text_is_printable_utf8(name);
}
