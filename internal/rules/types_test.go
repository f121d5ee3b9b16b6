package rules_test

import (
	"context"
	"net/http"
	"time"

	"github.com/gofogo/fogo/resolve"
)

// The types that the signatures of the golden table are made of.

// Scalars.
type (
	UserID       int
	OrderID      int
	HTTPServerID string
	Sha256Sum    string
	Page         int
	Since        struct{ time.Time }
	Tags         []string
	Levels       []Level
	Level        uint8
	ID[T any]    int
	UUID         [16]byte
	Slug         string
	Loop         complex128
)

func (u *UUID) UnmarshalText([]byte) error { return nil }

func (Slug) ParamName() string { return "article" }

// TraceID names a header by itself.
type TraceID string

func (TraceID) ParamName() string { return "x-trace" }

// Components.
type (
	DB          struct{ dsn string }
	Cache       struct{ size int }
	MemoryStore struct{}
	Limit       int
	Store       interface{ Get(string) string }
	CurrentUser struct {
		Name string `json:"name"`
	}
)

func (*DB) Get(string) string          { return "" }
func (*MemoryStore) Get(string) string { return "" }

// Data structs.
type (
	Chat struct {
		Text string `json:"text"`
	}
	Envelope struct{ Chat }
	Hidden   struct {
		Text string `json:"-"`
	}
	Checked struct {
		Lines []Line `json:"lines"`
	}
	Line struct {
		Count int   `json:"count" validate:"min=1"`
		Next  *Line `json:"next"`
	}
	Stamp struct {
		At string `json:"at"`
	}
)

func (*Stamp) UnmarshalText([]byte) error { return nil }

// Params structs.
type (
	Paging struct {
		Page  int  `query:"page" default:"1"`
		Limit *int `query:"limit"`
	}
	ListUsers struct {
		Paging
		Tenant string   `path:"tenant"`
		Tags   []string `query:"tag"`
		Token  string   `header:"x-token"`
		Theme  string   `cookie:"theme" default:""`
		DB     *DB      `inject:""`
	}
	List[T any] struct {
		Filter T `query:"filter"`
	}
	Upload struct {
		Title string `form:"title"`
		Pages []int  `form:"pages"`
	}
	Create struct {
		User Chat `body:""`
	}
	CreateMaybe struct {
		User *Chat `body:""`
	}
	Unnamed struct {
		RequestID string `header:""`
		SortBy    string `query:""`
		UserID    UserID `path:""`
	}
	Untagged struct {
		Page  int `query:"page"`
		Limit int
	}
	TwoSources struct {
		ID int `path:"id" query:"id"`
	}
	SameName struct {
		A string `header:"X-Token"`
		B string `header:"x-token"`
	}
	Unexported struct {
		Page  int `query:"page"`
		limit int `query:"limit"`
	}
	WrongVar struct {
		ID int `path:"user_idd"`
	}
	PathDefault struct {
		ID int `path:"id" default:"1"`
	}
	RestDefault struct {
		Rest string `path:"rest" default:"index.html"`
	}
	BadDefault struct {
		Page int8 `query:"page" default:"300"`
	}
	BadSliceDefault struct {
		Pages []int `query:"pages" default:"1,two"`
	}
	SliceDefault struct {
		Pages []int `query:"pages" default:"1,2"`
	}
	WaitFor struct {
		Timeout time.Duration `query:"timeout" default:"1m30s"`
	}
	BadWait struct {
		Timeout time.Duration `query:"timeout" default:"90"`
	}
	Bytes struct {
		Raw []byte `query:"raw"`
	}
	MapField struct {
		M map[string]int `query:"m"`
	}
	PathSlice struct {
		IDs []int `path:"id"`
	}
	PointerToSlice struct {
		Tags *[]string `query:"tag"`
	}
	WrapperField struct {
		Page resolve.Query[Page] `query:"page"`
	}
	WrapperUntagged struct {
		Size int `query:"size"`
		Page resolve.Query[Page]
	}
	Comma struct {
		Page int `query:"page,omitempty"`
	}
	Dash struct {
		Page int `query:"-"`
	}
	BadHeader struct {
		Token string `header:"X Token"`
	}
	InjectNamed struct {
		Page int `query:"page"`
		DB   *DB `inject:"main"`
	}
	InjectMissing struct {
		Page int    `query:"page"`
		C    *Cache `inject:""`
	}
	InjectRequest struct {
		Page int           `query:"page"`
		R    *http.Request `inject:""`
	}
	InjectOnly struct {
		DB *DB `inject:""`
	}
	InjectDefault struct {
		Page int `query:"page"`
		DB   *DB `inject:"" default:"x"`
	}
	BodyDefault struct {
		B Chat `body:"" default:"{}"`
	}
	BodyAndForm struct {
		B     Chat   `body:""`
		Title string `form:"title"`
	}
	Left struct {
		Name string `query:"name"`
	}
	Right struct {
		Name string `query:"other"`
	}
	Ambiguous struct {
		Left
		Right
	}
	ThroughPointer struct{ *Paging }
	Shadowing      struct {
		Paging
		Page string `query:"p"`
	}
	Stamped struct {
		time.Time
		Page int `query:"page"`
	}
	Validated struct {
		Page int `query:"page" validate:"min=1"`
	}
	hidden struct {
		Size int `query:"size"`
	}
	Embedded struct{ hidden }
)

// Structs inside wrappers.
type (
	Filter struct {
		SortBy string
		Limit  *int   `query:"max" default:"10"`
		Skip   string `query:"-"`
		note   string
	}
	Trace struct {
		RequestID string
		Parent    string `header:"traceparent"`
	}
	SignUp struct {
		Email string
		Terms bool
	}
	Nested  struct{ Inner Filter }
	Foreign struct {
		Token string `header:"X-Token"`
	}
	Nothing struct{ note string }
)

// Forms with files.
type (
	Avatar struct {
		Title string         `maxsize:"1KiB"`
		Image resolve.File   `form:"avatar" maxsize:"5MB" accept:"image/png, IMAGE/JPEG"`
		More  []resolve.File `accept:"image/*"`
		Notes *resolve.File  `form:"notes"`
	}
	AvatarParams struct {
		ID    int          `path:"id"`
		Title string       `form:"title"`
		Image resolve.File `form:"image"`
	}
	EmbeddedFile struct{ resolve.File }
	FileQuery    struct {
		F resolve.File `query:"f"`
	}
	FileBody struct {
		F *resolve.File `body:""`
	}
	FileInBody struct {
		A Attached `body:""`
	}
	Attached    struct{ Files map[string][]resolve.File }
	FileDefault struct {
		F resolve.File `form:"f" default:"x"`
	}
	FilePointers  struct{ F []*resolve.File }
	FilesPointer  struct{ F *[]resolve.File }
	FileAcceptCSV struct {
		F resolve.File `accept:"text/csv"`
	}
	FileAcceptJPG struct {
		F resolve.File `accept:"image/png,image/jpg"`
	}
	FileAcceptAny struct {
		F resolve.File `accept:"*/*"`
	}
	FileAcceptDOCX struct {
		F resolve.File `accept:"application/vnd.openxmlformats-officedocument.wordprocessingml.document"`
	}
	FileAcceptSVG struct {
		F resolve.File `accept:"image/svg+xml"`
	}
	FileAcceptNone struct {
		F resolve.File `accept:""`
	}
	FileSize struct {
		F resolve.File `maxsize:"5 apples"`
	}
	FileSizeZero struct {
		F resolve.File `maxsize:"0"`
	}
	TextAccept struct {
		F string `form:"f" accept:"text/plain"`
	}
	QuerySize struct {
		F string `query:"f" maxsize:"5KB"`
	}
	FileView struct {
		Image resolve.File `form:"image"`
	}
	FromParts struct{ n int }
)

func (*FromParts) Extract(resolve.Parts) error { return nil }

// Types that extract themselves, and near-misses.
type (
	Token      string
	Session    struct{ id string }
	Tenant     struct{ id string }
	FromBody   struct{ n int }
	NoError    struct{}
	TwoResults struct{}
	Copying    struct{ id string }
	VarExtract struct{}
	Both       struct {
		Page int `query:"page"`
	}
	Selfish struct{ n int }
	A       struct{ b *B }
	B       struct{ a *A }
)

func (*Token) Extract(http.Header) error                      { return nil }
func (*Session) Extract(resolve.Cookie[SessionID], *DB) error { return nil }
func (*Tenant) Extract(UserID) error                          { return nil }
func (*FromBody) Extract(resolve.Body[Chat]) error            { return nil }
func (*NoError) Extract(http.Header)                          {}
func (*TwoResults) Extract() (string, error)                  { return "", nil }
func (Copying) Extract(http.Header) error                     { return nil }
func (*VarExtract) Extract(...string) error                   { return nil }
func (*Both) Extract() error                                  { return nil }
func (*Selfish) Extract(Selfish) error                        { return nil }
func (*A) Extract(B) error                                    { return nil }
func (*B) Extract(context.Context, A) error                   { return nil }

// SessionID is the cookie session_id.
type SessionID string

// Class prototypes.
type (
	UsersView struct {
		DB     *DB    `inject:""`
		Tenant string `path:"tenant"`
		Page   int    `query:"page" default:"1"`
		Count  int
		note   string
	}
	RoomView struct {
		Room    string `path:"room"`
		Members map[string]bool
	}
	FormView struct {
		Title string `form:"title"`
	}
	HiddenView struct {
		db *DB `inject:""`
	}
	PlainView struct{ Count int }
	FuncView  func()
)
