//go:build race

package apprpc

const underRace = true
