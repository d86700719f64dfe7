"""The FastAPI peer: SQLAlchemy 2 with asyncpg, as most people write it: ORM models, pydantic answers, a session each.

Served by uvicorn on uvloop and httptools, with its access log on. DATABASE_URL and POOL_SIZE say where and how.
"""

import os
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict, PlainSerializer
from sqlalchemy import DateTime, ForeignKey, Numeric, String, Text, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

T = TypeVar("T")

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:"),
    pool_size=int(os.environ["POOL_SIZE"]),
    max_overflow=0,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class Category(Base):
    __tablename__ = "categories"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


class Product(Base):
    __tablename__ = "products"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    stock: Mapped[int]
    category_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("categories.id"))
    image_url: Mapped[str | None] = mapped_column(String(500))
    sku: Mapped[str | None] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ProductOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str
    description: str | None
    price: Annotated[Decimal, PlainSerializer(float, return_type=float)]
    stock: int
    category_id: uuid.UUID
    image_url: str | None
    sku: str | None
    created_at: datetime
    updated_at: datetime


class ProductList(BaseModel):
    products: list[ProductOut]
    total_count: int
    page: int
    page_size: int
    total_pages: int


class Envelope(BaseModel, Generic[T]):
    data: T


class RequestId:
    """Give each request an id, the caller's own or a new one, and send it back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id")
        request_id = given.decode("latin-1") if given else str(uuid.uuid4())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        await self.app(scope, receive, send_with_id)


async def get_session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
app = FastAPI()
app.add_middleware(RequestId)


@app.get("/api/v1/products")
async def list_products(
    session: Session,
    page: Annotated[int, Query(ge=1)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 10,
    category_id: uuid.UUID | None = None,
    search: str = "",
) -> Envelope[ProductList]:
    query = select(Product).where(Product.deleted_at.is_(None))
    if category_id:
        query = query.where(Product.category_id == category_id)
    if search:
        query = query.where(or_(Product.name.icontains(search), Product.description.icontains(search)))
    total = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    newest_first = query.order_by(Product.created_at.desc()).offset((page - 1) * page_size).limit(page_size)
    products = await session.scalars(newest_first)
    return Envelope(
        data=ProductList(
            products=[ProductOut.model_validate(product) for product in products],
            total_count=total,
            page=page,
            page_size=page_size,
            total_pages=ceil(total / page_size),
        )
    )


@app.get("/api/v1/products/{product_id}")
async def get_product(session: Session, product_id: uuid.UUID) -> Envelope[ProductOut]:
    product = await session.scalar(select(Product).where(Product.id == product_id, Product.deleted_at.is_(None)))
    if product is None:
        raise HTTPException(404, "Product not found")
    return Envelope(data=ProductOut.model_validate(product))
