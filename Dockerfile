# The exporter alone, on Debian 12. It runs as any user, writes nothing but its state, and needs no
# capability: docker run --read-only --cap-drop=ALL --security-opt=no-new-privileges. How it is
# used with the rest of a stack is in docker-compose.yml and docs/install.md.

FROM debian:12-slim AS build
COPY scripts/install-packages /src/scripts/install-packages
RUN /src/scripts/install-packages build
COPY . /src
RUN meson setup /build /src --prefix=/usr -Dtests=disabled -Dreproducible=true \
    && ninja -C /build jsonl-exporter \
    && DESTDIR=/install meson install -C /build --no-rebuild --tags runtime --strip

FROM debian:12-slim
LABEL org.opencontainers.image.title="jsonl-exporter" \
      org.opencontainers.image.source="https://github.com/jsonl-exporter/jsonl-exporter" \
      org.opencontainers.image.licenses="GPL-2.0-only"
# The libraries that the program is linked with, and no others.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libevent-core-2.1-7 \
        libevent-extra-2.1-7 \
        libfyaml0 \
        libinotifytools0 \
        libsqlite3-0 \
        libyajl2 \
        zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --mode=1777 /var/lib/jsonl-exporter
COPY --from=build /install/usr/bin/jsonl-exporter /usr/bin/jsonl-exporter
COPY COPYING /usr/share/doc/jsonl-exporter/COPYING
COPY packaging/docker/healthcheck /usr/local/bin/healthcheck

# Whoever runs it makes a directory of his own in there, so that one image serves every user. What
# the state needs of it is taken over by a new volume.
ENV JSONL_EXPORTER_STATE_DIR=/var/lib/jsonl-exporter/state
VOLUME /var/lib/jsonl-exporter
USER 65534:65534
EXPOSE 9090
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["healthcheck"]
ENTRYPOINT ["/usr/bin/jsonl-exporter"]
CMD ["run"]
