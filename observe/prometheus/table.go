package fogoprom

import (
	"maps"
	"sync"
	"sync/atomic"
)

// table finds series by keys whose number is bounded. Looking one up takes no
// lock and allocates nothing; a new one copies the map.
type table[K comparable, V any] struct {
	list atomic.Pointer[map[K]V]
	mu   sync.Mutex // held to add
}

// get finds a value, or makes it.
func (t *table[K, V]) get(key K, fresh func() V) V {
	if list := t.list.Load(); list != nil {
		if v, ok := (*list)[key]; ok {
			return v
		}
	}
	return t.add(key, fresh)
}

func (t *table[K, V]) add(key K, fresh func() V) V {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := map[K]V{}
	if list := t.list.Load(); list != nil {
		old = *list
	}
	if v, ok := old[key]; ok {
		return v // somebody was faster
	}
	v, list := fresh(), maps.Clone(old)
	list[key] = v
	t.list.Store(&list)
	return v
}
