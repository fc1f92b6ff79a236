#pragma once
#include <libpq-fe.h>

/// The field of an error result that holds the SQLSTATE; a character macro, which Swift does not import.
static const int todo_pg_diag_sqlstate = PG_DIAG_SQLSTATE;
/// The field of an error result that holds the message in one line.
static const int todo_pg_diag_message_primary = PG_DIAG_MESSAGE_PRIMARY;
/// The field of an error result that holds its severity, never translated.
static const int todo_pg_diag_severity = PG_DIAG_SEVERITY_NONLOCALIZED;
