/* POST /token, client_credentials (RFC 6749 4.4): with an id and a secret a confidential client,
 * and with neither, on jeton.sock, whoever the kernel says is there. */
#include "token.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "client_proof.h"
#include "request.h"

static int ask_as_client(struct request *request, const struct params *params,
                         const struct client_proof *proof) {
        static const struct exchange grant = {
                .ask = MSG_ASK_CLIENT_GRANT,
                .answer = MSG_ANSWER_TOKEN,
                .finish = token_finish,
        };
        struct msg_ask_client_grant ask = {
                .connection = request->number,
                .client_id = proof->id,
                .secret = proof->secret,
        };
        char audience[AUDIENCE_MAX];
        int r;

        r = token_read_target(request, params, audience, &ask.audience, &ask.scope);
        return r < 0 ? r : call_ask(request, &grant, &ask);
}

static int ask_as_peer(struct request *request, const struct params *params, struct text name) {
        static const struct exchange grant = {
                .ask = MSG_ASK_PEER_GRANT,
                .answer = MSG_ANSWER_TOKEN,
                .finish = token_finish,
        };
        struct msg_ask_peer_grant ask = {.connection = request->number, .client_id = name};
        char audience[AUDIENCE_MAX];
        int r;

        r = token_read_target(request, params, audience, &ask.audience, &ask.scope);
        return r < 0 ? r : call_ask(request, &grant, &ask);
}

int client_credentials_begin(struct request *request, const struct params *params) {
        _cleanup_(client_proof_clear) struct client_proof proof = {0};
        int r;

        r = client_proof_read(&request->authorization, params, &proof, &request->fault);
        if (r < 0)
                return r;
        return proof.secret.len > 0 ? ask_as_client(request, params, &proof)
                                    : ask_as_peer(request, params, proof.id);
}
