package fault

// The codes. Keep Catalogue in step: a test holds that every constant is listed.
const (
	Syntax             Code = "syntax"
	Encoding           Code = "encoding"
	Limit              Code = "limit"
	UnknownElement     Code = "unknown-element"
	UnknownAttribute   Code = "unknown-attribute"
	MissingAttribute   Code = "missing-attribute"
	MisplacedElement   Code = "misplaced-element"
	BadUnit            Code = "bad-unit"
	BadNumber          Code = "bad-number"
	BadChoice          Code = "bad-choice"
	BadName            Code = "bad-name"
	BadAddress         Code = "bad-address"
	BadSelector        Code = "bad-selector"
	OutOfRange         Code = "out-of-range"
	DuplicateID        Code = "duplicate-id"
	UnknownNode        Code = "unknown-node"
	UnknownLink        Code = "unknown-link"
	UnknownReference   Code = "unknown-reference"
	SelfLink           Code = "self-link"
	LinkDisagrees      Code = "link-disagrees"
	PortTaken          Code = "port-taken"
	AddressTaken       Code = "address-taken"
	HostUnattached     Code = "host-unattached"
	FlowIncomplete     Code = "flow-incomplete"
	FlowConflict       Code = "flow-conflict"
	IncludeCycle       Code = "include-cycle"
	IncludeOutside     Code = "include-outside"
	IncludeMissing     Code = "include-missing"
	FileMissing        Code = "file-missing"
	GeneratorOption    Code = "generator-option"
	UnknownApp         Code = "unknown-app"
	UnknownParameter   Code = "unknown-parameter"
	BadParameter       Code = "bad-parameter"
	ChecksumMissing    Code = "checksum-missing"
	ChecksumWrong      Code = "checksum-wrong"
	MissingCapability  Code = "missing-capability"
	NotYet             Code = "not-available"
	RealizationMissing Code = "realization-missing"
	Unused             Code = "unused"
	OverBudget         Code = "over-budget"
)

// Entry explains one code.
type Entry struct {
	Code    Code
	Meaning string
}

// Catalogue lists every code with its meaning, in the order of the documentation.
func Catalogue() []Entry {
	return []Entry{
		{Syntax, "the text is not well-formed in its format"},
		{Encoding, "the bytes are not text in an encoding that is read"},
		{Limit, "the input exceeds a limit that keeps time and memory bounded"},
		{UnknownElement, "an element that the language does not have"},
		{UnknownAttribute, "an attribute that its element does not have"},
		{MissingAttribute, "a required attribute is absent"},
		{MisplacedElement, "a known element at a place where it means nothing"},
		{BadUnit, "a quantity without a unit, or with one that does not fit"},
		{BadNumber, "not a number, or not a finite one"},
		{BadChoice, "a value outside a fixed set"},
		{BadName, "an id that breaks the rules for ids"},
		{BadAddress, "not an address of the kind asked for"},
		{BadSelector, "a selector that cannot be read or matches nothing"},
		{OutOfRange, "a number outside its range"},
		{DuplicateID, "an id used twice"},
		{UnknownNode, "a node that is not declared"},
		{UnknownLink, "a link that does not exist"},
		{UnknownReference, "a class, profile, service, tenant or flow that is not declared"},
		{SelfLink, "a link from a node to itself"},
		{LinkDisagrees, "two mentions of one link that contradict each other"},
		{PortTaken, "a port number used by two links"},
		{AddressTaken, "an address used twice"},
		{HostUnattached, "a host without a link takes part in traffic"},
		{FlowIncomplete, "a flow without enough said to carry it out"},
		{FlowConflict, "a flow whose attributes contradict each other"},
		{IncludeCycle, "files that include each other in a circle"},
		{IncludeOutside, "an include that leaves the project's folder"},
		{IncludeMissing, "an included file that cannot be read"},
		{FileMissing, "a file that cannot be read"},
		{GeneratorOption, "a generator's option that is unknown or does not fit"},
		{UnknownApp, "an application that cannot be found"},
		{UnknownParameter, "a parameter that the application does not have"},
		{BadParameter, "a parameter's value that does not fit its type"},
		{ChecksumMissing, "a checksum is required in this environment"},
		{ChecksumWrong, "the binary is not the one the checksum was made of"},
		{MissingCapability, "the chosen world cannot do what the model asks"},
		{NotYet, "part of the language that this version cannot carry out"},
		{RealizationMissing, "a deployment descriptor without a realization"},
		{Unused, "something declared that nothing uses"},
		{OverBudget, "a world takes longer to bring up than its budget"},
	}
}
