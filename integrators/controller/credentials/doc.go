// Package credentials is how a controller and its switches know each other over TLS: it
// reads certificates that users bring and makes those of a run that brings none. It
// promises the controllers beside it that nobody without a certificate of the same
// authority gets a word in, and that an authority made for a run can sign nothing after:
// its key is never written.
package credentials
