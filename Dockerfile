# syntax=docker/dockerfile:1
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml hatch_build.py README.md LICENSE NOTICE ./
COPY permscope permscope
COPY rules rules
RUN python -m venv /opt/permscope \
 && /opt/permscope/bin/pip install --no-cache-dir . \
 && /opt/permscope/bin/pip uninstall --yes pip

FROM python:3.13-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home --shell /usr/sbin/nologin permscope \
 && git config --system --add safe.directory '*'
COPY --from=build /opt/permscope /opt/permscope
ENV PATH=/opt/permscope/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /work
ENTRYPOINT ["permscope"]
CMD ["--help"]
