package synapseworkers

// TokenLoggers is for tests outside of the package.
var TokenLoggers = tokenLoggers
