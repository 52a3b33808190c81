# The service, not as root. The lock is that of development, so the image carries its tools too.
FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir --prefix=/install --require-hashes -r requirements.lock \
 && pip install --no-cache-dir --prefix=/install --no-deps --no-build-isolation .

FROM python:3.11-slim
COPY --from=build /install /usr/local
RUN useradd --system --no-create-home cds
USER cds
EXPOSE 8000
CMD ["cds-service", "serve", "--host", "0.0.0.0", "--port", "8000"]
