"""The application: settings, routes and the WSGI callable, as in a project of one module."""

from __future__ import annotations

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.urls import path

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["*"],  # the Worker's routes decide which hosts reach it
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        USE_TZ=True,
        DATABASES={},  # D1 is reached by its binding, not by Django's models
    )
    django.setup(set_prefix=False)

from . import views  # views need the settings

urlpatterns = [
    path("tasks", views.tasks),
    path("tasks/<int:number>", views.task),
    path("hello", views.hello),
    path("tasks.csv", views.export),
]

application = WSGIHandler()
