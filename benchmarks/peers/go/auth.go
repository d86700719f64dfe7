package main

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	issuer   = "angidi-api"
	findRole = `SELECT role FROM users WHERE id = $1 AND deleted_at IS NULL`
)

type claims struct {
	UserID uuid.UUID `json:"user_id"`
	Email  string    `json:"email"`
	Role   string    `json:"role"`
	jwt.RegisteredClaims
}

var parser = jwt.NewParser(
	jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
	jwt.WithIssuer(issuer),
	jwt.WithExpirationRequired(),
)

type contextKey struct{}

// buyerOf returns the account of a request that `holder` let through.
func buyerOf(r *http.Request) uuid.UUID {
	return r.Context().Value(contextKey{}).(uuid.UUID)
}

// holder lets only those through whose token is valid: placeOrder looks for the account.
func (s *server) holder(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if id, ok := s.bearer(w, r); ok {
			next(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, id)))
		}
	}
}

// admin lets only those through whose token is valid and whose role in the database is admin.
func (s *server) admin(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, ok := s.bearer(w, r)
		if !ok {
			return
		}
		var role string
		err := s.pool.QueryRow(r.Context(), findRole, id).Scan(&role)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			fail(w, r, http.StatusUnauthorized, "INVALID_TOKEN", "The account does not exist")
		case err != nil:
			internal(w, r, err)
		case role != "admin":
			fail(w, r, http.StatusForbidden, "FORBIDDEN", "Only admins may do this")
		default:
			next(w, r)
		}
	}
}

// bearer returns whose token it is, or answers with what is wrong.
func (s *server) bearer(w http.ResponseWriter, r *http.Request) (uuid.UUID, bool) {
	header := r.Header.Get("Authorization")
	if header == "" {
		fail(w, r, http.StatusUnauthorized, "MISSING_TOKEN", "Authorization header is missing")
		return uuid.Nil, false
	}
	token, found := strings.CutPrefix(header, "Bearer ")
	if !found {
		fail(w, r, http.StatusUnauthorized, "INVALID_TOKEN_FORMAT", "Authorization must be: Bearer <token>")
		return uuid.Nil, false
	}
	var c claims
	_, err := parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return s.secret, nil })
	if err != nil {
		code := "INVALID_TOKEN"
		if errors.Is(err, jwt.ErrTokenExpired) {
			code = "EXPIRED_TOKEN"
		}
		fail(w, r, http.StatusUnauthorized, code, "The token is not valid")
		return uuid.Nil, false
	}
	return c.UserID, true
}
