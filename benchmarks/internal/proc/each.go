package proc

import (
	"errors"
	"sync"
)

// Each calls f for every member of a list, some at a time, and joins the errors.
func Each[T any](atOnce int, list []T, f func(T) error) error {
	errs := make([]error, len(list))
	slots := make(chan struct{}, max(atOnce, 1))
	var wg sync.WaitGroup
	for i, v := range list {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			errs[i] = f(v)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
