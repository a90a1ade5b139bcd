# Every process of bihuan in one image: `docker run … bihuan COMMAND`. Only /data and /tmp are ever written.
FROM python:3.13-slim AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1 UV_PROJECT_ENVIRONMENT=/opt/bihuan
RUN pip install --no-cache-dir --quiet "uv>=0.13,<1"
WORKDIR /src
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --extra kafka --extra postgres --extra sso --no-install-project
COPY console/web/frontend console/web/frontend
RUN uv run --frozen --isolated --only-group pages python console/web/frontend/build.py
COPY README.md LICENSE hatch_build.py ./
COPY schemas schemas
COPY workflow workflow
COPY consumers consumers
COPY producers producers
COPY console console
RUN uv sync --frozen --no-dev --extra kafka --extra postgres --extra sso --no-editable

FROM python:3.13-slim
RUN groupadd --gid 10001 bihuan && useradd --uid 10001 --gid 10001 --home-dir /data --shell /usr/sbin/nologin bihuan \
 && install --directory --owner bihuan --group bihuan --mode 700 /data
COPY --from=build /opt/bihuan /opt/bihuan
ENV PATH=/opt/bihuan/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8 BIHUAN_DATA=/data
USER bihuan
WORKDIR /data
STOPSIGNAL SIGTERM
# In bash alone: an interpreter started every few seconds would cost more than the work it looks after.
HEALTHCHECK --interval=5s --timeout=3s --start-period=90s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET /ready HTTP/1.0\\r\\n\\r\\n' >&3; mapfile -u 3 said; [[ ${said[0]} == *' 200 '* ]]"]
ENTRYPOINT ["bihuan"]
CMD ["run", "--health-port", "8080"]
