/* A user of the database, printed. */
#include "person.h"

#include "output.h"

#include <stdio.h>

struct text person_text(const json_t *person, const char *member) {
        return text_of(json_string_value(json_object_get(person, member)));
}

static void print_number(const json_t *person, const char *member) {
        const json_t *value = json_object_get(person, member);

        if (json_is_integer(value))
                printf("  %-11s %lld\n", member, (long long)json_integer_value(value));
}

static void print_roles(const json_t *person) {
        const json_t *roles = json_object_get(person, "roles"), *role;
        size_t i;

        json_array_foreach(roles, i, role) {
                if (i > 0)
                        putchar(' ');
                output_text(text_of(json_string_value(role)));
        }
}

void person_print(const json_t *person) {
        print_number(person, "id");
        output_field("username", person_text(person, "username"));
        output_field("full name", person_text(person, "full_name"));
        output_field("email", person_text(person, "email"));
        if (json_array_size(json_object_get(person, "roles")) > 0) {
                printf("  %-11s ", "roles");
                print_roles(person);
                putchar('\n');
        }
        print_number(person, "uid");
        if (json_is_true(json_object_get(person, "disabled")))
                printf("  %-11s yes\n", "disabled");
        if (json_is_true(json_object_get(person, "must_change_password")))
                printf("  %-11s must be changed\n", "password");
        output_field("end", person_text(person, "expires_at"));
        output_field("waits until", person_text(person, "locked_until"));
        output_field("created", person_text(person, "created_at"));
}

void person_print_row_head(void) {
        printf("%6s  %-32s  %10s  %-8s  %s\n", "ID", "USERNAME", "UID", "STATE",
               "FULL NAME; ROLES");
}

/* Only the last column may hold letters that are wider or narrower than a byte. */
void person_print_row(const json_t *person) {
        const json_t *uid = json_object_get(person, "uid");
        struct text username = person_text(person, "username");
        char uid_text[24] = "-";

        if (json_is_integer(uid))
                snprintf(uid_text, sizeof uid_text, "%lld", (long long)json_integer_value(uid));
        printf("%6lld  ", (long long)json_integer_value(json_object_get(person, "id")));
        output_text(username);
        printf("%*s  %10s  %-8s  ", username.len < 32 ? (int)(32 - username.len) : 0, "", uid_text,
               json_is_true(json_object_get(person, "disabled")) ? "disabled" : "active");
        output_text(person_text(person, "full_name"));
        if (json_array_size(json_object_get(person, "roles")) > 0) {
                fputs("; ", stdout);
                print_roles(person);
        }
        putchar('\n');
}
