// Package apprpc carries the contract of an application, core/app, across a process
// boundary: to those who write an app it gives Serve, the whole of their main; to those
// who run one it gives Launch, which starts the binary and returns an app.Instance, and
// Find, which knows where binaries lie.
//
// The transport is gRPC over a Unix socket with certificates made for the one run
// (HashiCorp's go-plugin does the handshake); the messages are public, in
// proto/app.proto, so an app may be written in another language. For Python there is a
// package, sendim/plugins/python, which Launch lays beside the app; such apps have a
// socket that only their user can reach in place of certificates. Many events travel in
// one message and an app's answers stream back while it works, but it still sees one
// event at a time: how events are batched never changes an answer.
//
// What the host may rely on: an app that crashes, hangs, floods, eats memory or breaks the protocol
// becomes one typed error, *Lost, and never takes the host down or holds it up; its
// process, and what that process started, is gone after Close, and dies with the host
// even when the host is killed. It is no sandbox: an app runs with the rights of the
// user who started sendim.
package apprpc
