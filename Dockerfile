# The static binary and nothing else: no shell, no package, no base image to keep up to date. The release workflow puts the
# binaries of the release into image/<platform>/.
FROM scratch
ARG TARGETARCH
ARG VERSION
ARG REVISION
ARG SOURCE
LABEL org.opencontainers.image.title="k8sready" \
      org.opencontainers.image.description="Production-readiness auditor for Kubernetes" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
COPY image/${TARGETARCH}/k8sready /k8sready
COPY image/${TARGETARCH}/LICENSE-APACHE image/${TARGETARCH}/LICENSE-MIT /licenses/
# By number, so that `runAsNonRoot` can be checked.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/k8sready"]
CMD ["audit", "."]
