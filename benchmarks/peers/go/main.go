// The Go peer: the catalogue as the former service served it, with chi and pgx.
//
// It counts and offsets for a list, searches with LOWER(…) LIKE, looks for the category before it inserts, and reads,
// merges and writes the whole row for an update, as that service did; the JSON is that of the API contract. Orders are
// placed by the platform's own function, for which the database has its schema. Every request has an id and a line in
// the access log. DATABASE_URL, PORT, MAX_CONNS and JWT_SECRET say where and how.
package main

import (
	"context"
	"log"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

func (s *server) routes() http.Handler {
	router := chi.NewRouter()
	router.Use(identified, logged, middleware.Recoverer)
	router.Get("/api/v1/products", s.products)
	router.Post("/api/v1/products", s.admin(s.create))
	router.Get("/api/v1/products/{id}", s.product)
	router.Put("/api/v1/products/{id}", s.admin(s.update))
	router.Post("/api/v1/orders", s.holder(s.place))
	return router
}

func connect() (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		return nil, err
	}
	connections, err := strconv.Atoi(os.Getenv("MAX_CONNS"))
	if err != nil {
		return nil, err
	}
	config.MaxConns, config.MinConns = int32(connections), min(5, int32(connections))
	return pgxpool.NewWithConfig(context.Background(), config)
}

func main() {
	uuid.EnableRandPool()
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	pool, err := connect()
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	s := &server{pool, []byte(os.Getenv("JWT_SECRET"))}
	listener := &http.Server{
		Addr:              "127.0.0.1:" + os.Getenv("PORT"),
		Handler:           s.routes(),
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Fatal(listener.ListenAndServe())
}
