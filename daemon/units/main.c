/* jetond-units: which unit of systemd a process is in, and what it is called.
 *
 * Runs as      jeton-worker, confined: it opens files below /proc, to read them, and nothing else.
 * Holds        nothing.
 * Trusts       the kernel, and the authority for the pid.
 * If captured  a rule that names a unit is as wide as its users and groups are, and uid 0 at
 *              credentials.sock: those are looked at by the authority, which also finds out whether
 *              the process is still there. */
#include "caller.h"

#include "../../common/log.h"
#include "../privsep/servant.h"

static bool callers_can_be_seen;

static int units_prepare(void) {
        callers_can_be_seen = caller_can_be_seen();
        if (!callers_can_be_seen)
                log_warning("/proc is that of another pid namespace, or hides the processes of "
                            "others: nobody is in any unit");
        return 0;
}

static int process_answer(struct channel *authority, const struct frame *question) {
        uint32_t pid = question->message.find_process.pid;
        char comm[COMM_SIZE] = "", unit[UNIT_MAX + 1] = "";
        struct msg_process answer;

        if (callers_can_be_seen) {
                caller_comm(pid, comm);
                caller_unit(pid, unit);
        }
        answer = (struct msg_process){text_of(comm), text_of(unit)};
        return channel_send(authority, MSG_PROCESS, question->call, &answer, -1);
}

static int unit_answer(struct channel *authority, const struct frame *question) {
        char unit[UNIT_MAX + 1] = "";
        struct msg_unit answer;

        if (callers_can_be_seen)
                caller_unit(question->message.find_unit.pid, unit);
        answer = (struct msg_unit){text_of(unit)};
        return channel_send(authority, MSG_UNIT, question->call, &answer, -1);
}

static int units_answer(struct channel *authority, const struct frame *question) {
        if (question->type == MSG_FIND_PROCESS)
                return process_answer(authority, question);
        return unit_answer(authority, question);
}

int main(void) {
        static const struct servant units = {
                .program = "jetond-units",
                .self = PROCESS_UNITS,
                .reads = "/proc",
                .prepare = units_prepare,
                .answer = units_answer,
        };

        return servant_run(&units);
}
