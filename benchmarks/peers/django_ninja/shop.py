"""The Django peer: django-ninja on the ORM, with psycopg's pool, one file.

Served by gunicorn with threads (keep-alive on) and its access log. DATABASE_URL and POOL_SIZE say where and how.
"""

import logging
import os
import uuid
from collections.abc import Callable
from datetime import datetime
from math import ceil
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from psycopg.conninfo import conninfo_to_dict

where = conninfo_to_dict(os.environ["DATABASE_URL"])
pool_size = int(os.environ["POOL_SIZE"])
settings.configure(
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="a benchmark signs nothing",
    USE_TZ=True,
    MIDDLEWARE=["shop.request_id", "django.middleware.common.CommonMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": where["dbname"],
            "USER": where["user"],
            "HOST": where["host"],
            "PORT": where["port"],
            "OPTIONS": {"pool": {"min_size": 2, "max_size": pool_size}},
        }
    },
)
django.setup()

from ninja import NinjaAPI, Schema  # noqa: E402 - needs Django's settings


class Product(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=255)
    description = models.TextField(null=True)  # noqa: DJ001 - the former schema has it so
    price = models.DecimalField(max_digits=10, decimal_places=2)
    stock = models.IntegerField(default=0)
    category_id = models.UUIDField()
    image_url = models.CharField(max_length=500, null=True)  # noqa: DJ001 - likewise
    sku = models.CharField(max_length=100, null=True)  # noqa: DJ001 - likewise
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "shop"
        managed = False
        db_table = "products"

    def __str__(self) -> str:
        return self.name


class ProductOut(Schema):
    id: uuid.UUID
    name: str
    description: str | None
    price: float
    stock: int
    category_id: uuid.UUID
    image_url: str | None
    sku: str | None
    created_at: datetime
    updated_at: datetime


class ProductAnswer(Schema):
    data: ProductOut


class ProductList(Schema):
    products: list[ProductOut]
    total_count: int
    page: int
    page_size: int
    total_pages: int


class ProductListAnswer(Schema):
    data: ProductList


api = NinjaAPI()


@api.get("/products", response=ProductListAnswer)
def list_products(
    request: HttpRequest,
    page: int = 1,
    page_size: int = 10,
    category_id: uuid.UUID | None = None,
    search: str = "",
) -> Any:
    del request
    query = Product.objects.filter(deleted_at=None)
    if category_id:
        query = query.filter(category_id=category_id)
    if search:
        query = query.filter(models.Q(name__icontains=search) | models.Q(description__icontains=search))
    total = query.count()
    start = (page - 1) * page_size
    return {
        "data": {
            "products": list(query.order_by("-created_at")[start : start + page_size]),
            "total_count": total,
            "page": page,
            "page_size": page_size,
            "total_pages": ceil(total / page_size),
        }
    }


@api.get("/products/{product_id}", response=ProductAnswer)
def get_product(request: HttpRequest, product_id: uuid.UUID) -> Any:
    del request
    return {"data": get_object_or_404(Product, id=product_id, deleted_at=None)}


def request_id(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request an id, the caller's own or a new one, and send it back."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["X-Request-ID"] = request.headers.get("X-Request-ID") or str(uuid.uuid4())
        return response

    return middleware


urlpatterns = [path("api/v1/", api.urls)]
application = WSGIHandler()
logging.getLogger("django.request").setLevel(logging.ERROR)
