package ratelimit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"hash/maphash"
	"math"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// defaultMaxKeys is the number of keys that a [Memory] remembers: some 20 MiB.
const defaultMaxKeys = 100_000

// maxKey is the length in bytes up to which keys are kept as they are. Of longer
// ones, such as tokens, the hash is, so that keys cannot fill the memory.
const maxKey = 64

// shards share the keys, so that requests seldom wait for each other.
const shards = 64

// Memory limits the rate in this process: each key has a token bucket of
// golang.org/x/time/rate, which holds the burst and is refilled evenly.
//
// It needs no goroutine: buckets that are full again are forgotten while new
// ones are made.
type Memory struct {
	limit  rate.Limit
	burst  int
	refill time.Duration // of an empty bucket
	max    int           // keys per shard
	seed   maphash.Seed  // so that nobody can aim at one shard
	shards [shards]shard
	now    func() time.Time
}

type shard struct {
	mu      sync.Mutex // guards what follows
	buckets map[string]*rate.Limiter
	swept   time.Time
}

// NewMemory allows limit requests per window and key, and burst at once, limit
// if that is 0. It remembers up to maxKeys keys, or 100,000. The limit and the
// window must be positive.
func NewMemory(limit int, window time.Duration, burst, maxKeys int) *Memory {
	m := &Memory{
		limit: rate.Limit(float64(limit) / window.Seconds()),
		burst: cmp.Or(burst, limit),
		max:   max(cmp.Or(max(maxKeys, 0), defaultMaxKeys)/shards, 1),
		seed:  maphash.MakeSeed(),
		now:   time.Now,
	}
	m.refill = m.timeFor(float64(m.burst))
	for i := range m.shards {
		m.shards[i].buckets = map[string]*rate.Limiter{}
	}
	return m
}

// Take implements [Limiter]. It returns no errors.
func (m *Memory) Take(_ context.Context, key string) (Result, error) {
	if len(key) > maxKey {
		sum := sha256.Sum256([]byte(key))
		key = string(sum[:])
	}
	now := m.now()
	s := &m.shards[maphash.String(m.seed, key)%shards]
	s.mu.Lock()
	b := s.buckets[key]
	if b == nil {
		b = m.add(s, key, now)
	}
	allowed := b.AllowN(now, 1)
	tokens := b.TokensAt(now)
	s.mu.Unlock()

	res := Result{
		Allowed: allowed, Limit: m.burst, Remaining: int(max(tokens, 0)),
		Reset: m.timeFor(float64(m.burst) - tokens),
	}
	if tokens < 1 {
		res.RetryAfter = m.timeFor(1 - tokens)
	}
	return res, nil
}

// timeFor is how long it takes to make tokens, up to the longest Duration.
func (m *Memory) timeFor(tokens float64) time.Duration {
	d := max(tokens, 0) / float64(m.limit) * float64(time.Second)
	if d >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(d)
}

// add makes the bucket of a new key, and room for it.
func (m *Memory) add(s *shard, key string, now time.Time) *rate.Limiter {
	if now.Sub(s.swept) > m.refill {
		m.sweep(s, now)
	}
	if len(s.buckets) >= m.max {
		for k := range s.buckets {
			delete(s.buckets, k)
			break
		}
	}
	b := rate.NewLimiter(m.limit, m.burst)
	s.buckets[strings.Clone(key)] = b // the key may be a part of something big
	return b
}

// sweep forgets the buckets that are full: new ones would be the same.
func (m *Memory) sweep(s *shard, now time.Time) {
	for k, b := range s.buckets {
		if b.TokensAt(now) >= float64(m.burst) {
			delete(s.buckets, k)
		}
	}
	s.swept = now
}

// Len is the number of keys that are remembered.
func (m *Memory) Len() int {
	n := 0
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		n += len(s.buckets)
		s.mu.Unlock()
	}
	return n
}
