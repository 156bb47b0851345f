package flow

import "fmt"

// ErrorType is the type of an error message (section 7.4.4), with OpenFlow's numbers.
type ErrorType uint16

// The error types that a modification of rules, groups and meters can cause.
const (
	BadAction      ErrorType = 2
	BadInstruction ErrorType = 3
	BadMatch       ErrorType = 4
	FlowModFailed  ErrorType = 5
	GroupModFailed ErrorType = 6
	MeterModFailed ErrorType = 12
)

// ErrorCode is the code of an error message within its type, with OpenFlow's numbers.
type ErrorCode uint16

// Codes of BadAction.
const (
	BadActionType     ErrorCode = 0
	BadOutPort        ErrorCode = 4
	BadArgument       ErrorCode = 5
	BadOutGroup       ErrorCode = 9
	MatchInconsistent ErrorCode = 10
	BadTag            ErrorCode = 12
	BadSetType        ErrorCode = 13
	BadSetArgument    ErrorCode = 15
)

// Codes of BadInstruction.
const (
	BadGoto         ErrorCode = 2
	BadMetadataMask ErrorCode = 4
)

// Codes of BadMatch.
const (
	BadField       ErrorCode = 6
	BadValue       ErrorCode = 7
	BadMask        ErrorCode = 8
	BadPrereq      ErrorCode = 9
	DuplicateField ErrorCode = 10
)

// Codes of FlowModFailed.
const (
	TableFull      ErrorCode = 1
	BadTable       ErrorCode = 2
	Overlap        ErrorCode = 3
	BadFlowCommand ErrorCode = 6
)

// Codes of GroupModFailed.
const (
	GroupExists     ErrorCode = 0
	InvalidGroup    ErrorCode = 1
	OutOfGroups     ErrorCode = 3
	OutOfBuckets    ErrorCode = 4
	ChainTooLong    ErrorCode = 5
	GroupLoop       ErrorCode = 7
	UnknownGroup    ErrorCode = 8
	ChainedGroup    ErrorCode = 9
	BadGroupType    ErrorCode = 10
	BadGroupCommand ErrorCode = 11
	BadWatch        ErrorCode = 13
)

// Codes of MeterModFailed.
const (
	MeterExists     ErrorCode = 1
	InvalidMeter    ErrorCode = 2
	UnknownMeter    ErrorCode = 3
	BadMeterCommand ErrorCode = 4
	BadRate         ErrorCode = 6
	OutOfMeters     ErrorCode = 10
)

// Error says why a switch refused a modification, in OpenFlow's numbers and in words.
type Error struct {
	Type ErrorType
	Code ErrorCode
	What string // what was wrong, no trailing full stop
}

// Error says what was wrong and gives type and code, by name and number.
func (e *Error) Error() string {
	return fmt.Sprintf("flow: %s (%s, OpenFlow error %d/%d)", e.What, e.Name(), e.Type, e.Code)
}

// Name is the specification's name of type and code, such as flow-mod-failed/table-full.
func (e *Error) Name() string {
	for _, n := range errorNames {
		if n.Type == e.Type && n.Code == e.Code {
			return n.What
		}
	}
	return "unknown"
}

// errorNames lists every pair in use. Read only.
var errorNames = [...]Error{
	{BadAction, BadActionType, "bad-action/bad-type"},
	{BadAction, BadOutPort, "bad-action/bad-out-port"},
	{BadAction, BadArgument, "bad-action/bad-argument"},
	{BadAction, BadOutGroup, "bad-action/bad-out-group"},
	{BadAction, MatchInconsistent, "bad-action/match-inconsistent"},
	{BadAction, BadTag, "bad-action/bad-tag"},
	{BadAction, BadSetType, "bad-action/bad-set-type"},
	{BadAction, BadSetArgument, "bad-action/bad-set-argument"},
	{BadInstruction, BadGoto, "bad-instruction/bad-table-id"},
	{BadInstruction, BadMetadataMask, "bad-instruction/unsupported-metadata-mask"},
	{BadMatch, BadField, "bad-match/bad-field"},
	{BadMatch, BadValue, "bad-match/bad-value"},
	{BadMatch, BadMask, "bad-match/bad-mask"},
	{BadMatch, BadPrereq, "bad-match/bad-prereq"},
	{BadMatch, DuplicateField, "bad-match/dup-field"},
	{FlowModFailed, TableFull, "flow-mod-failed/table-full"},
	{FlowModFailed, BadTable, "flow-mod-failed/bad-table-id"},
	{FlowModFailed, Overlap, "flow-mod-failed/overlap"},
	{FlowModFailed, BadFlowCommand, "flow-mod-failed/bad-command"},
	{GroupModFailed, GroupExists, "group-mod-failed/group-exists"},
	{GroupModFailed, InvalidGroup, "group-mod-failed/invalid-group"},
	{GroupModFailed, OutOfGroups, "group-mod-failed/out-of-groups"},
	{GroupModFailed, OutOfBuckets, "group-mod-failed/out-of-buckets"},
	{GroupModFailed, ChainTooLong, "group-mod-failed/chaining-unsupported"},
	{GroupModFailed, GroupLoop, "group-mod-failed/loop"},
	{GroupModFailed, UnknownGroup, "group-mod-failed/unknown-group"},
	{GroupModFailed, ChainedGroup, "group-mod-failed/chained-group"},
	{GroupModFailed, BadGroupType, "group-mod-failed/bad-type"},
	{GroupModFailed, BadGroupCommand, "group-mod-failed/bad-command"},
	{GroupModFailed, BadWatch, "group-mod-failed/bad-watch"},
	{MeterModFailed, MeterExists, "meter-mod-failed/meter-exists"},
	{MeterModFailed, InvalidMeter, "meter-mod-failed/invalid-meter"},
	{MeterModFailed, UnknownMeter, "meter-mod-failed/unknown-meter"},
	{MeterModFailed, BadMeterCommand, "meter-mod-failed/bad-command"},
	{MeterModFailed, BadRate, "meter-mod-failed/bad-rate"},
	{MeterModFailed, OutOfMeters, "meter-mod-failed/out-of-meters"},
}

func refuse(t ErrorType, c ErrorCode, format string, args ...any) error {
	return &Error{t, c, fmt.Sprintf(format, args...)}
}
