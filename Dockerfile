# Both stages start from one image, pinned by digest. `.github/dependabot.yml` renews it.

# Build: everything that compiling needs.
FROM node:24.21.0-slim@sha256:d6aa754f16b3197301076f047b5def2f02ea1dbbc2ca920407d46d7ec7f87b20 AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY codegen.yml tsconfig.json tsconfig.build.json ./
COPY schema ./schema
COPY scripts ./scripts
COPY explorer ./explorer
COPY src ./src
RUN mkdir docs && npm run build

# What runs: production dependencies and the compiled program alone.
FROM node:24.21.0-slim@sha256:d6aa754f16b3197301076f047b5def2f02ea1dbbc2ca920407d46d7ec7f87b20
LABEL org.opencontainers.image.title="backup365-gateway" \
  org.opencontainers.image.description="A typed GraphQL gateway in front of the REST API of Veeam Backup for Microsoft 365" \
  org.opencontainers.image.licenses="MIT"
# METRICS_PORT is what turns the operators' listener on; inside a container loopback would reach nobody.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 METRICS_HOST=0.0.0.0
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force
COPY --from=build /app/dist ./dist
COPY --from=build /app/schema ./schema
# So that `docker exec` and `kubectl exec` have `backup365-gateway doctor`.
RUN chmod 755 dist/main.js && ln -s /app/dist/main.js /usr/local/bin/backup365-gateway
# By its number (it is `node`), so that Kubernetes can tell that it is not root.
USER 1000:1000
EXPOSE 4000
# On the operators' listener where there is one: callers who hold all connections do not reach it. The container is healthy when one of them answers.
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "const { METRICS_PORT, PORT } = process.env; Promise.any([METRICS_PORT, PORT].filter(Boolean).map((port) => fetch(`http://127.0.0.1:${port}/livez`).then((answer) => answer.ok || Promise.reject()))).then(() => process.exit(0), () => process.exit(1))"]
# Node is the first process and handles SIGTERM itself.
CMD ["node", "dist/main.js"]
