"""Django's middleware for pages, passed by on the API's addresses: a key needs no session, cookie or form token."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

API = "/api/"


class _PagesOnly:
    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(API):
            passed: HttpResponseBase = self.get_response(request)
            return passed
        answered: HttpResponseBase = super().__call__(request)  # type: ignore[misc]
        return answered


class Languages(_PagesOnly, LocaleMiddleware):
    """Doors speak the settings' language, whatever the page spoke that this thread made before."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(API):
            translation.activate(settings.LANGUAGE_CODE)
        return super().__call__(request)


class Sessions(_PagesOnly, SessionMiddleware):
    pass


class FormTokens(_PagesOnly, CsrfViewMiddleware):
    pass


class Users(_PagesOnly, AuthenticationMiddleware):
    pass


class Messages(_PagesOnly, MessageMiddleware):
    pass


class Frames(_PagesOnly, XFrameOptionsMiddleware):
    pass
