#pragma once
#include <libpq-fe.h>
#include <openssl/ssl.h>

/// The field of an error result that holds the SQLSTATE; a character macro, which Swift does not import.
static const int todo_pg_diag_sqlstate = PG_DIAG_SQLSTATE;
/// The field of an error result that holds the message in one line.
static const int todo_pg_diag_message_primary = PG_DIAG_MESSAGE_PRIMARY;
/// The field of an error result that holds its severity, never translated.
static const int todo_pg_diag_severity = PG_DIAG_SEVERITY_NONLOCALIZED;

/// How many bytes of the last TLS record are decrypted and not read; OpenSSL's handle is a `void *` in libpq.
static inline int todo_pq_pending(PGconn *connection) {
    SSL *ssl = PQsslStruct(connection, "OpenSSL");
    return ssl ? SSL_pending(ssl) : 0;
}
