/* What requests carry: forms and JSON, in memory that is wiped, because passwords are in them. */
#ifndef JETON_CLIENT_BODY_H
#define JETON_CLIENT_BODY_H

#include "../common/secret.h"
#include "../common/wire/form.h"

#include <jansson.h>

#define BODY_FORM TEXT("application/x-www-form-urlencoded")
#define BODY_JSON TEXT("application/json")

/* The fields whose value is not empty. 0 or -ENOMEM. */
int body_form(const struct field *fields, size_t count, struct secret **ret);

/* 0 or -ENOMEM. */
int body_json(const json_t *json, struct secret **ret);

/* "Bearer TOKEN". 0 or -ENOMEM. */
int body_bearer(struct text token, struct secret **ret);

/* Wipes a string's bytes before the value is given up. NULL and other types are fine. */
void json_wipe_string(json_t *value);

#endif
