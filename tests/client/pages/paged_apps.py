"""Small applications of frameworks that page lists of themselves: the program of each, as it is run by its server."""

DJANGO = """
import sys

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="of-this-test", ROOT_URLCONF="__main__", ALLOWED_HOSTS=["127.0.0.1"], DEBUG=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "books.sqlite"}},
    INSTALLED_APPS=["rest_framework", "drf_spectacular"],
    REST_FRAMEWORK={
        "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
        "DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
django.setup()
from django.core.management import execute_from_command_line
from django.db import connection, models
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework import pagination, routers, serializers, throttling, viewsets

class Book(models.Model):
    title = models.CharField(max_length=99)
    class Meta:
        app_label = "books"

class BookSerializer(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = ["id", "title"]

class Numbered(pagination.PageNumberPagination):
    page_size, page_size_query_param, max_page_size = 10, "page_size", 25

class Skipped(pagination.LimitOffsetPagination):
    default_limit, max_limit = 10, 25

class Cursors(pagination.CursorPagination):
    page_size, ordering = 10, "-id"

class Throttle(throttling.SimpleRateThrottle):
    rate = "3/min"
    def get_cache_key(self, request, view):
        return type(self).__name__

class BriefThrottle(Throttle):
    def parse_rate(self, rate):
        return 3, 4

router = routers.SimpleRouter()
for name, pages, throttles in [
    ("numbered", Numbered, []), ("skipped", Skipped, []), ("cursors", Cursors, []),
    ("brief", Numbered, [BriefThrottle]), ("long", Numbered, [Throttle]),
]:
    members = {
        "queryset": Book.objects.order_by("id"), "serializer_class": BookSerializer,
        "pagination_class": pages, "throttle_classes": throttles,
    }
    router.register(name, type(name, (viewsets.ModelViewSet,), members), basename=name)
urlpatterns = [path("", include(router.urls)), path("schema/", SpectacularAPIView.as_view())]

with connection.schema_editor() as editor:
    editor.create_model(Book)
execute_from_command_line([sys.argv[0], "runserver", "--noreload", sys.argv[1]])
"""
"""Django REST framework: page numbers, offsets and cursors, each with the URL of the next page; two throttles."""

FASTAPI = """
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi_pagination import LimitOffsetPage, Page, add_pagination
from fastapi_pagination.cursor import CursorPage
from fastapi_pagination.customization import CustomizedPage
from fastapi_pagination.ext.sqlalchemy import paginate
from fastapi_pagination.links import UseHeaderLinks, UseLinks
from pydantic import BaseModel
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

class Base(DeclarativeBase):
    pass

class Row(Base):
    __tablename__ = "books_book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]

class NewBook(BaseModel):
    title: str

class Book(NewBook, from_attributes=True):
    id: int

engine = create_engine("sqlite:///books.sqlite")
Base.metadata.create_all(engine)
app = FastAPI()

def add(name: str, page: Any) -> None:
    @app.get(f"/{name}", response_model=page[Book], operation_id=f"{name}_list")
    def listed() -> Any:
        with Session(engine) as session:
            return paginate(session, select(Row).order_by(Row.id))

add("numbered", Page)
add("skipped", LimitOffsetPage)
add("cursors", CursorPage)
add("urls", CustomizedPage[Page, UseLinks()])
add("headers", CustomizedPage[Page, UseHeaderLinks()])
add_pagination(app)

@app.post("/numbered/")
def create(book: NewBook) -> None:
    with Session(engine) as session:
        session.add(Row(title=book.title))
        session.commit()

uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1].partition(":")[2]))
"""
"""fastapi-pagination: page numbers, offsets, cursors, URLs in the response, and the header `Link`."""

FLASK = """
import sqlite3
import sys

from flask import Flask
from flask_smorest import Api, Blueprint, Page
from marshmallow import Schema, fields

sqlite3.connect("books.sqlite").execute("CREATE TABLE books_book (id INTEGER PRIMARY KEY, title TEXT)")
app = Flask(__name__)
app.config.update(API_TITLE="Books", API_VERSION="1", OPENAPI_VERSION="3.0.3", OPENAPI_URL_PREFIX="/")

class Book(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str()

class Counted(Page):
    item_count = property(lambda self: len(self.collection))

books = Blueprint("books", __name__, url_prefix="/numbered")

@books.get("/")
@books.response(200, Book(many=True))
@books.paginate(Counted, page_size=10, max_page_size=25)
def listed():
    rows = sqlite3.connect("books.sqlite").execute("SELECT id, title FROM books_book ORDER BY id")
    return [{"id": number, "title": title} for number, title in rows]

@books.post("/")
@books.arguments(Book)
@books.response(201, Book)
def created(book):
    with sqlite3.connect("books.sqlite") as connection:
        connection.execute("INSERT INTO books_book (title) VALUES (?)", (book["title"],))
    return book

Api(app).register_blueprint(books)
app.run("127.0.0.1", int(sys.argv[1].partition(":")[2]))
"""
"""flask-smorest: page numbers, with the total in a header that is JSON."""
