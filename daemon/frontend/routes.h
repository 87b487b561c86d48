/* The table of what this server answers, and how a request finds its row. */
#ifndef JETON_FRONTEND_ROUTES_H
#define JETON_FRONTEND_ROUTES_H

#include "../privsep/message.h"
#include "fault.h"
#include "response.h"

struct request;

/* What the body must be. */
enum media {
        MEDIA_NONE = 0, /* no body is looked at */
        MEDIA_FORM,
        MEDIA_JSON,
};

struct route {
        const char *method;
        const char *pattern; /* "{}" stands for any one segment */
        unsigned classes;    /* bits of enum caller_class; elsewhere the path is unknown */
        enum media media;
        /* Answers at once, or asks the authority (call.h). 0 or -errno: request_fail(). */
        int (*begin)(struct request *request);
};

/* The row for a request; HEAD finds the row of GET. 0; -EBADMSG with a fault for 404 and 405. */
int route_find(struct text method, struct text path, enum caller_class class,
               const struct route **ret, struct text *ret_parameter, struct fault *fault);

/* The methods of a path, as the Allow field has them. */
void route_allow(struct text path, enum caller_class class, char ret[ALLOW_MAX]);

/* The rows themselves, for the tests. */
const struct route *route_rows(size_t *ret_count);

/* The functions of the rows, each in the file of its name. */
int token_begin(struct request *request);
int introspect_begin(struct request *request);
int auth_begin(struct request *request);
int revoke_begin(struct request *request);
int revocation_begin(struct request *request);   /* revoke.c */
int session_list_begin(struct request *request); /* sessions.c */
int session_end_begin(struct request *request);
int me_begin(struct request *request);
int userinfo_begin(struct request *request);
int user_add_begin(struct request *request);
int user_import_begin(struct request *request);
int user_list_begin(struct request *request);
int user_show_begin(struct request *request);
int user_change_begin(struct request *request);
int user_replace_begin(struct request *request);
int user_remove_begin(struct request *request);
int user_unlock_begin(struct request *request);
int link_list_begin(struct request *request); /* user_links.c */
int link_add_begin(struct request *request);
int link_remove_begin(struct request *request);
int profile_change_begin(struct request *request);
int password_change_begin(struct request *request);
int key_list_begin(struct request *request);
int key_rotate_begin(struct request *request);
int key_drop_begin(struct request *request);
int client_list_begin(struct request *request);
int client_add_begin(struct request *request);
int client_show_begin(struct request *request);
int client_change_begin(struct request *request);
int client_delete_begin(struct request *request);
int client_secret_begin(struct request *request);
int policy_test_begin(struct request *request);
int pam_auth_begin(struct request *request);
int pam_account_begin(struct request *request);
int pam_session_begin(struct request *request);
int pam_close_begin(struct request *request);
int login_code_begin(struct request *request);
int pam_check_begin(struct request *request);
int pam_password_begin(struct request *request);
int jwks_begin(struct request *request);
int metadata_begin(struct request *request);
int health_begin(struct request *request);
int openapi_begin(struct request *request); /* documents.c */
int docs_begin(struct request *request);
int metrics_begin(struct request *request);

#endif
