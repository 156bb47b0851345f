package hpcc

import (
	"testing"

	"sendim/converters/draft/drafttest"
)

func FuzzRead(f *testing.F) { drafttest.Fuzz(f, Is, Read, []drafttest.Law{drafttest.Complete}, small) }
