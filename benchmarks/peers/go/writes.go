package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/go-playground/validator/v10"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	findCategory = `SELECT EXISTS(SELECT 1 FROM categories WHERE id = $1)`

	insertProduct = `
INSERT INTO products (id, name, description, price, stock, category_id, image_url, sku)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING ` + columns

	updateProduct = `
UPDATE products
   SET name = $2, description = $3, price = $4, stock = $5, category_id = $6, image_url = $7, sku = $8,
       updated_at = NOW()
 WHERE id = $1 AND deleted_at IS NULL
RETURNING ` + columns

	uniqueViolation = "23505"
)

var (
	errBody     = errors.New("the body is not the JSON object expected")
	errCategory = errors.New("no such category")
	validate    = validator.New(validator.WithRequiredStructEnabled())
)

// createRequest is the body of POST /products.
type createRequest struct {
	Name        string    `json:"name" validate:"required,min=3,max=255"`
	Description string    `json:"description" validate:"max=2000"`
	Price       float64   `json:"price" validate:"required,gt=0,lte=99999999.99"`
	Stock       int       `json:"stock" validate:"gte=0"`
	CategoryID  uuid.UUID `json:"category_id" validate:"required"`
	ImageURL    *string   `json:"image_url" validate:"omitempty,url,max=500"`
	SKU         *string   `json:"sku" validate:"omitempty,max=100"`
}

// updateRequest is the body of PUT /products/{id}; what is absent stays.
type updateRequest struct {
	Name        *string    `json:"name" validate:"omitempty,min=3,max=255"`
	Description *string    `json:"description" validate:"omitempty,max=2000"`
	Price       *float64   `json:"price" validate:"omitempty,gt=0,lte=99999999.99"`
	Stock       *int       `json:"stock" validate:"omitempty,gte=0"`
	CategoryID  *uuid.UUID `json:"category_id"`
	ImageURL    *string    `json:"image_url" validate:"omitempty,url,max=500"`
	SKU         *string    `json:"sku" validate:"omitempty,max=100"`
}

func (u *updateRequest) mergeInto(p *Product) {
	set(&p.Name, u.Name)
	set(&p.Description, u.Description)
	set(&p.Price, u.Price)
	set(&p.Stock, u.Stock)
	set(&p.CategoryID, u.CategoryID)
	if u.ImageURL != nil {
		p.ImageURL = u.ImageURL
	}
	if u.SKU != nil {
		p.SKU = u.SKU
	}
}

func (s *server) create(w http.ResponseWriter, r *http.Request) {
	var body createRequest
	if err := decode(w, r, &body); err != nil {
		refuse(w, r, err)
		return
	}
	if err := s.checkCategory(r.Context(), body.CategoryID); err != nil {
		refuse(w, r, err)
		return
	}
	id, err := uuid.NewRandom()
	if err != nil {
		internal(w, r, err)
		return
	}
	var p Product
	if err := scan(s.pool.QueryRow(r.Context(), insertProduct, id, body.Name, body.Description, body.Price, body.Stock,
		body.CategoryID, body.ImageURL, body.SKU), &p); err != nil {
		refuse(w, r, err)
		return
	}
	answer(w, http.StatusCreated, envelope{p})
}

func (s *server) update(w http.ResponseWriter, r *http.Request) {
	var body updateRequest
	if err := decode(w, r, &body); err != nil {
		refuse(w, r, err)
		return
	}
	p, err := s.find(r)
	if err != nil {
		refuse(w, r, err)
		return
	}
	body.mergeInto(p)
	if body.CategoryID != nil {
		if err := s.checkCategory(r.Context(), p.CategoryID); err != nil {
			refuse(w, r, err)
			return
		}
	}
	if err := scan(s.pool.QueryRow(r.Context(), updateProduct, p.ID, p.Name, p.Description, p.Price, p.Stock,
		p.CategoryID, p.ImageURL, p.SKU), p); err != nil {
		refuse(w, r, err)
		return
	}
	answer(w, http.StatusOK, envelope{p})
}

func (s *server) checkCategory(ctx context.Context, id uuid.UUID) error {
	var exists bool
	if err := s.pool.QueryRow(ctx, findCategory, id).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		return errCategory
	}
	return nil
}

// decode reads the body into target and validates it.
func decode(w http.ResponseWriter, r *http.Request, target any) error {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(target); err != nil {
		return errBody
	}
	return validate.Struct(target)
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// refuse answers with the status and code of err.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	var invalid validator.ValidationErrors
	var database *pgconn.PgError
	switch {
	case errors.Is(err, errNotFound):
		fail(w, r, http.StatusNotFound, "PRODUCT_NOT_FOUND", "Product not found")
	case errors.Is(err, errBody):
		fail(w, r, http.StatusBadRequest, "INVALID_REQUEST", err.Error())
	case errors.Is(err, errCategory), errors.Is(err, errPieces), errors.As(err, &invalid):
		fail(w, r, http.StatusBadRequest, "VALIDATION_ERROR", err.Error())
	case errors.As(err, &database) && database.Code == uniqueViolation:
		fail(w, r, http.StatusConflict, "SKU_EXISTS", "The SKU is taken")
	default:
		internal(w, r, err)
	}
}
