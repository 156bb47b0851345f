package apprpc

import (
	"os"
	"testing"
)

// TestMain makes the test binary an app, too: APPRPC_TEST_APP says which.
func TestMain(m *testing.M) {
	if kind := os.Getenv("APPRPC_TEST_APP"); kind != "" {
		testApp(kind)
		return
	}
	os.Exit(m.Run())
}
