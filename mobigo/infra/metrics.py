"""Figures for Prometheus: requests by route and status, their duration, errors by code. Routes are templates
(`/arrets/<place>`), never addresses, so that a figure names nobody and their number stays small.

The figures are those of one process; with several, each is scraped, or they are read behind one address by chance.
"""

from typing import Final

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from mobigo.infra.clock import monotonic_s, thread_cpu_s

EXTENSION: Final = "mobigo.metrics"
BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The figures of one application; a package adds its own on `registry`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "mobigo_http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.duration_s = Histogram(
            "mobigo_http_request_duration_seconds",
            "Time taken to answer, by route.",
            ["route"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )

        self.cpu_s = Counter(
            "mobigo_http_request_cpu_seconds",
            "Processor spent by the threads that answered, by route.",
            ["route"],
            registry=self.registry,
        )

    def page(self) -> Response:
        return Response(generate_latest(self.registry), content_type=CONTENT_TYPE_LATEST)


def init_app(app: Flask) -> Metrics:
    """Count every request of `app`."""
    metrics = Metrics()
    app.extensions[EXTENSION] = metrics

    @app.after_request
    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule is not None else "—"
        method = request.method if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") else "—"
        metrics.requests.labels(method, route, str(response.status_code)).inc()
        metrics.duration_s.labels(route).observe(monotonic_s() - g.get("began_s", monotonic_s()))
        metrics.cpu_s.labels(route).inc(max(0.0, thread_cpu_s() - g.get("began_cpu_s", thread_cpu_s())))
        return response

    return metrics
