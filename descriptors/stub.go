package descriptors

// foreign reads the formats of others.
func (d *decoder) foreign([]top) (*System, error) { return nil, nil }

func checkChunks(string) error { return nil }
