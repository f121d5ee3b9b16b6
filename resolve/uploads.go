package resolve

import (
	"cmp"
	"math"
)

// Uploads are the limits of multipart forms. A zero field has its default, and a
// negative limit is none. The size of the whole body is limited by
// [Config].MaxBody, or by the option endpoint.MaxBody of a view.
//
// It is an option of fogo.New, too:
//
//	app := fogo.New(resolve.Uploads{Memory: 4 << 20, Dir: "/var/tmp/shop"})
type Uploads struct {
	// Memory is how many bytes of files one call keeps in memory, all of its
	// files together; what is beyond that goes to files in Dir. 1 MiB if 0, and
	// none at all if negative.
	Memory int64
	// MaxSpool is how many bytes the files of all calls of the application
	// together have in Dir at a time; 1 GiB if 0. A file that finds no room left is
	// answered with 503, see [SpoolFullError]; a call that exceeds it alone with 413;
	// and a field of which one file could is an error of the build. A file counts from its first byte on
	// disk until it is removed or kept, see [File.Keep]. An endpoint that is in no
	// application counts for itself.
	MaxSpool int64
	// Dir is where files are spooled to, os.TempDir() if "". A file there is
	// called "fogo-upload-" and a number, belongs to one call, is readable for its
	// owner only, and is removed at the end of the call. A process that is killed
	// leaves its files behind. On some systems os.TempDir() is in memory: name a
	// directory on a disk there.
	Dir string
	// MaxFile limits each file, in bytes; 0 means that the limit of the body is
	// the only one. The tag `maxsize:"5MB"` of a field can only lower it.
	MaxFile int64
	// MaxFiles limits the number of files; 100 if 0.
	MaxFiles int
	// MaxField limits each text field in bytes, 0 means MaxText.
	MaxField int64
	// MaxText limits the names and texts of a form together, in bytes, since
	// they are in memory; 1 MiB if 0. Only forms with files need it: others are
	// no larger than the body.
	MaxText int64
	// MaxParts limits the number of parts; 1000 if 0.
	MaxParts int
	// MaxHeader limits the header of each part, and what may stand before the
	// first; 8 KiB if 0. It is checked to a precision of the 4 KiB that are read
	// at a time.
	MaxHeader int

	// space is shared by the copies of what has its defaults, which are of one
	// application.
	space *spoolSpace
}

// The defaults of [Uploads].
const (
	DefaultUploadMemory   = 1 << 20
	DefaultMaxSpool       = 1 << 30
	DefaultMaxUploadFiles = 100
	DefaultMaxUploadText  = 1 << 20
	DefaultMaxUploadParts = 1000
	DefaultMaxPartHeader  = 8 << 10
)

// ApplyValues makes Uploads an option of fogo.New.
func (u Uploads) ApplyValues(c *Config) { c.Uploads = u }

// withDefaults fills in the defaults. What it returns is not changed by it.
func (u Uploads) withDefaults() Uploads {
	if u.Memory < 0 {
		u.Memory = -1
	} else {
		u.Memory = limitOr(u.Memory, DefaultUploadMemory)
	}
	u.MaxSpool = limitOr(u.MaxSpool, DefaultMaxSpool)
	u.MaxFile = max(u.MaxFile, 0)
	u.MaxFiles = countOr(u.MaxFiles, DefaultMaxUploadFiles)
	u.MaxText = limitOr(u.MaxText, DefaultMaxUploadText)
	u.MaxField = limitOr(u.MaxField, u.MaxText)
	u.MaxParts = countOr(u.MaxParts, DefaultMaxUploadParts)
	u.MaxHeader = countOr(u.MaxHeader, DefaultMaxPartHeader)
	if u.space == nil {
		u.space = &spoolSpace{limit: u.MaxSpool}
	}
	return u
}

// unlimited is so large that nothing reaches it, and small enough for one more
// to be a number.
const unlimited = 1 << 62

// limitOr is a limit in bytes, none if it is negative.
func limitOr(n, normal int64) int64 {
	if n < 0 {
		return unlimited
	}
	return min(cmp.Or(n, normal), unlimited)
}

// countOr is a limit of an int, none if it is negative.
func countOr(n, normal int) int {
	if n < 0 {
		return math.MaxInt
	}
	return cmp.Or(n, normal)
}
