package interop

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// thing has an id of a type that is not ours.
type thing struct {
	ID     uuid.UUID   `json:"id"`
	Others []uuid.UUID `json:"others"`
}

// Others is a list of such ids in the query.
type Others []uuid.UUID

func getThing(id uuid.UUID, others resolve.Query[Others]) thing { return thing{id, others.Value} }

func TestUUIDInAPath(t *testing.T) {
	s := start(t)
	s.add("GET /things/", getThing, endpoint.Pattern("/things/{id:uuid}"))
	s.add("GET /free/", getThing, endpoint.Pattern("/free/{id}"))
	id, other := uuid.New(), uuid.New()
	for _, path := range []string{"/things/", "/free/"} {
		status, body := get(t, s.URL+path+id.String()+"?others="+other.String())
		require.Equal(t, 200, status, body)
		var got thing
		require.NoError(t, json.Unmarshal([]byte(body), &got))
		require.Equal(t, thing{id, []uuid.UUID{other}}, got)
	}
	status, body := get(t, s.URL+"/free/"+strings.ToUpper(id.String())+"?others=x")
	require.Equal(t, 400, status)
	require.Contains(t, body, `"location":"query.others[0]"`)
	require.NotContains(t, body, "path.id", "upper case is fine")
	status, body = get(t, s.URL+"/free/not-a-uuid")
	require.Equal(t, 400, status)
	require.Contains(t, body, `"location":"path.id"`)
	status, _ = get(t, s.URL+"/things/not-a-uuid")
	require.Equal(t, 404, status, "the constraint does not match")
}

func TestUUIDInASocket(t *testing.T) {
	s := start(t)
	s.add("/talk/", func(id uuid.UUID, m resolve.Message[thing]) string {
		return id.String() + " " + m.Value.ID.String()
	}, endpoint.Pattern("/talk/{id}"))
	id, other := uuid.New(), uuid.New()
	c := gorilla(t, s, "/talk/"+id.String())
	require.Equal(t, id.String()+" "+other.String(), gorillaSay(t, c, `{"id":"`+other.String()+`"}`))
}

func TestSocketsOverPlainHTTP(t *testing.T) {
	s := start(t)
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/echo", 426}, {"HEAD", "/echo", 426}, {"POST", "/echo", 405}, {"DELETE", "/rooms/1", 405}, {"GET", "/rooms/1", 426},
	} {
		req, err := http.NewRequest(tt.method, s.URL+tt.path, nil)
		require.NoError(t, err)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		_ = res.Body.Close()
		require.Equal(t, tt.status, res.StatusCode, "%s %s", tt.method, tt.path)
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body)
}
