package deflate

// window is the end of what one side sent, which its next message may refer to.
// It is empty until there is something to hold, and grows with it.
type window []byte

// firstWindow is the least that a window allocates.
const firstWindow = 256

// add puts p behind the window and lets go of all but the last size bytes.
func (w *window) add(p []byte, size int) {
	if len(p) > size {
		p = p[len(p)-size:]
	}
	if drop := len(*w) + len(p) - size; drop > 0 {
		*w = (*w)[:copy(*w, (*w)[drop:])]
	}
	if need := len(*w) + len(p); need > cap(*w) {
		// Doubling: many small messages must not each copy the window.
		grown := make([]byte, len(*w), min(size, max(need, 2*cap(*w), firstWindow)))
		copy(grown, *w)
		*w = grown
	}
	*w = append(*w, p...)
}
