# The service and the command line, without torch, Ray and Jupyter: `docker build -t memory-workbench .`
# The default model is part of the package, so that nothing is fetched when it starts.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /src
RUN python -m venv --without-pip /opt/workbench
COPY constraints.txt docker/requirements-service.txt ./
RUN pip --python /opt/workbench/bin/python install --no-cache-dir --disable-pip-version-check \
    --constraint constraints.txt --requirement requirements-service.txt
COPY pyproject.toml README.md LICENSE ./
COPY workbench ./workbench
RUN pip --python /opt/workbench/bin/python install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="Memory Workbench" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/opt/workbench/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    WORKBENCH_STORE=/data/store \
    WORKBENCH_CACHE=/tmp/workbench \
    WORKBENCH_RAY=off
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin workbench \
    && install --directory --owner=workbench --group=workbench /data/store
COPY --from=build /opt/workbench /opt/workbench
USER 10001:10001
WORKDIR /data
VOLUME ["/data/store"]
EXPOSE 8765
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8765/health/ready', timeout=2)"]
ENTRYPOINT ["workbench"]
# Anything but loopback needs a token: give WORKBENCH_TOKEN, or --token-file
CMD ["serve", "--host", "0.0.0.0"]
