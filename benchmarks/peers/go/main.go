// The Go peer: the catalogue's reads as the former service made them, with chi and pgx.
//
// It counts and offsets for a list, and searches with LOWER(…) LIKE, as that service did; the JSON is that of the API
// contract. Every request has an id and a line in the access log. DATABASE_URL, PORT and MAX_CONNS say where and how.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const columns = `id, name, COALESCE(description, ''), price, stock, category_id, image_url, sku, created_at, updated_at`

// Product is what clients see.
type Product struct {
	ID          uuid.UUID `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Price       float64   `json:"price"`
	Stock       int       `json:"stock"`
	CategoryID  uuid.UUID `json:"category_id"`
	ImageURL    *string   `json:"image_url,omitempty"`
	SKU         *string   `json:"sku,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// ProductList is a page of products with the total.
type ProductList struct {
	Products   []Product `json:"products"`
	TotalCount int64     `json:"total_count"`
	Page       int       `json:"page"`
	PageSize   int       `json:"page_size"`
	TotalPages int       `json:"total_pages"`
}

type envelope struct {
	Data any `json:"data"`
}

type problem struct {
	Error struct {
		Code      string `json:"code"`
		Message   string `json:"message"`
		RequestID string `json:"request_id"`
	} `json:"error"`
}

type server struct {
	pool *pgxpool.Pool
}

func scan(row pgx.Row, p *Product) error {
	return row.Scan(&p.ID, &p.Name, &p.Description, &p.Price, &p.Stock, &p.CategoryID, &p.ImageURL, &p.SKU,
		&p.CreatedAt, &p.UpdatedAt)
}

func (s *server) product(w http.ResponseWriter, r *http.Request) {
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		fail(w, r, http.StatusNotFound, "PRODUCT_NOT_FOUND", "Product not found")
		return
	}
	var p Product
	row := s.pool.QueryRow(r.Context(), `SELECT `+columns+` FROM products WHERE id = $1 AND deleted_at IS NULL`, id)
	switch err := scan(row, &p); {
	case errors.Is(err, pgx.ErrNoRows):
		fail(w, r, http.StatusNotFound, "PRODUCT_NOT_FOUND", "Product not found")
	case err != nil:
		internal(w, r, err)
	default:
		answer(w, http.StatusOK, envelope{p})
	}
}

func (s *server) products(w http.ResponseWriter, r *http.Request) {
	page := positive(r, "page", 1, 1<<30)
	size := positive(r, "page_size", 10, 100)
	list, err := s.list(r.Context(), r.URL.Query().Get("category_id"), r.URL.Query().Get("search"), page, size)
	if err != nil {
		internal(w, r, err)
		return
	}
	answer(w, http.StatusOK, envelope{list})
}

func (s *server) list(ctx context.Context, category, search string, page, size int) (*ProductList, error) {
	where, args := []string{"deleted_at IS NULL"}, []any{}
	if category != "" {
		args = append(args, category)
		where = append(where, fmt.Sprintf("category_id = $%d", len(args)))
	}
	if search != "" {
		args = append(args, "%"+strings.ToLower(search)+"%")
		where = append(where, fmt.Sprintf("(LOWER(name) LIKE $%d OR LOWER(description) LIKE $%d)", len(args), len(args)))
	}
	condition := strings.Join(where, " AND ")
	list := &ProductList{Products: []Product{}, Page: page, PageSize: size}
	err := s.pool.QueryRow(ctx, `SELECT COUNT(*) FROM products WHERE `+condition, args...).Scan(&list.TotalCount)
	if err != nil {
		return nil, err
	}
	list.TotalPages = int((list.TotalCount + int64(size) - 1) / int64(size))
	query := fmt.Sprintf(`SELECT %s FROM products WHERE %s ORDER BY created_at DESC LIMIT $%d OFFSET $%d`,
		columns, condition, len(args)+1, len(args)+2)
	rows, err := s.pool.Query(ctx, query, append(args, size, (page-1)*size)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Product
		if err := scan(rows, &p); err != nil {
			return nil, err
		}
		list.Products = append(list.Products, p)
	}
	return list, rows.Err()
}

func positive(r *http.Request, name string, fallback, most int) int {
	number, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || number < 1 {
		return fallback
	}
	return min(number, most)
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func fail(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	var p problem
	p.Error.Code, p.Error.Message, p.Error.RequestID = code, message, middleware.GetReqID(r.Context())
	answer(w, status, p)
}

func internal(w http.ResponseWriter, r *http.Request, err error) {
	slog.Error("request failed", "error", err, "request_id", middleware.GetReqID(r.Context()))
	fail(w, r, http.StatusInternalServerError, "INTERNAL_ERROR", "Internal error")
}

// identified gives the request an id, the caller's own or a new one, and sends it back.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-ID")
		if id == "" {
			id = uuid.NewString()
		}
		w.Header().Set("X-Request-ID", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), middleware.RequestIDKey, id)))
	})
}

// logged writes a line for each request.
func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		wrapped := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(wrapped, r)
		slog.LogAttrs(r.Context(), slog.LevelInfo, "request",
			slog.String("method", r.Method),
			slog.String("path", r.URL.Path),
			slog.Int("status", wrapped.Status()),
			slog.Int("bytes", wrapped.BytesWritten()),
			slog.Duration("duration", time.Since(started)),
			slog.String("remote", r.RemoteAddr),
			slog.String("request_id", middleware.GetReqID(r.Context())),
		)
	})
}

func main() {
	uuid.EnableRandPool()
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	connections, err := strconv.Atoi(os.Getenv("MAX_CONNS"))
	if err != nil {
		log.Fatal("MAX_CONNS: ", err)
	}
	config.MaxConns, config.MinConns = int32(connections), min(5, int32(connections))
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	s := &server{pool}
	router := chi.NewRouter()
	router.Use(identified, logged, middleware.Recoverer)
	router.Get("/api/v1/products", s.products)
	router.Get("/api/v1/products/{id}", s.product)
	listener := &http.Server{
		Addr:              "127.0.0.1:" + os.Getenv("PORT"),
		Handler:           router,
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Fatal(listener.ListenAndServe())
}
