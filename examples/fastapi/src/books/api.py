"""The application. Its pydantic models also load D1's rows."""

from typing import Annotated

from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, Field

from .env import EnvDep

app = FastAPI(title="Books")


class NewBook(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    author: str = Field(min_length=1, max_length=200)
    price: float = Field(ge=0)


class Book(NewBook):
    id: int
    sold_out: bool


class BookWithCurrency(Book):
    currency: str


COLUMNS = "id, title, author, price, sold_out"


@app.get("/books")
async def list_books(
    env: EnvDep, author: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> list[Book]:
    query = f"SELECT {COLUMNS} FROM books WHERE ?1 IS NULL OR author = ?1 ORDER BY id LIMIT ?2"
    return [*await env.DB.prepare(query, Book).bind(author, limit).all()]


@app.get("/books/{book_id}")
async def get_book(book_id: int, env: EnvDep) -> BookWithCurrency:
    query = f"SELECT {COLUMNS} FROM books WHERE id = ?"
    book = await env.DB.prepare(query, Book).bind(book_id).first()
    if book is None:
        raise HTTPException(404, "book not found")
    return BookWithCurrency(**book.model_dump(), currency=env.CURRENCY)


@app.post("/books", status_code=201)
async def add_book(new: NewBook, env: EnvDep) -> Book:
    query = f"INSERT INTO books (title, author, price) VALUES (?, ?, ?) RETURNING {COLUMNS}"
    book = await env.DB.prepare(query, Book).bind(new.title, new.author, new.price).first()
    assert book  # RETURNING yields the inserted row
    return book
