package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const columns = `id, name, COALESCE(description, ''), price, stock, category_id, image_url, sku, created_at, updated_at`

const findProduct = `SELECT ` + columns + ` FROM products WHERE id = $1 AND deleted_at IS NULL`

var errNotFound = errors.New("not found")

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

type server struct {
	pool   *pgxpool.Pool
	secret []byte
}

func scan(row pgx.Row, p *Product) error {
	return row.Scan(&p.ID, &p.Name, &p.Description, &p.Price, &p.Stock, &p.CategoryID, &p.ImageURL, &p.SKU,
		&p.CreatedAt, &p.UpdatedAt)
}

// find returns the product of the id in the path, or errNotFound.
func (s *server) find(r *http.Request) (*Product, error) {
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		return nil, errNotFound
	}
	var p Product
	err = scan(s.pool.QueryRow(r.Context(), findProduct, id), &p)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNotFound
	}
	return &p, err
}

func (s *server) product(w http.ResponseWriter, r *http.Request) {
	p, err := s.find(r)
	if err != nil {
		refuse(w, r, err)
		return
	}
	answer(w, http.StatusOK, envelope{p})
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
