// Package appv1 is the public wire form of applications, generated from app.proto, which
// documents the protocol for those who write an app in another language. Go programs use
// plugins/apprpc instead.
package appv1
