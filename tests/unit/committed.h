/* One change in a transaction of its own, for tests of what it leaves behind:
 *
 *         r = committed(store, users_remove(transaction, id));
 *
 * 0 or -errno, of the change or of its commit. */
#ifndef JETON_TEST_COMMITTED_H
#define JETON_TEST_COMMITTED_H

#include "../../daemon/authority/store/transaction.h"

#define committed(store, change)                                              \
        ({                                                                    \
                _cleanup_transaction_ struct transaction *transaction = NULL; \
                int result = transaction_begin(store, &transaction);          \
                                                                              \
                if (result == 0)                                              \
                        result = (change);                                    \
                result == 0 ? transaction_commit(transaction) : result;       \
        })

#endif
