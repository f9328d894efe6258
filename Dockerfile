# One recipe for the three services; each image carries one of them:
#     docker build --build-arg SERVICE=registration --tag sejawat-registration .
#     docker run ... sejawat-registration api | worker | relay | migrate | check | ...

FROM python:3.13-slim AS build
COPY requirements-services.lock /
# Wheels only, so that nothing here needs a compiler; dkimpy is pure Python and has none. Bytecode is
# checked by nobody at run time: the files below it cannot change, and a start reads half as much.
RUN python -m venv --without-pip /venv \
 && pip --python /venv install --no-cache-dir --no-compile --only-binary=:all: --no-binary=dkimpy \
        --require-hashes --requirement /requirements-services.lock \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /venv/lib
ARG SERVICE
COPY shared /app/shared
COPY services/${SERVICE} /app/services/${SERVICE}
RUN test -n "$SERVICE" \
 && python -m compileall -q --invalidation-mode unchecked-hash /app

FROM python:3.13-slim
# A fixed number, so that a volume keeps its owner from release to release.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin sejawat \
 && install -d -o sejawat -g sejawat /data/files
COPY --from=build /venv /venv
COPY --from=build /app /app
ARG SERVICE
ENV SERVICE=${SERVICE} \
    FILES=/data/files \
    PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["sh", "-c", "exec python -m services.$SERVICE \"$@\"", "sh"]
CMD ["api"]
# Of the API; docker-compose.yml has another for workers and relays.
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s \
    CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/$SERVICE/health/ready', timeout=8)"
