// Package ovstest gives tests an Open vSwitch of their own, in a sandbox that ends with its
// test. For tests only.
package ovstest
