package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5/middleware"
)

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
