package traffic

import (
	"context"

	"sendim/core/model"
	"sendim/core/random"
)

// udpPaced sends the packets of a schedule, each when it is due: the same packets as in
// every other world.
func udpPaced(ctx context.Context, j *job) (Measured, error) {
	pacer, err := j.Schedule.Pacer(random.New(j.Seed))
	if err != nil {
		return Measured{}, err
	}
	return udpTrain(ctx, j, 1<<16, func() (after int64, size int, ok bool) {
		at, bytes, more := pacer.Next()
		return int64(at / model.Nanosecond), int(max(bytes, header)), more
	})
}
