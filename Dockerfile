# One image for gateway, worker and commands; which of them a container is, its command says.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements.lock ./
RUN .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/handoff --create-home handoff
COPY --from=build /app/.venv /app/.venv
COPY --chown=root:root alembic.ini /app/
COPY --chown=root:root policies /app/policies
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 HANDOFF_HOME=/var/lib/handoff
WORKDIR /app
USER handoff
CMD ["handoff", "--help"]
