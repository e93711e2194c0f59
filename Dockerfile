# One image for gateway, worker and commands; which of them a container is, its command says.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
# The lock checks every file by its hash; of those files only what Handoff runs on is installed, not what tests it.
COPY requirements.lock requirements.in ./
RUN pip download --no-cache-dir --require-hashes --dest /wheels -r requirements.lock
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --no-index --find-links /wheels -r requirements.in
COPY . .
RUN .venv/bin/pip install --no-cache-dir --no-index --find-links /wheels --no-deps .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/handoff --create-home handoff
COPY --from=build /app/.venv /app/.venv
COPY alembic.ini /app/
COPY policies /app/policies
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 HANDOFF_HOME=/var/lib/handoff
WORKDIR /app
USER handoff
CMD ["handoff", "--help"]
