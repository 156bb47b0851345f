package apprpc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOnlyAFirstLineThatNamesPythonDoesWithoutCertificates(t *testing.T) {
	for text, want := range map[string]bool{
		"#!/usr/bin/python3\n":               true,
		"#! /usr/bin/python3 -u\n":           true,
		"#!/usr/bin/env python3\n":           true,
		"#!/usr/bin/env -S python3.11 -u\n":  true,
		"#!/opt/pypy3\n":                     true,
		"#!/usr/bin/python3":                 true,
		"#!/bin/sh\nexec python3 app.py\n":   false,
		"#!/bin/sh /usr/bin/python3\n":       false,
		"\x7fELF /usr/bin/python3":           false,
		"print('#!/usr/bin/python3')\n":      false,
		"\n#!/usr/bin/python3\n":             false,
		"":                                   false,
		"#!\n":                               false,
		"#!" + strings.Repeat("x", 1000):     false,
		"#!/usr/bin/perl\n#!/usr/bin/python": false,
	} {
		file := filepath.Join(t.TempDir(), "app")
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		if got := isPython(file); got != want {
			t.Errorf("%.60q: %v", text, got)
		}
	}
	if isPython(t.TempDir()) || isPython("/nowhere") {
		t.Error("what is no file is no script")
	}
}

func TestAFileThatTheKernelDoesNotStartHasItsReason(t *testing.T) {
	for text, want := range map[string]string{
		"#!/nowhere/python3\n":     "its first line names /nowhere/python3, which is not there",
		"#!/usr/bin/env\r\n":       "its lines end as on Windows",
		"import sys\nsys.exit()\n": "its first line must be #!/usr/bin/python3",
	} {
		file := filepath.Join(t.TempDir(), "app.py")
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		i, err := Launch(t.Context(), Options{Path: file})
		if err == nil {
			i.Close()
			t.Fatal("it started")
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestAnAppThatIsTalkedToInTheClearListensInItsOwnDirectory(t *testing.T) {
	for _, c := range []struct {
		network, address string
		ok               bool
	}{
		{"unix", "/d/app1", true}, {"unix", "/d/e/app1", false}, {"unix", "/tmp/app1", false}, {"unix", "app1", false},
		{"unix", "@app1", false}, {"unix", "/d/../e/app", false}, {"tcp", "127.0.0.1:80", false}, {"tcp", "/d/app1", false}, {"", "", false},
	} {
		if err := local(c.network, c.address, "/d"); (err == nil) != c.ok {
			t.Errorf("%s %s: %v", c.network, c.address, err)
		}
	}
}

func TestATemporaryFolderThatIsNotThereIsNamed(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "gone"))
	i, err := Launch(t.Context(), Options{Path: os.Args[0]})
	if err == nil {
		i.Close()
		t.Fatal("it started")
	}
	if want := "no folder can be made in " + os.TempDir(); !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}
