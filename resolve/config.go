package resolve

// Config is what an application decides about the values of its requests.
type Config struct {
	// Codecs read bodies and messages; the first is the default, JSON and XML
	// if empty.
	Codecs Codecs
	// Answers are the codecs that results are offered in, in order of
	// preference: if empty Codecs, or JSON alone if that is empty too. With
	// more than one, clients choose by Accept.
	Answers Codecs
	// Validator checks `validate` tags; without one such tags are a build
	// error.
	Validator Validator
	// MaxBody is the limit for request bodies in bytes; 1 MiB if 0.
	MaxBody int64
	// Uploads are the limits of multipart forms.
	Uploads Uploads
}

// DefaultMaxBody is the limit for request bodies where none is configured.
const DefaultMaxBody = 1 << 20

// WithDefaults returns the config with the defaults filled in.
func (c Config) WithDefaults() Config {
	if len(c.Codecs) == 0 {
		c.Codecs = Codecs{JSON(), XML()}
		if len(c.Answers) == 0 {
			// A choice that few clients make would cost all of them: the Accept
			// header is parsed, caches have to be told, and what a struct looks
			// like in XML is found out by a client rather than designed.
			c.Answers = c.Codecs[:1:1]
		}
	}
	if len(c.Answers) == 0 {
		c.Answers = c.Codecs
	}
	if c.MaxBody == 0 {
		c.MaxBody = DefaultMaxBody
	}
	c.Uploads = c.Uploads.withDefaults()
	return c
}
