/* A user of the database, printed. */
#include "person.h"

#include "output.h"

#include <stdio.h>

static void print_number(const json_t *person, const char *member) {
        const json_t *value = json_object_get(person, member);

        if (json_is_integer(value))
                printf("  %-11s %lld\n", member, (long long)json_integer_value(value));
}

void person_print(const json_t *person) {
        print_number(person, "id");
        output_field("username", member_text(person, "username"));
        output_field("full name", member_text(person, "full_name"));
        output_field("email", member_text(person, "email"));
        output_field_words("roles", json_object_get(person, "roles"));
        print_number(person, "uid");
        if (json_is_true(json_object_get(person, "disabled")))
                printf("  %-11s yes\n", "disabled");
        if (json_is_true(json_object_get(person, "must_change_password")))
                printf("  %-11s must be changed\n", "password");
        output_field("end", member_text(person, "expires_at"));
        output_field("waits until", member_text(person, "locked_until"));
        output_field("created", member_text(person, "created_at"));
}

void person_print_row_head(void) {
        printf("%6s  %-32s  %10s  %-8s  %s\n", "ID", "USERNAME", "UID", "STATE",
               "FULL NAME; ROLES");
}

/* Only the last column may hold letters that are wider or narrower than a byte. */
void person_print_row(const json_t *person) {
        const json_t *uid = json_object_get(person, "uid"),
                     *roles = json_object_get(person, "roles");
        struct text username = member_text(person, "username");
        char uid_text[24] = "-";

        if (json_is_integer(uid))
                snprintf(uid_text, sizeof uid_text, "%lld", (long long)json_integer_value(uid));
        printf("%6lld  ", (long long)json_integer_value(json_object_get(person, "id")));
        output_text(username);
        printf("%*s  %10s  %-8s  ", username.len < 32 ? (int)(32 - username.len) : 0, "", uid_text,
               json_is_true(json_object_get(person, "disabled")) ? "disabled" : "active");
        output_text(member_text(person, "full_name"));
        if (json_array_size(roles) > 0)
                fputs("; ", stdout);
        output_words(roles);
        putchar('\n');
}
