// Package xmlscan splits XML text into tokens: strictly, as a stream, at a rate that leaves the time to whoever
// reads the tokens, and with memory that stays bounded whatever the input is.
//
// It serves the decoder of our own descriptors and the importers of foreign XML formats. What it promises them:
//
//   - Only well-formed XML 1.0 passes: one root, matching tags, quoted and unique attributes, legal names and
//     characters. A fault is a *SyntaxError with a code, an exact place and a sentence that says what to do.
//   - No document type definitions, hence no entities but the five predefined ones: entity bombs cannot be written.
//   - Limits on depth, names, attributes, tokens and bytes; crossing one is an error, never a large allocation.
//   - The tokens depend only on the bytes, not on how a reader hands them out.
//   - No allocation per token. What a token hands out is valid until the next call of Next.
//   - Line and column cost nothing until they are asked for.
//
// Encodings: UTF-8 (with or without byte order mark), and ISO-8859-1 and US-ASCII where the XML declaration names
// them. All others are refused by name. Tokens are always UTF-8.
//
// Namespaces are not resolved: a prefix stays part of the name (Local cuts it off), xmlns attributes are ordinary
// attributes, and a name has at most one colon, with something on both sides of it.
//
// A Scanner belongs to one goroutine. Several scanners do not disturb each other.
package xmlscan
