package resolve

import "cmp"

// Uploads are the limits of multipart forms. A zero field has its default. The
// size of the whole body is limited by [Config].MaxBody, or by the option
// endpoint.MaxBody of a view.
//
// It is an option of fogo.New, too:
//
//	app := fogo.New(resolve.Uploads{Memory: 4 << 20, Dir: "/var/tmp/shop"})
type Uploads struct {
	// Memory is how many bytes of files one call keeps in memory, all of its
	// files together; what is beyond that goes to files in Dir. 1 MiB if 0, and
	// none at all if negative.
	Memory int64
	// Dir is where files are spooled to, os.TempDir() if "". A file there is
	// called "fogo-upload-" and a number, belongs to one call, is readable for its
	// owner only, and is removed at the end of the call. A process that is killed
	// leaves its files behind.
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
	// first; 8 KiB if 0. It is checked to a precision of the 8 KiB that are read
	// at a time.
	MaxHeader int
}

// The defaults of [Uploads].
const (
	DefaultUploadMemory   = 1 << 20
	DefaultMaxUploadFiles = 100
	DefaultMaxUploadText  = 1 << 20
	DefaultMaxUploadParts = 1000
	DefaultMaxPartHeader  = 8 << 10
)

// ApplyValues makes Uploads an option of fogo.New.
func (u Uploads) ApplyValues(c *Config) { c.Uploads = u }

func (u Uploads) withDefaults() Uploads {
	u.Memory = cmp.Or(u.Memory, DefaultUploadMemory)
	u.MaxFiles = cmp.Or(u.MaxFiles, DefaultMaxUploadFiles)
	u.MaxText = cmp.Or(u.MaxText, DefaultMaxUploadText)
	u.MaxField = cmp.Or(u.MaxField, u.MaxText)
	u.MaxParts = cmp.Or(u.MaxParts, DefaultMaxUploadParts)
	u.MaxHeader = cmp.Or(u.MaxHeader, DefaultMaxPartHeader)
	return u
}
