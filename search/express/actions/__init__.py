"""Verbs of keyword ads: `account`, `campaigns`, `groups`, `creatives`, `keywords`, `clicks`; plural, with `at=`."""
