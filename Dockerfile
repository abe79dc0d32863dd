# The server, for production: small, without a shell, as a user without rights, able to run on a read-only root.
# Build: docker build -t controlzero .      What was checked of it, and how: deploy/README.md
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
ENV CI=true DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig BannedSymbols.txt BannedSymbols.Library.txt ./
COPY protos protos
COPY src src
RUN dotnet restore src/ControlZero.Server --locked-mode
RUN dotnet publish src/ControlZero.Server --configuration Release --no-restore --output /app
# An owner for the directory that a volume is mounted over: a new volume takes it from here.
RUN install --directory --mode 0700 /data

# Chiseled: no shell, no package manager. Extra: it has the time zones that limits and conditions are written in.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra
LABEL org.opencontainers.image.title="Control Zero Cluster" \
      org.opencontainers.image.description="Decides whether AI agents may act" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=build /app /app
COPY --from=build --chown=1654:1654 /data /data
# No diagnostic port: who may run a process beside the server could dump its memory, keys included.
# The container's own addresses; beyond loopback the server wants a certificate, or to be told Listen:AllowInsecure.
ENV DOTNET_EnableDiagnostics=0 \
    CONTROLZERO__DATA__DIRECTORY=/data \
    CONTROLZERO__LISTEN__GRPC=0.0.0.0:5050 \
    CONTROLZERO__LISTEN__HTTP=0.0.0.0:5051 \
    CONTROLZERO__LOGGING__FORMAT=json
# `app` of the base image, by number, so that Kubernetes can see that it is not root.
USER 1654:1654
VOLUME /data
EXPOSE 5050 5051
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=10s --start-period=60s --retries=3 CMD ["/app/ControlZero.Server", "health"]
ENTRYPOINT ["/app/ControlZero.Server"]
