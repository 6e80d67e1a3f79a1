# The daemon, as a small image without root:
#
#   docker build -t slipway .
#   docker run -v slipway:/state -v "$HOME/.ssh/id_ed25519:/key:ro" -e SLIPWAY_SSH_KEY=/key \
#     -v /etc/slipway/infra.agekey:/agekey:ro -e SLIPWAY_AGE_KEY=/agekey \
#     -e SLIPWAY_REPO=https://git.example.com/infra.git -e SLIPWAY_REPO_TOKEN slipway
#
# BASE needs a shell and Node.js 24. For one without Node.js, or for a build without a network, see tools/image-context.sh.
ARG BASE=node:24-alpine
ARG BUILD=$BASE

FROM $BUILD AS build
COPY . /build
RUN /build/tools/package.sh /out/opt/slipway && mkdir /out/state

FROM $BASE
LABEL org.opencontainers.image.title="slipway" \
      org.opencontainers.image.description="GitOps for containers on plain servers" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/opt/slipway /opt/slipway
# What is kept here spares work; all of it may be lost.
COPY --from=build --chown=65532:65532 /out/state /state
ENV PATH=/opt/slipway/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/state \
    SLIPWAY_STATE=/state
USER 65532:65532
WORKDIR /state
VOLUME /state
ENTRYPOINT ["slipway"]
CMD ["run"]
