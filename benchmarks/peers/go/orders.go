package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	placeOrder = `SELECT place_order($1, $2, $3, NULL, $4, $5, NULL, $6, $7, NULL, 'EUR', $8, $9, $10)`
	digits     = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	mostPieces = 10_000
)

var errPieces = errors.New("there are too many pieces of a product")

// orderRequest is the body of POST /orders; the peer takes orders of items to an address that it is told.
type orderRequest struct {
	Items []struct {
		ProductID uuid.UUID `json:"product_id" validate:"required"`
		Quantity  int32     `json:"quantity" validate:"gte=1,lte=10000"`
	} `json:"items" validate:"required,min=1,max=100,dive"`
	ShippingAddress struct {
		Recipient  string `json:"recipient" validate:"required,max=255"`
		Line1      string `json:"line1" validate:"required,max=255"`
		Line2      string `json:"line2" validate:"max=255"`
		City       string `json:"city" validate:"required,max=100"`
		Region     string `json:"region" validate:"max=100"`
		PostalCode string `json:"postal_code" validate:"max=20"`
		Country    string `json:"country" validate:"required,iso3166_1_alpha2"`
	} `json:"shipping_address"`
	Note string `json:"note" validate:"max=500"`
}

type orderCause struct {
	Kind      string    `json:"kind"`
	OrderID   uuid.UUID `json:"order_id"`
	ActorID   uuid.UUID `json:"actor_id"`
	RequestID string    `json:"request_id"`
}

// place calls the platform's function, whose answer goes to the client as it is.
func (s *server) place(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		refuse(w, r, errBody)
		return
	}
	var body orderRequest
	if err := json.Unmarshal(raw, &body); err != nil {
		refuse(w, r, errBody)
		return
	}
	if err := validate.Struct(body); err != nil {
		refuse(w, r, err)
		return
	}
	products, quantities, err := merged(body)
	if err != nil {
		refuse(w, r, err)
		return
	}
	document, err := s.call(r, raw, body, products, quantities)
	if err != nil {
		refuseOrder(w, r, err)
		return
	}
	answer(w, http.StatusCreated, envelope{document})
}

func (s *server) call(
	r *http.Request, raw []byte, body orderRequest, products []uuid.UUID, quantities []int32,
) (json.RawMessage, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	buyer := buyerOf(r)
	cause, err := json.Marshal(orderCause{"order", id, buyer, middleware.GetReqID(r.Context())})
	if err != nil {
		return nil, err
	}
	address, err := json.Marshal(body.ShippingAddress)
	if err != nil {
		return nil, err
	}
	var key *string
	var hash []byte
	if given := r.Header.Get("Idempotency-Key"); given != "" {
		key, hash = &given, requestHash(r, raw)
	}
	var document string
	err = s.pool.QueryRow(r.Context(), placeOrder, id, number(), buyer, products, quantities, string(address),
		body.Note, string(cause), key, hash).Scan(&document)
	return json.RawMessage(document), err
}

// merged sums the pieces of equal products.
func merged(body orderRequest) ([]uuid.UUID, []int32, error) {
	places := make(map[uuid.UUID]int, len(body.Items))
	products, quantities := make([]uuid.UUID, 0, len(body.Items)), make([]int32, 0, len(body.Items))
	for _, item := range body.Items {
		place, seen := places[item.ProductID]
		if !seen {
			place = len(products)
			places[item.ProductID] = place
			products, quantities = append(products, item.ProductID), append(quantities, 0)
		}
		quantities[place] += item.Quantity
		if quantities[place] > mostPieces {
			return nil, nil, errPieces
		}
	}
	return products, quantities, nil
}

// number draws the day and forty random bits.
func number() string {
	var bits [8]byte
	_, _ = rand.Read(bits[:])
	for place := range bits {
		bits[place] = digits[bits[place]&31]
	}
	return time.Now().UTC().Format("060102") + "-" + string(bits[:])
}

func requestHash(r *http.Request, raw []byte) []byte {
	digest := sha256.New()
	fmt.Fprintf(digest, "%s\n%s\n%s\n", r.Method, r.URL.Path, r.URL.RawQuery)
	digest.Write(raw)
	return digest.Sum(nil)
}

func refuseOrder(w http.ResponseWriter, r *http.Request, err error) {
	var database *pgconn.PgError
	if !errors.As(err, &database) {
		internal(w, r, err)
		return
	}
	switch database.ConstraintName {
	case "stock_sufficient":
		fail(w, r, http.StatusConflict, "INSUFFICIENT_STOCK", database.Detail)
	case "product_active":
		fail(w, r, http.StatusBadRequest, "VALIDATION_ERROR", database.Detail)
	case "buyer_active":
		fail(w, r, http.StatusUnauthorized, "INVALID_TOKEN", "The account does not exist")
	case "idempotency_keys_pkey":
		fail(w, r, http.StatusConflict, "IDEMPOTENCY_KEY_REUSED", "The key was used")
	default:
		internal(w, r, err)
	}
}
