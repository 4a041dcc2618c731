"""Exporting spans, when the standard variables of OpenTelemetry ask for it. Until then its SDK is not even imported."""

import atexit
import hashlib
import logging
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from backend.telemetry.spans import NAME, at_work, trace_with

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

log = logging.getLogger(__name__)

FLUSH_S = 5.0
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP = "http/protobuf"

_provider: "TracerProvider | None" = None


def wanted(environment: Mapping[str, str] = os.environ) -> str | None:
    """`otlp` or `console`, as the variables say; None: spans are not exported."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    named = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if named:
        return named if named in ("otlp", "console") else None
    return "otlp" if any(environment.get(name) for name in _ENDPOINTS) else None


def export_spans() -> None:
    """Once for a process, and only if asked for. Whatever is unsent at its end is sent then, if the collector takes it.

    A variable whose value cannot be used is logged, and then there are no traces: nothing else depends on them.
    """
    exporter = wanted()
    if exporter is None or _provider:
        return
    try:
        _export_to(exporter)
    except Exception as error:
        log.error(
            "Traces are not exported: one of OpenTelemetry's variables (%s) has a value that cannot be used: %s: %s",
            ", ".join(sorted(name for name in os.environ if name.startswith("OTEL_"))),
            type(error).__name__,
            error,
        )


def _export_to(exporter: str) -> None:
    global _provider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

    protocol = next((value for name in _PROTOCOLS if (value := os.environ.get(name))), _HTTP)
    if exporter == "otlp" and protocol != _HTTP:
        log.warning("Traces are exported by %s only; the protocol %s is not used.", _HTTP, protocol)
    if "service.name=" not in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        os.environ.setdefault("OTEL_SERVICE_NAME", NAME)
    provider = provider_of_runs()
    provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter() if exporter == "console" else _otlp()))
    _provider = provider
    trace_with(provider)
    atexit.register(flush_spans)


def flush_spans() -> None:
    """Send what is unsent, also for processes that may be frozen rather than ended.

    Waits for it five seconds at most. After that it goes on as long as the process does, and is lost with it.
    """
    if _provider:
        # The SDK itself does not keep to the time it is given.
        flushing = threading.Thread(target=_provider.force_flush, name="flush-spans", daemon=True)
        flushing.start()
        flushing.join(FLUSH_S)


def provider_of_runs() -> "TracerProvider":
    """One whose trace of a run has an id that follows from the run's, so that all attempts at it, by whichever workers,
    stand in one trace.
    """
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class RunIds(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            run = at_work()
            return trace_id(run.run_id) if run else super().generate_trace_id()

    # At the process' end the SDK would wait half a minute for a collector that is down.
    return TracerProvider(id_generator=RunIds(), shutdown_on_exit=False)


def trace_id(run_id: str) -> int:
    return int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:16]) or 1


def _otlp() -> "SpanExporter":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()
