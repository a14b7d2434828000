package nut

// errorCode is what follows ERR (NUT's net-protocol.txt, "Error responses"). Clients know no others.
type errorCode string

const (
	errAccessDenied         errorCode = "ACCESS-DENIED"
	errAlreadyAttached      errorCode = "ALREADY-ATTACHED" // RFC 9271's name for the next one
	errAlreadyLoggedIn      errorCode = "ALREADY-LOGGED-IN"
	errAlreadySSLMode       errorCode = "ALREADY-SSL-MODE"
	errAlreadySetPassword   errorCode = "ALREADY-SET-PASSWORD"
	errAlreadySetUsername   errorCode = "ALREADY-SET-USERNAME"
	errCmdNotSupported      errorCode = "CMD-NOT-SUPPORTED"
	errDataStale            errorCode = "DATA-STALE"
	errDriverNotConnected   errorCode = "DRIVER-NOT-CONNECTED"
	errFeatureNotConfigured errorCode = "FEATURE-NOT-CONFIGURED"
	errInstCmdFailed        errorCode = "INSTCMD-FAILED"
	errInvalidArgument      errorCode = "INVALID-ARGUMENT"
	errInvalidValue         errorCode = "INVALID-VALUE"
	errPasswordRequired     errorCode = "PASSWORD-REQUIRED"
	errReadonly             errorCode = "READONLY"
	errSetFailed            errorCode = "SET-FAILED"
	errTooLong              errorCode = "TOO-LONG"
	errUnknownCommand       errorCode = "UNKNOWN-COMMAND"
	errUnknownUPS           errorCode = "UNKNOWN-UPS"
	errUsernameRequired     errorCode = "USERNAME-REQUIRED"
	errVarNotSupported      errorCode = "VAR-NOT-SUPPORTED"
)
