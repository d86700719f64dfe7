# syntax=docker/dockerfile:1
# The API alone, for production: it takes its settings from the environment, and its database is somewhere else.

FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements/runtime.txt requirements/
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --no-create-home --uid 10001 angidi && install --directory --owner=angidi /var/lib/angidi
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY config config
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ANGIDI_ENV=production \
    ANGIDI_HOME=/var/lib/angidi \
    SERVER_HOST=0.0.0.0
USER angidi
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; e = os.environ.get; public = int(e('SERVER_PORT') or 8080); u.urlopen(f\"http://127.0.0.1:{int(e('MANAGEMENT_PORT') or public + 1000) or public}/readyz\", timeout=2)"]
CMD ["angidi", "serve"]
